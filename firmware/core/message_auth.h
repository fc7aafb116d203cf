#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/access.h"
#include "core/keys.h"
#include "core/receive_window.h"
#include "core/status.h"
#include "core/two_slot_record.h"
#include "hal/crypto.h"
#include "hal/storage.h"

namespace fb {

/// Why a message is not believed.
enum class SealFault : uint8_t {
  kNone,
  kUnsealed,  ///< it carries no seal
  kMalformed,
  kForged,   ///< the MAC is not that of this device's key
  kSeen,     ///< a repeat of one that was taken: it is not answered, for the first one was
  kStale,    ///< its MAC holds, and its epoch is too old: the sender needs one above epoch_floor()
  kStorage,  ///< nothing can be taken now: what was taken before cannot be read or kept
};

/// As an answer's data tells it: "stale".
std::string_view seal_fault_name(SealFault fault);

/// What a seal says of a message. Where `fault` is kNone or kStale, the sender is who it says.
struct OpenedSeal {
  SealFault fault = SealFault::kUnsealed;
  Access access = Access::kNone;  ///< kNone unless `fault` is kNone
  KeyRole role = KeyRole::kViewer;
  Nonce nonce;
};

/// MACs on Device API messages, docs/protocol.md §5. A sealed message is a JSON object whose first members are
///
///     {"kid":"operator","n":"1795254000000123.7","mac":"<64 hex digits>",…
///
/// byte for byte so. The MAC covers all bytes of the message but those of the member `mac`, as they travel: nothing has to
/// be parsed before it is believed, and a receiver reads the message as it stands, for it knows no members of these names.
///
/// The secret and what was taken under it are one record, `key`, so that neither is ever without the other:
///
///     secret, 32 | u64 floor of viewer, operator, admin (little endian)          empty: none
class MessageAuth final : private NonceLedger::Keeper {
 public:
  /// What a seal adds to a message, at most.
  static constexpr size_t kMaxSeal = 8 + 8 + 2 + 5 + 16 + 1 + 10 + 2 + 7 + 64 + 2;

  MessageAuth(Crypto& crypto, Storage& storage)
      : crypto_(crypto), record_(storage, "key", scratch_, sizeof scratch_), ledger_(*this) {}

  /// Reads the secret, and what was taken under it. kCorrupt or kStorage: it cannot be known whether there is one; then
  /// every message is refused until there is a new one.
  Status load(std::string_view device_id);
  /// Keeps and uses a secret; after load(). One that was replaced must never come back, for what was taken under it is
  /// forgotten. kStorage: the one before stands.
  Status set_secret(const Key& secret, std::string_view device_id);
  /// From now on no message needs a seal; the secret must never come back.
  Status forget_secret();
  /// There is a secret, or there might be.
  bool on() const { return state_ != State::kOff; }
  /// There is one, and it was read.
  bool has_keys() const { return state_ == State::kOn; }

  /// Checks a seal and takes its nonce: the same message is taken once. Only while on().
  OpenedSeal open(std::string_view message);
  /// Seals the answer to what was opened, with its nonce, into `out`, where `reply` may lie already. kInvalid: `reply` is no object
  /// with members or nothing was opened; kNoSpace.
  Expected<std::string_view> seal(const OpenedSeal& request, std::string_view reply, char* out, size_t capacity);
  /// Epochs of that role must be above it.
  uint64_t epoch_floor(KeyRole role) const { return ledger_.floor(static_cast<size_t>(role)); }
  /// The same keys, for what else is derived from them (§5); only while has_keys().
  Key key(KeyRole role, KeyDirection direction) const { return keys_.key(crypto_, role, direction); }

 private:
  enum class State : uint8_t { kOff, kOn, kBroken };
  static constexpr size_t kRecord = sizeof(Key) + 8 * NonceLedger::kKeys;
  Status keep_floors(const NonceLedger::Floors& floors) override;
  Status save(std::string_view record);
  void wipe_scratch();

  Crypto& crypto_;
  char scratch_[kRecord + TwoSlotRecord::kOverhead];
  TwoSlotRecord record_;
  NonceLedger ledger_;
  DeviceKeys keys_;
  State state_ = State::kOff;
};

}  // namespace fb
