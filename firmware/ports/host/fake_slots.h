#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/otadata.h"
#include "hal/firmware_slots.h"
#include "hal/storage.h"

namespace fb {

/// The power of a body for tests: after so many bytes written or erased it is gone, until it is back.
struct FakePower {
  static constexpr size_t kForever = SIZE_MAX;
  size_t bytes_left = kForever;
  size_t bytes_used = 0;

  bool is_gone() const { return bytes_left == 0; }
  /// How many of `wanted` bytes are still done.
  size_t take(size_t wanted) {
    const size_t done = std::min(wanted, bytes_left);
    bytes_used += done;
    if (bytes_left != kForever) bytes_left -= done;
    return done;
  }
};

/// NOR flash in memory, hal/flash_region.h: a write clears bits, and the power may leave either in the middle.
class SlotFlash final : public FlashRegion {
 public:
  SlotFlash(FakePower& power, size_t size) : bytes(size, 0xff), power_(power) {}

  size_t size() const override { return bytes.size(); }
  Status read(size_t at, void* out, size_t size) override {
    if (power_.is_gone() || fails) return Status::kStorage;
    if (!inside(at, size)) return Status::kInvalid;
    std::memcpy(out, bytes.data() + at, size);
    return Status::kOk;
  }
  Status write(size_t at, const void* from, size_t size) override {
    if (power_.is_gone() || fails) return Status::kStorage;
    if (!inside(at, size)) return Status::kInvalid;
    unaligned += at % 16 != 0 || size % 16 != 0;
    const auto* const source = static_cast<const uint8_t*>(from);
    const size_t done = power_.take(size);
    for (size_t i = 0; i < done; i++) bytes[at + i] &= source[i];
    if (weak_at >= at && weak_at - at < done) {
      bytes[weak_at] = 0xff;
      weak_at = SIZE_MAX;
    }
    writes++;
    return done == size ? Status::kOk : Status::kStorage;
  }
  Status erase_sector(size_t at) override {
    if (power_.is_gone() || fails) return Status::kStorage;
    if (at % kSector != 0 || !inside(at, kSector)) return Status::kInvalid;
    const size_t done = power_.take(kSector);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), done, uint8_t{0xff});
    erases++;
    return done == kSector ? Status::kOk : Status::kStorage;
  }

  std::vector<uint8_t> bytes;
  bool fails = false;
  size_t weak_at = SIZE_MAX;  ///< a byte that does not take its next write
  size_t writes = 0;
  size_t erases = 0;
  size_t unaligned = 0;  ///< writes that a flash encrypted by the chip would not take

 private:
  bool inside(size_t at, size_t size) const { return at <= bytes.size() && size <= bytes.size() - at; }
  FakePower& power_;
};

/// Records in memory. A write that the power leaves in the middle keeps the first part of the new record.
class SlotStorage final : public Storage {
 public:
  explicit SlotStorage(FakePower& power) : power_(power) {}
  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override {
    if (power_.is_gone() || fails) return Status::kStorage;
    const auto found = records.find(std::string(key));
    if (found == records.end()) return Status::kNotFound;
    if (found->second.size() > capacity) return Status::kNoSpace;
    std::memcpy(out, found->second.data(), found->second.size());
    return found->second.size();
  }
  Status write(std::string_view key, std::string_view bytes) override {
    if (power_.is_gone() || fails) return Status::kStorage;
    const size_t done = power_.take(bytes.size());
    records[std::string(key)] = std::string(bytes.substr(0, done));
    return done == bytes.size() ? Status::kOk : Status::kStorage;
  }

  std::map<std::string, std::string> records;
  bool fails = false;

 private:
  FakePower& power_;
};

/// A board with two slots and a bootloader. restart() is the only way to run another image.
class FakeSlots final : public FirmwareSlots {
 public:
  FakeSlots(FakePower& power, size_t slot_size)
      : slots{SlotFlash(power, slot_size), SlotFlash(power, slot_size)},
        otadata_flash(power, 2 * FlashRegion::kSector),
        otadata_(otadata_flash, 2) {}

  FlashRegion& other() override { return slots[1 - running]; }
  Status boot_other() override {
    if (refuses_to_boot || slots[1 - running].bytes[0] != 0xe9) return Status::kCorrupt;
    return otadata_.choose(static_cast<uint8_t>(1 - running));
  }
  ImageState running_state() override {
    return otadata_.state().value_or(Otadata::State::kValid) == Otadata::State::kPending ? ImageState::kOnTrial
                                                                                         : ImageState::kConfirmed;
  }
  Status confirm_running() override { return otadata_.confirm(); }
  Status roll_back() override { return otadata_.reject(); }

  /// The bootloader's turn. Without power in the middle of it, it is called again.
  Status restart() {
    const Expected<uint8_t> slot = otadata_.start();
    if (slot.ok()) running = slot.value();
    return slot.status();
  }

  SlotFlash slots[2];
  SlotFlash otadata_flash;
  int running = 0;
  bool refuses_to_boot = false;

 private:
  Otadata otadata_;
};

}  // namespace fb
