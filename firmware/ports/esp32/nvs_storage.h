#pragma once

#include "esp_err.h"
#include "hal/storage.h"
#include "nvs.h"

namespace fb::esp32 {

/// Records as blobs of the NVS namespace `fieldbench`.
class NvsStorage final : public Storage {
 public:
  /// Opens the NVS partition. One that cannot be read is left as it is, for a person to save or erase: its settings and the
  /// device's secret are in it. kStorage: then every read and write gives kStorage too, and reason() says why.
  Status begin();
  /// ESP-IDF's name of what begin() met: "ESP_ERR_NVS_NO_FREE_PAGES"; "ESP_OK".
  const char* reason() const { return esp_err_to_name(began_); }
  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override;
  Status write(std::string_view key, std::string_view bytes) override;

 private:
  esp_err_t began_ = ESP_ERR_NVS_NOT_INITIALIZED;
  nvs_handle_t handle_ = 0;
};

}  // namespace fb::esp32
