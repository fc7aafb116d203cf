#pragma once

#include <string>
#include <vector>

#include "core/otadata.h"
#include "hal/firmware_slots.h"
#include "hal/flash_region.h"
#include "ports/linux/owned_fd.h"

namespace fb::posix {

/// A chip's flash of 4 MB as a file, byte for byte, with the partitions of apps/node/partitions.csv. It behaves as NOR flash:
/// a write only clears bits.
class FlashImage {
 public:
  static constexpr size_t kSize = 4u << 20;
  static constexpr size_t kOtadataAt = 0xe000;
  static constexpr size_t kSlotAt[2] = {0x10000, 0x190000};
  static constexpr size_t kSlotSize = 0x180000;
  static constexpr size_t kTelemetryAt = 0x310000;
  static constexpr size_t kTelemetrySize = 0xd0000;

  /// Makes an erased one where there is none. kCorrupt: a file of another size; kUnavailable: another process has it;
  /// kStorage.
  Status open(const std::string& path);
  Status read(size_t at, void* out, size_t size);
  Status write(size_t at, const void* bytes, size_t size);
  Status erase(size_t at, size_t size);

 private:
  OwnedFd file_;
};

/// A partition of an image.
class ImageRegion final : public FlashRegion {
 public:
  ImageRegion(FlashImage& image, size_t at, size_t size) : image_(image), at_(at), size_(size) {}
  size_t size() const override { return size_; }
  Status read(size_t at, void* out, size_t size) override;
  Status write(size_t at, const void* bytes, size_t size) override;
  Status erase_sector(size_t at) override;

 private:
  bool inside(size_t at, size_t size) const { return at <= size_ && size <= size_ - at; }
  FlashImage& image_;
  size_t at_;
  size_t size_;
};

/// Flash that ends with the process. Of size 0 it is none.
class MemoryRegion final : public FlashRegion {
 public:
  explicit MemoryRegion(size_t sectors) : bytes_(sectors * kSector, 0xff) {}
  size_t size() const override { return bytes_.size(); }
  Status read(size_t at, void* out, size_t size) override;
  Status write(size_t at, const void* bytes, size_t size) override;
  Status erase_sector(size_t at) override;

 private:
  bool inside(size_t at, size_t size) const { return at <= bytes_.size() && size <= bytes_.size() - at; }
  std::vector<uint8_t> bytes_;
};

/// The two slots of an image and its otadata. The process itself is never replaced: what an update changes is which slot
/// counts as running, so all of an update's path can be tried but the new code.
class ImageSlots final : public FirmwareSlots {
 public:
  explicit ImageSlots(FlashImage& image);
  /// The bootloader's turn; before the device starts.
  Status start();
  FlashRegion& other() override { return slots_[1 - running_]; }
  Status boot_other() override;
  ImageState running_state() override;
  Status confirm_running() override;
  Status roll_back() override;
  /// roll_back() was done: the body restarts the device.
  bool restart_wanted() const { return restart_wanted_; }

 private:
  ImageRegion slots_[2];
  ImageRegion otadata_region_;
  Otadata otadata_;
  uint8_t running_ = 0;
  bool restart_wanted_ = false;
};

/// A body with one image that cannot be replaced.
class OneSlot final : public FirmwareSlots {
 public:
  FlashRegion& other() override { return none_; }
  Status boot_other() override { return Status::kNotFound; }
  ImageState running_state() override { return ImageState::kConfirmed; }
  Status confirm_running() override { return Status::kOk; }
  Status roll_back() override { return Status::kNotFound; }

 private:
  MemoryRegion none_{0};
};

}  // namespace fb::posix
