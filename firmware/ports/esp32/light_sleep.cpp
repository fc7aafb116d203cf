#include "ports/esp32/light_sleep.h"

#include "esp_pm.h"
#include "sdkconfig.h"

namespace fb::esp32 {

void LightSleep::allow(bool allowed) {
  if (allowed == allowed_) return;
  allowed_ = allowed;
#if CONFIG_PM_ENABLE && CONFIG_FREERTOS_USE_TICKLESS_IDLE
  esp_pm_config_t config{};
  // One speed: what a change of it would do to the periods of RMT and LEDC is not wanted.
  config.max_freq_mhz = CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ;
  config.min_freq_mhz = CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ;
  config.light_sleep_enable = allowed;
  (void)esp_pm_configure(&config);
#endif
}

}  // namespace fb::esp32
