#pragma once

#include "components/sht3x/sht3x_codec.h"
#include "core/factory.h"
#include "core/fields.h"
#include "hal/i2c.h"

namespace fb {

struct Sht3xConfig {
  double period_ms = 2000;
  double address = 0x44;  ///< 0x45 where ADDR is high
};

/// A Sensirion SHT30, SHT31 or SHT35: temperature and humidity. One bus transaction a turn, and never a wait in it: the
/// measurement is begun in one turn and fetched in another.
class Sht3x final : public Sensor<Sht3xConfig> {
 public:
  static constexpr std::string_view kType = "sht3x";

  Sht3x(I2cBus& bus, SampleSink& samples) : bus_(bus), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.temperature measure.humidity"; }
  Expected<Millis> execute(const Now& now) override;
  void write_state(JsonWriter& out) const override;

 private:
  Fields fields() const override;
  void configured(const Now& now) override;

  I2cBus& bus_;
  SampleSink& samples_;
  Millis due_ = 0;
  bool converting_ = false;
  Sht3xReading last_;
  bool measured_ = false;
};

using Sht3xFactory = FactoryOf<Sht3x, I2cBus, SampleSink>;

}  // namespace fb
