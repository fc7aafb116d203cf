#include "ports/esp32/chip.h"

#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#if CONFIG_FIELDBENCH_CHIP_TEMPERATURE
#include "driver/temperature_sensor.h"
#endif

namespace fb::esp32 {

uint32_t ChipRng::next() { return esp_random(); }

size_t Heap::free_bytes() { return heap_caps_get_free_size(MALLOC_CAP_DEFAULT); }
size_t Heap::largest_block() { return heap_caps_get_largest_free_block(MALLOC_CAP_DEFAULT); }
size_t Heap::least_free_bytes() { return heap_caps_get_minimum_free_size(MALLOC_CAP_DEFAULT); }
size_t Heap::stack_never_used() { return uxTaskGetStackHighWaterMark(nullptr) * sizeof(StackType_t); }

uint64_t ChipTimer::micros() { return static_cast<uint64_t>(esp_timer_get_time()); }

void ChipPower::watch_this_task() { watching_ = esp_task_wdt_add(nullptr) == ESP_OK; }

void ChipPower::feed_watchdog() {
  if (watching_) (void)esp_task_wdt_reset();
}

ResetReason ChipPower::reset_reason() {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
    case ESP_RST_EXT: return ResetReason::kPowerOn;
    case ESP_RST_SW: return ResetReason::kSoftware;
    case ESP_RST_PANIC: return ResetReason::kPanic;
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT: return ResetReason::kWatchdog;
    case ESP_RST_BROWNOUT: return ResetReason::kBrownOut;
    case ESP_RST_DEEPSLEEP: return ResetReason::kDeepSleep;
    default: return ResetReason::kUnknown;
  }
}

void EspLog::write(LogLevel level, std::string_view tag, std::string_view text) {
  constexpr char kLetters[] = {'E', 'E', 'W', 'I', 'D'};
  constexpr esp_log_level_t kLevels[] = {ESP_LOG_ERROR, ESP_LOG_ERROR, ESP_LOG_WARN, ESP_LOG_INFO, ESP_LOG_DEBUG};
  const auto index = static_cast<size_t>(level);
  esp_log_write(kLevels[index], "fieldbench", "%c (%lu) %.*s: %.*s\n", kLetters[index],
                static_cast<unsigned long>(esp_log_timestamp()), static_cast<int>(tag.size()), tag.data(),
                static_cast<int>(text.size()), text.data());
}

#if CONFIG_FIELDBENCH_CHIP_TEMPERATURE

void ChipThermometer::begin() {
  const temperature_sensor_config_t config = TEMPERATURE_SENSOR_CONFIG_DEFAULT(-10, 80);
  temperature_sensor_handle_t sensor = nullptr;
  if (temperature_sensor_install(&config, &sensor) != ESP_OK) return;
  if (temperature_sensor_enable(sensor) == ESP_OK)
    sensor_ = sensor;
  else
    (void)temperature_sensor_uninstall(sensor);
}

Expected<double> ChipThermometer::temperature_c() {
  if (sensor_ == nullptr) return Status::kUnavailable;
  float celsius = 0;
  if (temperature_sensor_get_celsius(static_cast<temperature_sensor_handle_t>(sensor_), &celsius) != ESP_OK)
    return Status::kUnavailable;
  return static_cast<double>(celsius);
}

#else

void ChipThermometer::begin() {}
Expected<double> ChipThermometer::temperature_c() { return Status::kUnavailable; }

#endif

}  // namespace fb::esp32
