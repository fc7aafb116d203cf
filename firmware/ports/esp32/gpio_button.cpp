#include "ports/esp32/gpio_button.h"

#include "driver/gpio.h"

namespace fb::esp32 {

void GpioButton::begin(int gpio) {
  if (gpio < 0) return;
  gpio_config_t config{};
  config.pin_bit_mask = 1ULL << gpio;
  config.mode = GPIO_MODE_INPUT;
  config.pull_up_en = GPIO_PULLUP_ENABLE;
  if (gpio_config(&config) == ESP_OK) gpio_ = gpio;
}

bool GpioButton::held(Millis now) {
  if (gpio_ < 0 || gpio_get_level(static_cast<gpio_num_t>(gpio_)) != 0) {
    since_ = kNever;
    told_ = false;
    return false;
  }
  if (since_ == kNever) since_ = now;
  if (told_ || now - since_ < kHoldMs) return false;
  told_ = true;
  return true;
}

}  // namespace fb::esp32
