#include "ports/esp32/nvs_storage.h"

#include "nvs_flash.h"

namespace fb::esp32 {
namespace {

/// A key as NVS wants it: ended by NUL.
struct Key {
  explicit Key(std::string_view key) {
    fits = key.size() < sizeof text && !key.empty();
    if (fits) key.copy(text, key.size());
  }
  char text[NVS_KEY_NAME_MAX_SIZE] = {};
  bool fits = false;
};

}  // namespace

Status NvsStorage::begin() {
  began_ = nvs_flash_init();
  if (began_ == ESP_OK) began_ = nvs_open("fieldbench", NVS_READWRITE, &handle_);
  return began_ == ESP_OK ? Status::kOk : Status::kStorage;
}

Expected<size_t> NvsStorage::read(std::string_view key, char* out, size_t capacity) {
  const Key name(key);
  if (!name.fits) return Status::kInvalid;
  if (began_ != ESP_OK) return Status::kStorage;
  size_t size = capacity;
  switch (nvs_get_blob(handle_, name.text, out, &size)) {
    case ESP_OK:
      return size;
    case ESP_ERR_NVS_NOT_FOUND:
      return Status::kNotFound;
    case ESP_ERR_NVS_INVALID_LENGTH:
      return Status::kNoSpace;
    default:
      return Status::kStorage;
  }
}

Status NvsStorage::write(std::string_view key, std::string_view bytes) {
  const Key name(key);
  if (!name.fits) return Status::kInvalid;
  if (began_ != ESP_OK) return Status::kStorage;
  if (nvs_set_blob(handle_, name.text, bytes.data(), bytes.size()) != ESP_OK) return Status::kStorage;
  return nvs_commit(handle_) == ESP_OK ? Status::kOk : Status::kStorage;
}

}  // namespace fb::esp32
