#pragma once

#include "hal/storage.h"
#include "nvs.h"

namespace fb::esp32 {

/// Records as blobs of the NVS namespace `fieldbench`.
class NvsStorage final : public Storage {
 public:
  /// Begins the NVS partition; one that cannot be read (full of an older layout's pages) is erased.
  Status begin();
  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override;
  Status write(std::string_view key, std::string_view bytes) override;

 private:
  nvs_handle_t handle_ = 0;
};

}  // namespace fb::esp32
