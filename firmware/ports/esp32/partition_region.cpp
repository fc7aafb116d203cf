#include "ports/esp32/partition_region.h"

namespace fb::esp32 {
namespace {

Status status_of(esp_err_t error) {
  if (error == ESP_OK) return Status::kOk;
  return error == ESP_ERR_INVALID_ARG || error == ESP_ERR_INVALID_SIZE ? Status::kInvalid : Status::kStorage;
}

}  // namespace

void PartitionRegion::find(const char* label) {
  partition_ = esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label);
}

size_t PartitionRegion::size() const { return partition_ == nullptr ? 0 : partition_->size / kSector * kSector; }

Status PartitionRegion::read(size_t at, void* out, size_t size) {
  return partition_ == nullptr ? Status::kInvalid : status_of(esp_partition_read(partition_, at, out, size));
}

Status PartitionRegion::write(size_t at, const void* bytes, size_t size) {
  return partition_ == nullptr ? Status::kInvalid : status_of(esp_partition_write(partition_, at, bytes, size));
}

Status PartitionRegion::erase_sector(size_t at) {
  return partition_ == nullptr ? Status::kInvalid : status_of(esp_partition_erase_range(partition_, at, kSector));
}

}  // namespace fb::esp32
