#pragma once

#include <cstddef>
#include <cstdint>

#include "components/bme280/bme280_codec.h"
#include "core/time.h"
#include "hal/i2c.h"
#include "sim/noise.h"
#include "sim/world.h"

namespace fb {

/// A bus with one BME280 on it that measures a World: its registers hold what the converters would have given, so that
/// the driver's own compensation leads back to the world. Each has trimming values of its own, by the world's seed. It
/// knows sleep and forced mode, oversampling, the time that a measurement takes and the reset; no filter and no normal
/// mode.
class SimBme280 final : public I2cBus {
 public:
  /// @param clock the time, kept up by the owner
  SimBme280(const World& world, const Now& clock, uint8_t address = 0x76);

  /// kNotFound: another address.
  Status write(uint8_t address, const uint8_t* bytes, size_t size) override;
  Status read(uint8_t address, uint8_t* out, size_t size) override;

 private:
  void reset();
  void write_register(uint8_t at, uint8_t value);
  void finish_measurement();

  const World& world_;
  const Now& clock_;
  uint8_t address_;
  SeededNoise noise_;
  Bme280Calibration chip_;
  uint8_t registers_[256] = {};
  uint8_t at_ = 0;             ///< the register that is read next
  uint8_t humidity_code_ = 0;  ///< of ctrl_hum, since the last write to ctrl_meas
  bool measuring_ = false;
  Millis ready_ = 0;
};

}  // namespace fb
