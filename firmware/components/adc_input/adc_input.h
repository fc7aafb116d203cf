#pragma once

#include "core/factory.h"
#include "core/fields.h"
#include "core/small_string.h"
#include "hal/adc.h"

namespace fb {

struct AdcInputConfig {
  AdcInputConfig() {
    (void)metric.assign("voltage");
    (void)unit.assign("V");
  }
  double period_ms = 1000;
  SmallString<32> metric;  ///< what it is called in telemetry
  SmallString<32> unit;
  double scale = 1;     ///< units a volt at the pin
  double offset = 0;    ///< units at 0 V
  double samples = 16;  ///< conversions that are averaged
  double lowest = -1e9;
  double highest = 1e9;
};

/// Whatever gives a voltage: its mean over some conversions, as scale · V + offset, under a name of the person's own. A
/// value beyond the limits is a broken wire or a wrong range, not a measurement.
///
/// execute() fails with kCorrupt beyond the limits, and as the input does; either way there is no sample.
class AdcInput final : public Sensor<AdcInputConfig> {
 public:
  static constexpr std::string_view kType = "adc-input";

  AdcInput(AdcIn& input, SampleSink& samples) : input_(input), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.analog"; }
  Expected<Millis> execute(const Now& now) override;
  void write_state(JsonWriter& out) const override;

 private:
  /// What the last measurement was.
  enum class Last : uint8_t { kNone, kTaken, kBeyond };

  Fields fields() const override;
  bool fits(const AdcInputConfig& config, Fault& fault) const override;
  void configured(const Now& now) override;
  Expected<double> mean_millivolts();

  AdcIn& input_;
  SampleSink& samples_;
  Millis due_ = 0;
  Last last_ = Last::kNone;
  double value_ = 0;
};

using AdcInputFactory = FactoryOf<AdcInput, AdcIn, SampleSink>;

}  // namespace fb
