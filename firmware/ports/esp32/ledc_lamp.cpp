#include "ports/esp32/ledc_lamp.h"

#include <cmath>

#include "driver/ledc.h"

namespace fb::esp32 {
namespace {

constexpr ledc_mode_t kMode = LEDC_LOW_SPEED_MODE;  // every chip has it
constexpr double kFull = 1 << 13;

}  // namespace

void LedcLamp::begin(int gpio, bool active_low) {
  if (gpio < 0) return;
  ledc_timer_config_t timer{};
  timer.speed_mode = kMode;
  timer.duty_resolution = LEDC_TIMER_13_BIT;
  timer.timer_num = LEDC_TIMER_0;
  timer.freq_hz = 5000;
  timer.clk_cfg = LEDC_AUTO_CLK;
  ledc_channel_config_t channel{};
  channel.gpio_num = gpio;
  channel.speed_mode = kMode;
  channel.channel = LEDC_CHANNEL_0;
  channel.timer_sel = LEDC_TIMER_0;
  channel.flags.output_invert = active_low ? 1 : 0;
  begun_ = ledc_timer_config(&timer) == ESP_OK && ledc_channel_config(&channel) == ESP_OK;
}

void LedcLamp::set_duty(double duty) {
  if (!begun_) return;
  (void)ledc_set_duty(kMode, LEDC_CHANNEL_0, static_cast<uint32_t>(std::lround(duty * kFull)));
  (void)ledc_update_duty(kMode, LEDC_CHANNEL_0);
}

}  // namespace fb::esp32
