#include "ports/esp32/ota_slots.h"

#include "esp_ota_ops.h"

namespace fb::esp32 {

void OtaSlots::begin() {
  next_ = esp_ota_get_next_update_partition(nullptr);
  // With one slot alone "the next" is the running one.
  if (next_ == esp_ota_get_running_partition()) next_ = nullptr;
  other_.use(next_);
}

Status OtaSlots::boot_other() {
  if (next_ == nullptr) return Status::kNotFound;
  // It checks the image's own digest before it changes otadata.
  const esp_err_t set = esp_ota_set_boot_partition(next_);
  if (set == ESP_OK) return Status::kOk;
  return set == ESP_ERR_OTA_VALIDATE_FAILED ? Status::kCorrupt : Status::kStorage;
}

ImageState OtaSlots::running_state() {
  // Without an entry in otadata, as after flashing by cable, there is no state to be read.
  esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
  const esp_partition_t* const running = esp_ota_get_running_partition();
  const bool on_trial = running != nullptr && esp_ota_get_state_partition(running, &state) == ESP_OK &&
                        state == ESP_OTA_IMG_PENDING_VERIFY;
  return on_trial ? ImageState::kOnTrial : ImageState::kConfirmed;
}

Status OtaSlots::confirm_running() {
  return esp_ota_mark_app_valid_cancel_rollback() == ESP_OK ? Status::kOk : Status::kStorage;
}

Status OtaSlots::roll_back() {
  if (!esp_ota_check_rollback_is_possible()) return Status::kNotFound;
  // It returns only where it failed.
  (void)esp_ota_mark_app_invalid_rollback_and_reboot();
  return Status::kStorage;
}

}  // namespace fb::esp32
