#pragma once

#include "components/sim_climate/climate_world.h"
#include "core/registry.h"

namespace fb {

/// A climate sensor in a simulated world; docs/protocol.md §4.3.
class SimClimate final : public Component {
 public:
  static constexpr std::string_view kType = "sim-climate";

  /// @param samples takes each measurement; @param seed decides the world
  SimClimate(SampleSink& samples, uint64_t seed) : samples_(samples), world_(seed) {}

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
  struct Config {
    double period_ms = 2000;
    double base_c = 21;
    double swing_c = 4;
  };
  /// The present configuration with `change` over it. kInvalid: `fault.field`.
  Expected<Config> changed(const JsonValue& change, Fault& fault) const;

  SampleSink& samples_;
  ClimateWorld world_;
  Config config_;
  Millis due_ = 0;
  ClimateWorld::Reading last_{};
  bool measured_ = false;
};

class SimClimateFactory final : public ComponentFactory {
 public:
  SimClimateFactory(SampleSink& samples, uint64_t seed) : samples_(samples), seed_(seed) {}
  std::string_view type() const override { return SimClimate::kType; }
  std::unique_ptr<Component> make() override;

 private:
  SampleSink& samples_;
  uint64_t seed_;
};

}  // namespace fb
