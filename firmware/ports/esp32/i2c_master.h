#pragma once

#include "hal/i2c.h"

namespace fb::esp32 {

/// I2C port 0 as master, 100 kHz, by the driver that ESP-IDF 5.1 has (driver/i2c.h; driver/i2c_master.h came with 5.2).
class I2cMaster final : public I2cBus {
 public:
  Status begin(int sda_gpio, int scl_gpio);
  Status write(uint8_t address, const uint8_t* bytes, size_t size) override;
  Status read(uint8_t address, uint8_t* out, size_t size) override;

 private:
  bool begun_ = false;
};

}  // namespace fb::esp32
