#pragma once

#include "components/bme280/bme280_codec.h"
#include "core/factory.h"
#include "core/fields.h"
#include "hal/i2c.h"

namespace fb {

struct Bme280Config {
  double period_ms = 2000;
  double address = 0x76;    ///< 0x77 where SDO is high
  double oversampling = 0;  ///< index into 1, 2, 4, 8, 16 conversions of each quantity
};

/// A Bosch BME280: temperature, humidity and pressure, in forced mode. One bus transaction a turn, or two that belong
/// together, and never a wait in it: the measurement is begun in one turn and fetched in another. Who the chip is and
/// how it was trimmed is read once, and again after a failure, since another chip may be there then.
///
/// execute() fails with kNotFound where nobody, or another chip, answers at the address; kCorrupt where the numbers are
/// none that the chip can measure; kUnavailable where it does not come to an end.
class Bme280 final : public Sensor<Bme280Config> {
 public:
  static constexpr std::string_view kType = "bme280";

  Bme280(I2cBus& bus, SampleSink& samples) : bus_(bus), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.temperature measure.humidity measure.pressure"; }
  Expected<Millis> execute(const Now& now) override;
  void write_state(JsonWriter& out) const override;

 private:
  enum class Phase : uint8_t { kIdentify, kCalibrate, kStart, kFetch };

  Fields fields() const override;
  void configured(const Now& now) override;
  Expected<Millis> advance(const Now& now);
  Status identify();
  Expected<bool> calibrate();
  Status start();
  Expected<bool> fetch();
  Status read_registers(uint8_t first, uint8_t* out, size_t size);

  I2cBus& bus_;
  SampleSink& samples_;
  Phase phase_ = Phase::kIdentify;
  int asked_in_vain_ = 0;
  Millis due_ = 0;
  Millis turn_ = 0;  ///< when the measurement under way, or the next, was meant to begin
  Bme280Calibration chip_;
  Bme280Reading last_;
  bool measured_ = false;
};

using Bme280Factory = FactoryOf<Bme280, I2cBus, SampleSink>;

}  // namespace fb
