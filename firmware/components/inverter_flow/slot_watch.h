#pragma once

#include "hal/firmware_slots.h"

namespace fb {

/// A body's firmware slots, and a count of what is done to the one that does not run: while it rises, an update comes in.
class SlotWatch final : public FirmwareSlots, private FlashRegion {
 public:
  /// @param slots outlives this
  explicit SlotWatch(FirmwareSlots& slots) : slots_(slots) {}

  /// Writes and erasures of the other slot since the start.
  uint32_t changes() const { return changes_; }

  FlashRegion& other() override { return *this; }
  Status boot_other() override { return slots_.boot_other(); }
  ImageState running_state() override { return slots_.running_state(); }
  Status confirm_running() override { return slots_.confirm_running(); }
  Status roll_back() override { return slots_.roll_back(); }

 private:
  size_t size() const override { return slots_.other().size(); }
  Status read(size_t at, void* out, size_t size) override { return slots_.other().read(at, out, size); }
  Status write(size_t at, const void* bytes, size_t size) override {
    changes_++;
    return slots_.other().write(at, bytes, size);
  }
  Status erase_sector(size_t at) override {
    changes_++;
    return slots_.other().erase_sector(at);
  }

  FirmwareSlots& slots_;
  uint32_t changes_ = 0;
};

}  // namespace fb
