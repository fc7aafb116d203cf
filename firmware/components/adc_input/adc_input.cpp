#include "components/adc_input/adc_input.h"

namespace fb {

Fields AdcInput::fields() const {
  static constexpr Field kFields[] = {
      number_field("period_ms", "Interval (ms)", offsetof(AdcInputConfig, period_ms), 50, 3'600'000),
      text_field("metric", "Name of the metric", offsetof(AdcInputConfig, metric), 32),
      text_field("unit", "Unit", offsetof(AdcInputConfig, unit), 16),
      number_field("scale", "Scale (units a V)", offsetof(AdcInputConfig, scale), -1e6, 1e6),
      number_field("offset", "Offset (units)", offsetof(AdcInputConfig, offset), -1e6, 1e6),
      // A conversion takes up to 0.1 ms, and a turn no more than a few ms.
      integer_field("samples", "Conversions a measurement", offsetof(AdcInputConfig, samples), 1, 64),
      number_field("lowest", "Lowest value (units)", offsetof(AdcInputConfig, lowest), -1e9, 1e9),
      number_field("highest", "Highest value (units)", offsetof(AdcInputConfig, highest), -1e9, 1e9)};
  return {kFields, sizeof kFields / sizeof kFields[0]};
}

bool AdcInput::fits(const AdcInputConfig& config, Fault& fault) const {
  if (config.metric.empty()) {
    fault.field = "metric";
    fault.description = "a metric needs a name";
    return false;
  }
  if (config.lowest < config.highest) return true;
  fault.field = "highest";
  fault.description = "the highest value must be above the lowest";
  return false;
}

void AdcInput::configured(const Now& now) {
  due_ = now.mono;
  last_ = Last::kNone;  // its value may have been of another unit
}

Expected<Millis> AdcInput::execute(const Now& now) {
  if (now.mono < due_) return due_;
  const Expected<double> millivolts = mean_millivolts();
  if (!millivolts.ok()) return millivolts.status();
  value_ = config_.scale * millivolts.value() / 1000 + config_.offset;
  const bool beyond = value_ < config_.lowest || value_ > config_.highest;
  last_ = beyond ? Last::kBeyond : Last::kTaken;
  if (beyond) return Status::kCorrupt;
  const Metric metric = {config_.metric.view(), value_};
  samples_.take(&metric, 1, now);
  due_ = next_turn(due_, config_.period_ms, now);
  return due_;
}

Expected<double> AdcInput::mean_millivolts() {
  const int conversions = static_cast<int>(config_.samples);
  double sum = 0;
  for (int i = 0; i < conversions; i++) {
    const Expected<double> one = input_.millivolts();
    if (!one.ok()) return one.status();
    sum += one.value();
  }
  return sum / conversions;
}

void AdcInput::write_state(JsonWriter& out) const {
  out.begin_object();
  out.key("metric").string(config_.metric.view());
  out.key("unit").string(config_.unit.view());
  if (last_ == Last::kTaken) out.key("value").number(value_);
  if (last_ == Last::kBeyond) out.key("beyond").number(value_);
  out.end_object();
}

}  // namespace fb
