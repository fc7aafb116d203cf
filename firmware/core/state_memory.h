#pragma once

#include "core/logger.h"
#include "core/orchestrator.h"
#include "core/registry.h"
#include "core/two_slot_record.h"

namespace fb {

/// Keeps the states of components that ask for it (Component::keeps_state) over restarts and power cuts, as `{id: state}` in
/// the record `state`. Written when they have rested, and not often: a flash bears 100,000 writes.
class StateMemory {
 public:
  /// A state that has not changed for so long is written,
  static constexpr Millis kRestedMs = 5'000;
  /// but none within so long of the last write.
  static constexpr Millis kApartMs = 60'000;
  static constexpr size_t kMaxDocument = 1024;

  /// @param scratch at least kMaxDocument + TwoSlotRecord::kOverhead bytes, in which nothing lies between calls
  StateMemory(Storage& storage, Logger& log, Registry& registry, char* scratch)
      : log_(log), registry_(registry), scratch_(scratch),
        record_(storage, "state", scratch, kMaxDocument + TwoSlotRecord::kOverhead) {}

  /// Gives every component its state back; before the first turn of any.
  void restore(const Now& now);
  /// Writes where it is time to. Returns when it wants to be called next.
  Millis step(const Now& now);
  /// Writes at once what is not written yet: a restart or a long sleep comes.
  void flush();

 private:
  uint64_t version() const;
  void save();

  Logger& log_;
  Registry& registry_;
  char* scratch_;
  TwoSlotRecord record_;
  uint64_t seen_ = 0;
  uint64_t written_ = 0;
  Millis changed_at_ = 0;
  Millis not_before_ = 0;
};

}  // namespace fb
