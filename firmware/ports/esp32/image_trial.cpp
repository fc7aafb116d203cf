#include "ports/esp32/image_trial.h"

#include "esp_log.h"
#include "esp_ota_ops.h"

namespace fb::esp32 {

bool image_on_trial() {
  // Without an entry in otadata, as after flashing by cable, there is no state to be read.
  esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
  const esp_partition_t* const running = esp_ota_get_running_partition();
  return running != nullptr && esp_ota_get_state_partition(running, &state) == ESP_OK &&
         state == ESP_OTA_IMG_PENDING_VERIFY;
}

void keep_image() {
  const bool kept = esp_ota_mark_app_valid_cancel_rollback() == ESP_OK;
  if (kept)
    ESP_LOGI("image", "it works, and stays");
  else
    ESP_LOGE("image", "cannot be kept: the next restart returns to the one before");
}

}  // namespace fb::esp32
