#pragma once

#include <cstdint>

#include "core/status.h"
#include "hal/flash_region.h"

namespace fb {

/// Which of several images starts: ESP-IDF's otadata partition, for bodies that have no bootloader of their own. It
/// does what the bootloader does with rollback switched on, to the byte. Sources: ESP-IDF `esp_flash_partitions.h`
/// (`esp_ota_select_entry_t`), `bootloader_utility.c`, `bootloader_common_loader.c`, `esp_ota_ops.c`.
///
/// Two sectors of one record each: sequence u32, 20 bytes of label, state u32, CRC-32 of the sequence, little endian.
/// The newest that is neither invalid nor aborted counts: slot (sequence − 1) mod slots.
///
/// A record is replaced by an erase and a write. Where the power goes between them it is lost, and the image of the
/// other one starts: a new image is given up, never an old one.
class Otadata {
 public:
  enum class State : uint32_t {
    kNew = 0,
    kPending = 1,
    kValid = 2,
    kInvalid = 3,
    kAborted = 4,
    kUndefined = 0xffffffff,
  };
  struct Record {
    uint32_t sequence = 0;  ///< 0: there is none
    State state = State::kUndefined;
  };

  /// @param slots 1 … 16
  Otadata(FlashRegion& region, uint8_t slots) : region_(region), slots_(slots) {}

  /// What the bootloader does at each start; gives the slot to start. An image that was on trial is given up, a new one
  /// is now on trial.
  Expected<uint8_t> start();
  /// This slot starts next, on trial.
  Status choose(uint8_t slot);
  /// The state of the record that counts; kUndefined where there is none.
  Expected<State> state();
  /// The image on trial stays. kNotFound: no record.
  Status confirm();
  /// The image that runs is given up. kNotFound: there is no other to start.
  Status reject();

 private:
  struct Pair {
    Record records[2];
    int active = -1;
  };
  Status read(Pair& pair);
  Status write(int sector, const Record& record);
  uint8_t slot_of(const Record& record) const { return static_cast<uint8_t>((record.sequence - 1) % slots_); }

  FlashRegion& region_;
  uint8_t slots_;
};

}  // namespace fb
