#include "components/sim_climate/sim_climate.h"

namespace fb {

Fields SimClimate::fields() const {
  static constexpr Field kFields[] = {
      number_field("period_ms", "Interval (ms)", offsetof(SimClimateConfig, period_ms), 200, 3'600'000),
      number_field("base_c", "Mean temperature (°C)", offsetof(SimClimateConfig, base_c), -40, 85),
      number_field("swing_c", "Daily swing (°C)", offsetof(SimClimateConfig, swing_c), 0, 30)};
  return {kFields, 3};
}

Expected<Millis> SimClimate::execute(const Now& now) {
  if (now.mono < due_) return due_;
  last_ = world_.measure(now, config_.base_c, config_.swing_c);
  measured_ = true;
  const Metric metrics[] = {
      {"temperature", last_.temperature_c}, {"humidity", last_.humidity_pct}, {"pressure", last_.pressure_hpa}};
  samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
  due_ = next_turn(due_, config_.period_ms, now);
  return due_;
}

void SimClimate::write_state(JsonWriter& out) const {
  out.begin_object();
  if (measured_) {
    out.key("temperature").number(last_.temperature_c);
    out.key("humidity").number(last_.humidity_pct);
    out.key("pressure").number(last_.pressure_hpa);
  }
  out.end_object();
}

}  // namespace fb
