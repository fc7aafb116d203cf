#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/small_string.h"
#include "core/status.h"
#include "hal/storage.h"

namespace fb {

/// One record that is either the old or the new one whenever power is lost. Two slots, `<name>.0` and `<name>.1`, each
///
///     u32 magic "FBR1" | u32 generation | u32 length | bytes | u32 crc32 of all before     (little endian)
///
/// The valid slot of the higher generation counts; a save goes to the other one.
class TwoSlotRecord {
 public:
  static constexpr size_t kOverhead = 16;
  /// Of the overhead this much comes before the bytes. What a caller writes there in the scratch buffer is where save()
  /// wants it, and needs no buffer of its own.
  static constexpr size_t kHeader = 12;

  /// @param scratch holds a whole slot: the largest record and kOverhead; shared with others between calls
  TwoSlotRecord(Storage& storage, std::string_view name, char* scratch, size_t scratch_size);

  /// The newest valid record, in the scratch buffer until the next call. kNotFound: never saved; kCorrupt: there is
  /// something, and no slot of it is valid.
  Expected<std::string_view> load();
  /// Only after load(), else kInvalid. kNoSpace: longer than the scratch buffer takes; kStorage: not saved, the old
  /// record stands.
  Status save(std::string_view bytes);

 private:
  struct Slot {
    Status status;
    uint32_t generation;
    std::string_view bytes;
  };
  Slot read_slot(int slot);
  std::string_view key(int slot, char* out) const;

  Storage& storage_;
  SmallString<12> name_;
  char* scratch_;
  size_t scratch_size_;
  uint32_t generation_ = 0;
  int current_ = 1;  ///< the slot that must not be overwritten
  bool loaded_ = false;
};

}  // namespace fb
