#include "ports/esp32/i2c_master.h"

#include "driver/i2c.h"

namespace fb::esp32 {
namespace {

constexpr i2c_port_t kPort = I2C_NUM_0;
constexpr uint32_t kHz = 100'000;
/// Ten bytes are 1 ms at 100 kHz; one tick at 100 Hz is 10.
constexpr TickType_t kWait = pdMS_TO_TICKS(20);

Status as_status(esp_err_t error) {
  switch (error) {
    case ESP_OK:
      return Status::kOk;
    case ESP_FAIL:  // no acknowledge
      return Status::kNotFound;
    default:
      return Status::kUnavailable;
  }
}

}  // namespace

Status I2cMaster::begin(int sda_gpio, int scl_gpio) {
  i2c_config_t config{};
  config.mode = I2C_MODE_MASTER;
  config.sda_io_num = sda_gpio;
  config.scl_io_num = scl_gpio;
  config.sda_pullup_en = true;
  config.scl_pullup_en = true;
  config.master.clk_speed = kHz;
  begun_ = i2c_param_config(kPort, &config) == ESP_OK && i2c_driver_install(kPort, I2C_MODE_MASTER, 0, 0, 0) == ESP_OK;
  return begun_ ? Status::kOk : Status::kUnavailable;
}

Status I2cMaster::write(uint8_t address, const uint8_t* bytes, size_t size) {
  if (!begun_) return Status::kUnavailable;
  return as_status(i2c_master_write_to_device(kPort, address, bytes, size, kWait));
}

Status I2cMaster::read(uint8_t address, uint8_t* out, size_t size) {
  if (!begun_) return Status::kUnavailable;
  return as_status(i2c_master_read_from_device(kPort, address, out, size, kWait));
}

}  // namespace fb::esp32
