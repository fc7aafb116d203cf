#pragma once

#include <cstring>

#include "hal/flash_region.h"

namespace fb {

/// Flash of a body that has none: it forgets with its owner.
template <size_t Sectors>
class RamRegion final : public FlashRegion {
 public:
  RamRegion() { std::memset(bytes_, 0xff, sizeof bytes_); }
  size_t size() const override { return sizeof bytes_; }
  Status read(size_t at, void* out, size_t size) override {
    if (at > sizeof bytes_ || size > sizeof bytes_ - at) return Status::kInvalid;
    std::memcpy(out, bytes_ + at, size);
    return Status::kOk;
  }
  Status write(size_t at, const void* bytes, size_t size) override {
    if (at > sizeof bytes_ || size > sizeof bytes_ - at) return Status::kInvalid;
    for (size_t i = 0; i < size; i++) bytes_[at + i] &= static_cast<const uint8_t*>(bytes)[i];
    return Status::kOk;
  }
  Status erase_sector(size_t at) override {
    if (at % kSector != 0 || at >= sizeof bytes_) return Status::kInvalid;
    std::memset(bytes_ + at, 0xff, kSector);
    return Status::kOk;
  }

 private:
  uint8_t bytes_[Sectors * kSector];
};

}  // namespace fb
