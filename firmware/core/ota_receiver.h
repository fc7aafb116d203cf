#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json_writer.h"
#include "core/ota_fault.h"
#include "core/ota_manifest.h"
#include "core/ota_outcome.h"
#include "core/ota_staging.h"
#include "core/time.h"
#include "hal/crypto.h"
#include "hal/firmware_slots.h"
#include "hal/storage.h"

namespace fb {

/// A maker's public key.
struct OtaKey {
  OtaAlgorithm algorithm = OtaAlgorithm::kRsa2048Pss;
  std::string_view bytes;  ///< of RSA the modulus, 256 bytes, big endian
};

/// Whose firmware a device takes, and what it is itself. Everything outlives the receiver.
struct OtaTrust {
  const OtaKey* keys = nullptr;
  size_t key_count = 0;
  uint16_t chip = 0;                    ///< as in an image's header
  std::string_view product;             ///< what this firmware is for
  std::string_view version;             ///< of the running image
  const uint8_t* device_key = nullptr;  ///< 32 bytes, the device's key of the role `ota`; null: it has none
  Millis trial_ms = 300'000;            ///< how long a new image may take to prove itself
};

/// What a new image must show. What a device does not need counts as up.
struct OtaHealth {
  bool network_up = false;
  bool broker_up = false;
};

/// Takes signed firmware into the slot that does not run, and judges it after the restart; docs/ota.md. Total: any
/// calls in any order with any bytes are answered, and leave a device that starts.
class OtaReceiver {
 public:
  enum class State : uint8_t { kIdle, kInterrupted, kListing, kReceiving, kVerifying, kRestarting };

  OtaReceiver(FirmwareSlots& slots, Storage& storage, Crypto& crypto, const OtaTrust& trust);
  ~OtaReceiver();
  OtaReceiver(const OtaReceiver&) = delete;
  OtaReceiver& operator=(const OtaReceiver&) = delete;

  /// Finds out what the last start left: a session, a trial, or an image that did not stay. Once, before the rest.
  void start(const Now& now);

  /// Starts a session, or resumes the one of the same manifest.
  /// @param manifest head and signature
  /// @param wrapped_key empty where nothing is encrypted
  OtaFault begin(std::string_view manifest, std::string_view wrapped_key);
  /// @param at number of the first digest in `bytes`
  OtaFault digests(uint32_t at, std::string_view bytes);
  /// @param bytes as sent; decrypted in place, so spoilt afterwards
  OtaFault chunk(uint32_t index, std::string_view iv, uint8_t* bytes, size_t size);
  /// Begins to read the image back; step() goes on with it, and status tells how it ended.
  OtaFault finish();
  /// Forgets the session, in flash too.
  OtaFault abort();

  /// The image on trial stays. kStorage, kFlash: not yet, try again.
  OtaFault confirm();
  /// The image on trial goes, and the reason is kept. kNoImageBefore: it had to stay.
  OtaFault roll_back(OtaReason reason);

  /// Reads back a piece, or judges the image on trial.
  /// @returns when it wants to be called next
  Millis step(const OtaHealth& health, const Now& now);

  State state() const { return state_; }
  bool on_trial() const { return on_trial_; }
  /// The other image was chosen: the device should restart soon.
  bool restart_wanted() const { return state_ == State::kRestarting; }
  /// 0: no firmware comes in; else a number that changes with each piece that came or was read back.
  uint32_t progress() const { return is_live() ? 1 + listed_ + next_ + verified_ : 0; }
  /// The first chunk that is missing.
  uint32_t next() const { return next_; }
  const OtaOutcome& last() const { return last_; }

  /// docs/ota.md §6.
  void write_status(JsonWriter& out) const;

 private:
  OtaFault check_signature(std::string_view manifest, const Digest& head_digest, const OtaManifest& read);
  OtaFault check_fit(const OtaManifest& read);
  OtaFault open(std::string_view head, const Digest& head_digest, const OtaManifest& read);
  /// Takes up the session in flash, whose manifest has just been accepted.
  OtaFault resume();
  OtaFault check_list();
  void verify_piece();
  OtaFault arm();
  void judge_last();
  OtaFault keep(OtaStage stage, OtaReason reason);
  void forget();
  bool is_live() const { return state_ >= State::kListing && state_ <= State::kVerifying; }

  FirmwareSlots& slots_;
  Storage& storage_;
  Crypto& crypto_;
  const OtaTrust& trust_;
  OtaStaging staging_;
  OtaOutcome last_;
  OtaManifest manifest_;
  Digest head_digest_{};
  Sha256State image_state_{};
  uint8_t content_key_[32] = {};
  uint32_t listed_ = 0;
  uint32_t next_ = 0;
  uint32_t verified_ = 0;  ///< bytes read back
  Millis trial_ends_ = kNever;
  State state_ = State::kIdle;
  OtaFault fault_ = OtaFault::kNone;  ///< how reading back ended
  bool on_trial_ = false;
  bool unsaved_ = false;  ///< the storage did not take last_
};

}  // namespace fb
