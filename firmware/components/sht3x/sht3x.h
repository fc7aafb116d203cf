#pragma once

#include "components/sht3x/sht3x_codec.h"
#include "core/registry.h"
#include "hal/i2c.h"

namespace fb {

/// A Sensirion SHT30, SHT31 or SHT35: temperature and humidity. One bus transaction a step, and never a wait in it: the
/// measurement is begun in one step and fetched in another.
class Sht3x final : public Component {
 public:
  static constexpr std::string_view kType = "sht3x";

  Sht3x(I2cBus& bus, SampleSink& samples) : bus_(bus), samples_(samples) {}

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
    double address = 0x44;  ///< 0x45 where ADDR is high
  };
  Expected<Config> changed(const JsonValue& change, Fault& fault) const;

  I2cBus& bus_;
  SampleSink& samples_;
  Config config_;
  Millis due_ = 0;
  bool converting_ = false;
  Sht3xReading last_;
  bool measured_ = false;
};

class Sht3xFactory final : public ComponentFactory {
 public:
  Sht3xFactory(I2cBus& bus, SampleSink& samples) : bus_(bus), samples_(samples) {}
  std::string_view type() const override { return Sht3x::kType; }
  std::unique_ptr<Component> make() override;

 private:
  I2cBus& bus_;
  SampleSink& samples_;
};

}  // namespace fb
