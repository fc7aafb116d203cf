#pragma once

#include "core/factory.h"
#include "core/fields.h"
#include "hal/memory.h"
#include "hal/thermometer.h"

namespace fb {

struct ChipHealthConfig {
  double period_ms = 5000;
};

/// What every board can measure of itself: free heap, and its own temperature where it has a thermometer.
class ChipHealth final : public Sensor<ChipHealthConfig> {
 public:
  static constexpr std::string_view kType = "chip-health";

  ChipHealth(Memory& memory, Thermometer& thermometer, SampleSink& samples)
      : memory_(memory), thermometer_(thermometer), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.memory"; }
  Expected<Millis> execute(const Now& now) override;
  void write_state(JsonWriter& out) const override;

 private:
  Fields fields() const override;
  void configured(const Now& now) override { due_ = now.mono; }

  Memory& memory_;
  Thermometer& thermometer_;
  SampleSink& samples_;
  Millis due_ = 0;
  double heap_free_ = 0;
  Expected<double> temperature_c_ = Status::kUnavailable;
};

using ChipHealthFactory = FactoryOf<ChipHealth, Memory, Thermometer, SampleSink>;

}  // namespace fb
