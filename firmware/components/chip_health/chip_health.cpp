#include "components/chip_health/chip_health.h"

namespace fb {

Fields ChipHealth::fields() const {
  static constexpr Field kFields[] = {
      number_field("period_ms", "Interval (ms)", offsetof(ChipHealthConfig, period_ms), 200, 3'600'000)};
  return {kFields, 1};
}

Expected<Millis> ChipHealth::execute(const Now& now) {
  if (now.mono < due_) return due_;
  heap_free_ = static_cast<double>(memory_.free_bytes());
  temperature_c_ = thermometer_.temperature_c();
  const Metric metrics[] = {{"heap_free", heap_free_}, {"chip_temperature", temperature_c_.value_or(0)}};
  samples_.take(metrics, temperature_c_.ok() ? 2 : 1, now);
  due_ = next_turn(due_, config_.period_ms, now);
  return due_;
}

void ChipHealth::write_state(JsonWriter& out) const {
  out.begin_object().key("heap_free").number(heap_free_);
  if (temperature_c_.ok()) out.key("chip_temperature").number(temperature_c_.value());
  out.end_object();
}

}  // namespace fb
