#include "ports/esp32/chip.h"

#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_random.h"
#include "sdkconfig.h"
#if CONFIG_FIELDBENCH_CHIP_TEMPERATURE
#include "driver/temperature_sensor.h"
#endif

namespace fb::esp32 {

uint32_t ChipRng::next() { return esp_random(); }

size_t Heap::free_bytes() { return heap_caps_get_free_size(MALLOC_CAP_DEFAULT); }

void EspLog::write(LogLevel level, std::string_view tag, std::string_view text) {
  constexpr char kLetters[] = {'?', 'E', 'W', 'I'};
  constexpr esp_log_level_t kLevels[] = {ESP_LOG_NONE, ESP_LOG_ERROR, ESP_LOG_WARN, ESP_LOG_INFO};
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
