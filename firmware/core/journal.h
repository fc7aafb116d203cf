#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/small_string.h"
#include "core/status.h"
#include "hal/storage.h"

namespace fb {

/// The last 32 acts by their idempotency key, kept over reboots, so that the same request is never carried out twice.
///
/// An act has a record before it begins (`j<place>s`) and one when it has ended (`j<place>f`); both carry the act's
/// number and a checksum. So a cut write can only take away the later knowledge: an act that was begun and has no end
/// is *interrupted*, and is never guessed to be done or undone.
class Journal {
 public:
  static constexpr size_t kEntries = 32;
  static constexpr size_t kMaxKey = 64;
  static constexpr size_t kMaxOutcome = 1024;

  enum class Found : uint8_t {
    kNew,          ///< never seen, or seen too long ago
    kUnderWay,     ///< begun in this boot, not ended
    kDone,         ///< ended; read its outcome
    kInterrupted,  ///< begun before the last restart, and how it ended was not kept
  };

  explicit Journal(Storage& storage) : storage_(storage) {}

  /// Reads the records; damaged ones are passed over.
  void load();
  Found find(std::string_view key);
  /// The outcome of an act that is kDone, as it was given to end(); it stays until the next call. kStorage or kCorrupt:
  /// not to be had any more.
  Expected<std::string_view> outcome(std::string_view key);
  /// Says that an act begins, in place of the oldest. kStorage: not recorded, so it must not be carried out.
  Status begin(std::string_view key);
  /// Says how the act under way ended. kStorage: not recorded: for this key find() says kInterrupted from now on.
  Status end(std::string_view key, std::string_view outcome);

 private:
  struct Entry {
    uint32_t key_crc = 0;  ///< who has it is asked of the record, which has the whole key
    uint32_t number = 0;   ///< 0: empty
    Found state = Found::kNew;
  };
  Entry* find_entry(std::string_view key);
  /// In `record_` until the next read or write.
  Expected<std::string_view> read(size_t place, char kind, uint32_t* number);
  Status write(size_t place, char kind, uint32_t number, std::string_view bytes);

  static constexpr size_t kHeader = 4;  ///< the act's number
  static constexpr size_t kTrailer = 4;
  static constexpr size_t kMaxRecord = kHeader + (kMaxKey > kMaxOutcome ? kMaxKey : kMaxOutcome) + kTrailer;

  Storage& storage_;
  char record_[kMaxRecord];
  std::array<Entry, kEntries> entries_{};
  uint32_t last_number_ = 0;
};

}  // namespace fb
