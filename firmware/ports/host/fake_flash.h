#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "hal/flash_region.h"

namespace fb {

/// NOR flash in memory for tests, hal/flash_region.h: a write clears bits, an erase sets a sector's. The power may go after
/// any byte of either; from then on everything fails, until power_back().
class FakeFlash final : public FlashRegion {
 public:
  static constexpr size_t kForever = SIZE_MAX;

  explicit FakeFlash(size_t sectors) : bytes(sectors * kSector, 0xff), erases(sectors, 0) {}

  size_t size() const override { return bytes.size(); }
  Status read(size_t at, void* out, size_t size) override {
    reads++;
    if (bytes_left == 0) return Status::kStorage;
    if (!inside(at, size)) return Status::kInvalid;
    std::memcpy(out, bytes.data() + at, size);
    return Status::kOk;
  }
  Status write(size_t at, const void* from, size_t size) override {
    if (bytes_left == 0) return Status::kStorage;
    if (!inside(at, size)) return Status::kInvalid;
    writes++;
    const auto* const source = static_cast<const uint8_t*>(from);
    const size_t done = take(size);
    for (size_t i = 0; i < done; i++) {
      uint8_t& byte = bytes[at + i];
      overwritten += (source[i] & ~byte) != 0;
      byte &= source[i];
    }
    if (weak_at >= at && weak_at - at < done) {
      bytes[weak_at] = 0xff;
      if (!weak_for_ever) weak_at = SIZE_MAX;
    }
    return done == size ? Status::kOk : Status::kStorage;
  }
  Status erase_sector(size_t at) override {
    if (bytes_left == 0) return Status::kStorage;
    if (at % kSector != 0 || !inside(at, kSector)) return Status::kInvalid;
    erases[at / kSector]++;
    const size_t done = take(kSector);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), done, uint8_t{0xff});
    return done == kSector ? Status::kOk : Status::kStorage;
  }

  void power_back() { bytes_left = kForever; }

  std::vector<uint8_t> bytes;
  std::vector<size_t> erases;     ///< of each sector
  size_t bytes_left = kForever;   ///< to be written or erased before the power goes
  size_t bytes_used = 0;
  size_t reads = 0;
  size_t writes = 0;
  size_t overwritten = 0;         ///< bytes whose write wanted a bit back that was cleared already
  size_t weak_at = SIZE_MAX;      ///< a byte that does not take its next write, though the write says it did
  bool weak_for_ever = false;     ///< nor any after that

 private:
  bool inside(size_t at, size_t size) const { return at <= bytes.size() && size <= bytes.size() - at; }
  size_t take(size_t wanted) {
    const size_t done = std::min(wanted, bytes_left);
    bytes_used += done;
    if (bytes_left != kForever) bytes_left -= done;
    return done;
  }
};

}  // namespace fb
