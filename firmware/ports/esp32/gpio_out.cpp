#include "ports/esp32/gpio_out.h"

#include "driver/gpio.h"

namespace fb::esp32 {

Status GpioOut::begin(int gpio) {
  if (gpio < 0 || !GPIO_IS_VALID_OUTPUT_GPIO(gpio)) return Status::kInvalid;
  gpio_ = gpio;
  return Status::kOk;
}

void GpioOut::set(bool high) {
  if (gpio_ < 0) return;
  const auto pin = static_cast<gpio_num_t>(gpio_);
  (void)gpio_set_level(pin, high ? 1 : 0);
  if (driven_) return;
  gpio_config_t config{};
  config.pin_bit_mask = 1ULL << gpio_;
  config.mode = GPIO_MODE_OUTPUT;
  driven_ = gpio_config(&config) == ESP_OK;
  (void)gpio_sleep_sel_dis(pin);  // light sleep would let go of it
}

}  // namespace fb::esp32
