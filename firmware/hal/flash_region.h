#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace fb {

/// A stretch of NOR flash: a partition of a chip, or a file that behaves like one. An erased byte is 0xFF and a write can
/// only clear bits. A write or an erase that the power leaves in the middle may have done any part of its work, in order
/// of addresses.
class FlashRegion {
 public:
  static constexpr size_t kSector = 4096;

  virtual ~FlashRegion() = default;
  /// Bytes; a multiple of kSector. 0: there is none.
  virtual size_t size() const = 0;
  /// Each gives kInvalid outside of the region and kStorage where the medium failed.
  virtual Status read(size_t at, void* out, size_t size) = 0;
  virtual Status write(size_t at, const void* bytes, size_t size) = 0;
  /// @param at a multiple of kSector
  virtual Status erase_sector(size_t at) = 0;
};

}  // namespace fb
