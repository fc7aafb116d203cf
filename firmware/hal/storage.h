#pragma once

#include <cstddef>
#include <string_view>

#include "core/status.h"

namespace fb {

/// Small named records that outlive a reboot: NVS, files, or the host's. A write may be cut by a loss of power, so
/// whoever needs an atomic one builds it on top (core/two_slot_record.h).
class Storage {
 public:
  virtual ~Storage() = default;
  /// @returns bytes read. kNotFound: never written; kNoSpace: longer than `capacity`; kStorage: the medium failed.
  virtual Expected<size_t> read(std::string_view key, char* out, size_t capacity) = 0;
  /// Replaces the record. kStorage: not written, or perhaps in part.
  virtual Status write(std::string_view key, std::string_view bytes) = 0;
};

}  // namespace fb
