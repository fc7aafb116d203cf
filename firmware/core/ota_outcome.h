#pragma once

#include <cstdint>
#include <string_view>

#include "core/json_writer.h"
#include "core/small_string.h"
#include "core/status.h"
#include "hal/crypto.h"
#include "hal/storage.h"

namespace fb {

/// How far the newest image got that was read back and found right; the numbers are stored.
enum class OtaStage : uint8_t {
  kNone = 0,
  kArmed = 1,
  kSwitched = 2,
  kTrial = 3,
  kRollingBack = 4,
  kConfirmed = 5,
  kRolledBack = 6,
  kStuck = 7,
};

/// Why it did not stay; the numbers are stored.
enum class OtaReason : uint8_t {
  kNone = 0,
  kNotSwitched = 1,   ///< it was perhaps never chosen
  kNeverStarted = 2,  ///< chosen, and it never got to say that it runs
  kRestarted = 3,     ///< during its trial
  kNoNetwork = 4,     ///< in time
  kNoBroker = 5,      ///< likewise
  kRequested = 6,     ///< by a person
  kNotBootable = 7,   ///< the body would not choose it
};

/// What both images know of the last trial, docs/ota.md §5. Kept as a record that is whole or the one before.
struct OtaOutcome {
  OtaStage stage = OtaStage::kNone;
  OtaReason reason = OtaReason::kNone;
  Digest seal{};  ///< of the session that brought the image
  uint32_t session = 0;
  SmallString<32> from;
  SmallString<32> to;

  /// kNotFound: there never was a trial; kCorrupt: unreadable. Then it is empty.
  Status load(Storage& storage);
  Status save(Storage& storage) const;
  void write(JsonWriter& out) const;
};

}  // namespace fb
