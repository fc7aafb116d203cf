#pragma once

#include "components/sim_climate/climate_world.h"
#include "core/factory.h"
#include "core/fields.h"

namespace fb {

struct SimClimateConfig {
  double period_ms = 2000;
  double base_c = 21;
  double swing_c = 4;
};

/// A climate sensor in a simulated world; docs/protocol.md §4.3.
class SimClimate final : public Sensor<SimClimateConfig> {
 public:
  static constexpr std::string_view kType = "sim-climate";

  /// @param samples takes each measurement; @param seed decides the world
  SimClimate(SampleSink& samples, const uint64_t& seed) : samples_(samples), world_(seed) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.temperature measure.humidity measure.pressure"; }
  Expected<Millis> execute(const Now& now) override;
  void write_state(JsonWriter& out) const override;

 private:
  Fields fields() const override;
  void configured(const Now& now) override { due_ = now.mono; }

  SampleSink& samples_;
  ClimateWorld world_;
  Millis due_ = 0;
  ClimateWorld::Reading last_{};
  bool measured_ = false;
};

using SimClimateFactory = FactoryOf<SimClimate, SampleSink, const uint64_t>;

}  // namespace fb
