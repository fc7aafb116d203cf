#pragma once

#include "esp_partition.h"
#include "hal/flash_region.h"

namespace fb::esp32 {

/// A partition of the chip's flash.
class PartitionRegion final : public FlashRegion {
 public:
  explicit PartitionRegion(const esp_partition_t* partition = nullptr) : partition_(partition) {}
  /// Finds a data partition by its label; without one size() stays 0.
  void find(const char* label);
  void use(const esp_partition_t* partition) { partition_ = partition; }

  size_t size() const override;
  Status read(size_t at, void* out, size_t size) override;
  Status write(size_t at, const void* bytes, size_t size) override;
  Status erase_sector(size_t at) override;

 private:
  const esp_partition_t* partition_;
};

}  // namespace fb::esp32
