#pragma once

#include "core/registry.h"
#include "hal/memory.h"
#include "hal/thermometer.h"

namespace fb {

/// What every board can measure of itself: free heap, and its own temperature where it has a thermometer.
class ChipHealth final : public Component {
 public:
  static constexpr std::string_view kType = "chip-health";

  ChipHealth(Memory& memory, Thermometer& thermometer, SampleSink& samples)
      : memory_(memory), thermometer_(thermometer), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override;
  void apply_config(const JsonValue& whole, const Now& now) override;
  Expected<Millis> step(const Now& now) override;
  Status act(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_report(JsonWriter& out) const override;
  std::string_view input_schema() const override;
  std::string_view config_schema() const override;

 private:
  Expected<double> changed_period(const JsonValue& change, Fault& fault) const;

  Memory& memory_;
  Thermometer& thermometer_;
  SampleSink& samples_;
  double period_ms_ = 5000;
  Millis due_ = 0;
  double heap_free_ = 0;
  Expected<double> temperature_c_ = Status::kUnavailable;
};

class ChipHealthFactory final : public ComponentFactory {
 public:
  ChipHealthFactory(Memory& memory, Thermometer& thermometer, SampleSink& samples)
      : memory_(memory), thermometer_(thermometer), samples_(samples) {}
  std::string_view type() const override { return ChipHealth::kType; }
  std::unique_ptr<Component> make() override;

 private:
  Memory& memory_;
  Thermometer& thermometer_;
  SampleSink& samples_;
};

}  // namespace fb
