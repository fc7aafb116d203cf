#include "core/ota_receiver.h"

#include <algorithm>
#include <cstring>

#include "core/ota_wrapped_key.h"

namespace fb {
namespace {

/// Read back in one step: a few milliseconds of a chip's flash and hash.
constexpr uint32_t kOtaReadBackPiece = 16 * 1024;
/// Between tries of an act that the storage or the flash refused.
constexpr Millis kOtaRetryMs = 1000;

/// ESP-IDF `esp_app_format.h`, `esp_image_header_t`: the magic byte, and where the chip id stands.
constexpr uint8_t kOtaImageMagic = 0xe9;
constexpr size_t kOtaImageChipAt = 12;

Digest ota_sha256(Crypto& crypto, std::string_view first, std::string_view second) {
  Sha256State state;
  crypto.sha256_begin(state);
  crypto.sha256_add(state, first);
  crypto.sha256_add(state, second);
  return crypto.sha256_end(state);
}

std::string_view ota_state_word(OtaReceiver::State state) {
  switch (state) {
    case OtaReceiver::State::kIdle: return "idle";
    case OtaReceiver::State::kInterrupted: return "interrupted";
    case OtaReceiver::State::kListing: return "listing";
    case OtaReceiver::State::kReceiving: return "receiving";
    case OtaReceiver::State::kVerifying: return "verifying";
    case OtaReceiver::State::kRestarting: return "restarting";
  }
  return "idle";
}

}  // namespace

OtaReceiver::OtaReceiver(FirmwareSlots& slots, Storage& storage, Crypto& crypto, const OtaTrust& trust)
    : slots_(slots), storage_(storage), crypto_(crypto), trust_(trust), staging_(slots.other(), crypto) {}

OtaReceiver::~OtaReceiver() { forget(); }

void OtaReceiver::start(const Now& now) {
  on_trial_ = slots_.running_state() == ImageState::kOnTrial;
  if (on_trial_) trial_ends_ = now.mono + trust_.trial_ms;
  (void)last_.load(storage_);
  char head[OtaManifest::kHeadSize];
  const std::string_view bytes(head, sizeof head);
  // An image keeps the session that brought it: only a newer one is to go on, or one that did not stay.
  if (staging_.find(head) == Status::kOk && manifest_.read(bytes) == OtaFault::kNone &&
      (staging_.session() > last_.session || staging_.seal() == last_.seal)) {
    state_ = State::kInterrupted;
    head_digest_ = ota_sha256(crypto_, bytes, {});
    // Only for the status; begin() looks again.
    next_ = staging_.marked().value_or(0);
    listed_ = staging_.is_list_marked() == Status::kOk ? manifest_.chunks() : 0;
  }
  judge_last();
}

void OtaReceiver::judge_last() {
  const OtaStage stage = last_.stage;
  const bool open = stage == OtaStage::kArmed || stage == OtaStage::kSwitched || stage == OtaStage::kTrial ||
                    stage == OtaStage::kRollingBack;
  if (!open) return;
  if (state_ == State::kInterrupted && staging_.seal() == last_.seal) {
    const OtaReason reason = stage == OtaStage::kRollingBack ? last_.reason
                             : stage == OtaStage::kTrial     ? OtaReason::kRestarted
                             : stage == OtaStage::kSwitched  ? OtaReason::kNeverStarted
                                                             : OtaReason::kNotSwitched;
    (void)keep(OtaStage::kRolledBack, reason);
  } else if (!on_trial_) {
    (void)keep(OtaStage::kConfirmed, OtaReason::kNone);
  } else if (stage != OtaStage::kTrial) {
    (void)keep(OtaStage::kTrial, OtaReason::kNone);
  }
}

OtaFault OtaReceiver::keep(OtaStage stage, OtaReason reason) {
  if (last_.stage == stage && last_.reason == reason && !unsaved_) return OtaFault::kNone;
  last_.stage = stage;
  last_.reason = reason;
  unsaved_ = last_.save(storage_) != Status::kOk;
  return unsaved_ ? OtaFault::kStorage : OtaFault::kNone;
}

void OtaReceiver::forget() {
  if (state_ == State::kVerifying) (void)crypto_.sha256_end(image_state_);  // a chip's engine may be held by it
  wipe_secret(content_key_, sizeof content_key_);
  state_ = State::kIdle;
  listed_ = next_ = 0;
}

OtaFault OtaReceiver::begin(std::string_view manifest, std::string_view wrapped_key) {
  if (slots_.other().size() == 0) return OtaFault::kNoSlot;
  if (on_trial_) return OtaFault::kOnTrial;
  if (state_ == State::kRestarting || state_ == State::kVerifying) return OtaFault::kBusy;
  if (manifest.size() != OtaManifest::kHeadSize + OtaManifest::kSignatureSize) return OtaFault::kBadManifest;
  const std::string_view head = manifest.substr(0, OtaManifest::kHeadSize);
  OtaManifest read;
  OtaFault fault = read.read(head);
  if (fault != OtaFault::kNone) return fault;
  const Digest head_digest = ota_sha256(crypto_, head, {});
  fault = check_signature(manifest, head_digest, read);
  if (fault == OtaFault::kNone) fault = check_fit(read);
  if (fault != OtaFault::kNone) return fault;
  const bool same = state_ != State::kIdle && head_digest == head_digest_;
  if (is_live() && !same) return OtaFault::kBusy;
  // Here no other session has a key in memory, and the same one has this very key.
  if (read.cipher == OtaCipher::kAes256Cbc) {
    if (trust_.device_key == nullptr) return OtaFault::kNoDeviceKey;
    fault = unwrap_ota_key(crypto_, trust_.device_key, head_digest, wrapped_key, content_key_);
  } else if (!wrapped_key.empty()) {
    fault = OtaFault::kBadWrappedKey;
  }
  if (fault != OtaFault::kNone) return fault;
  if (is_live()) return OtaFault::kNone;
  return same ? resume() : open(head, head_digest, read);
}

OtaFault OtaReceiver::open(std::string_view head, const Digest& head_digest, const OtaManifest& read) {
  // The session in the slot is how the last trial is judged at a start: what it told has to be kept before it goes.
  if (unsaved_ && keep(last_.stage, last_.reason) != OtaFault::kNone) return OtaFault::kStorage;
  manifest_ = read;
  head_digest_ = head_digest;
  listed_ = next_ = 0;
  fault_ = OtaFault::kNone;
  const bool opened = staging_.open(last_.session + 1, head, read.chunks()) == Status::kOk;
  if (!opened) forget();
  if (!opened) return OtaFault::kFlash;
  state_ = State::kListing;
  return OtaFault::kNone;
}

OtaFault OtaReceiver::check_signature(std::string_view manifest, const Digest& head_digest, const OtaManifest& read) {
  for (size_t i = 0; i < trust_.key_count; i++) {
    const OtaKey& key = trust_.keys[i];
    if (key.algorithm != read.algorithm) continue;
    const Digest id = ota_sha256(crypto_, key.bytes, {});
    if (std::memcmp(id.data(), read.key_id, sizeof read.key_id) != 0) continue;
    const std::string_view signature = manifest.substr(OtaManifest::kHeadSize);
    const bool holds = crypto_.rsa_pss_verify(key.bytes, head_digest, signature) == Status::kOk;
    return holds ? OtaFault::kNone : OtaFault::kBadSignature;
  }
  return OtaFault::kUnknownKey;
}

OtaFault OtaReceiver::check_fit(const OtaManifest& read) {
  if (read.chip != trust_.chip) return OtaFault::kWrongChip;
  if (read.product.view() != trust_.product) return OtaFault::kWrongProduct;
  if (!read.allow_downgrade && compare_versions(read.version.view(), trust_.version) < 0) return OtaFault::kDowngrade;
  return staging_.fits(read.chunks()) ? OtaFault::kNone : OtaFault::kTooLarge;
}

OtaFault OtaReceiver::resume() {
  listed_ = next_ = 0;
  fault_ = OtaFault::kNone;
  state_ = State::kListing;
  const Status listed = staging_.is_list_marked();
  if (listed == Status::kNotFound) return OtaFault::kNone;
  if (listed != Status::kOk) return OtaFault::kFlash;
  Digest list;
  if (staging_.digest_list(list) != Status::kOk) return OtaFault::kFlash;
  // A list that decayed is sent again; the chunks that were taken by it are not in doubt.
  if (list != manifest_.digests) return OtaFault::kNone;
  const Expected<uint32_t> marked = staging_.marked();
  if (!marked.ok()) return OtaFault::kFlash;
  listed_ = manifest_.chunks();
  next_ = marked.value();
  state_ = State::kReceiving;
  return OtaFault::kNone;
}

OtaFault OtaReceiver::digests(uint32_t at, std::string_view bytes) {
  if (!is_live()) return OtaFault::kNoSession;
  constexpr size_t kSize = sizeof(Digest);
  if (bytes.empty() || bytes.size() % kSize != 0) return OtaFault::kBadLength;
  const size_t count = bytes.size() / kSize;
  if (at > manifest_.chunks() || count > manifest_.chunks() - at) return OtaFault::kBadLength;
  if (at + count <= listed_) return OtaFault::kNone;  // its answer was lost
  if (at != listed_) return OtaFault::kOutOfOrder;
  if (staging_.write_digests(at, bytes) != Status::kOk) return OtaFault::kFlash;
  listed_ += static_cast<uint32_t>(count);
  return listed_ == manifest_.chunks() ? check_list() : OtaFault::kNone;
}

OtaFault OtaReceiver::check_list() {
  Digest list;
  const Status read = staging_.digest_list(list);
  const bool right = read == Status::kOk && list == manifest_.digests;
  if (!right || staging_.mark_list() != Status::kOk) {
    listed_ = 0;
    return read == Status::kOk && !right ? OtaFault::kBadDigestList : OtaFault::kFlash;
  }
  const Expected<uint32_t> marked = staging_.marked();
  next_ = marked.value_or(0);
  state_ = State::kReceiving;
  return OtaFault::kNone;
}

OtaFault OtaReceiver::chunk(uint32_t index, std::string_view iv, uint8_t* bytes, size_t size) {
  if (!is_live()) return OtaFault::kNoSession;
  if (state_ == State::kVerifying) return OtaFault::kBusy;
  if (iv.size() != OtaManifest::kIvSize || index >= manifest_.chunks()) return OtaFault::kBadLength;
  if (size != manifest_.chunk_size(index)) return OtaFault::kBadLength;
  if (state_ != State::kReceiving || index > next_) return OtaFault::kOutOfOrder;
  Digest wanted;
  if (staging_.read_digest(index, wanted) != Status::kOk) return OtaFault::kFlash;
  const std::string_view sent(reinterpret_cast<const char*>(bytes), size);
  if (ota_sha256(crypto_, iv, sent) != wanted) return OtaFault::kBadChunk;
  if (index < next_) return OtaFault::kNone;  // its answer was lost
  if (manifest_.cipher == OtaCipher::kAes256Cbc) {
    const auto* const start = reinterpret_cast<const uint8_t*>(iv.data());
    if (crypto_.aes256_cbc_decrypt(content_key_, start, bytes, size) != Status::kOk) return OtaFault::kBadChunk;
  }
  if (index == 0) {
    const unsigned chip = bytes[kOtaImageChipAt] | bytes[kOtaImageChipAt + 1] << 8;
    if (bytes[0] != kOtaImageMagic || chip != manifest_.chip) return OtaFault::kNotAnImage;
  }
  const Status written = staging_.write_chunk(index, bytes, size);
  // A sector that did not keep its second chunk is erased and written again from its first.
  if (written == Status::kCorrupt && index % 2 == 1) next_--;
  if (written != Status::kOk || staging_.mark_chunk(index) != Status::kOk) return OtaFault::kFlash;
  next_++;
  return OtaFault::kNone;
}

OtaFault OtaReceiver::finish() {
  if (on_trial_) return OtaFault::kNoSession;
  if (state_ == State::kRestarting || state_ == State::kVerifying) return OtaFault::kNone;
  if (!is_live()) return OtaFault::kNoSession;
  if (state_ != State::kReceiving || next_ != manifest_.chunks()) return OtaFault::kIncomplete;
  fault_ = OtaFault::kNone;
  verified_ = 0;
  crypto_.sha256_begin(image_state_);
  state_ = State::kVerifying;
  return OtaFault::kNone;
}

void OtaReceiver::verify_piece() {
  const uint32_t size = std::min(kOtaReadBackPiece, manifest_.size - verified_);
  if (staging_.hash(image_state_, verified_, size) != Status::kOk) {
    (void)crypto_.sha256_end(image_state_);
    fault_ = OtaFault::kFlash;
    state_ = State::kReceiving;
    return;
  }
  verified_ += size;
  if (verified_ < manifest_.size) return;
  if (crypto_.sha256_end(image_state_) != manifest_.image) {
    // Every chunk was right when it was written: what lies there can no longer be trusted, nor told which part.
    (void)staging_.erase();
    state_ = State::kReceiving;
    forget();
    fault_ = OtaFault::kBadImage;
    return;
  }
  fault_ = arm();
  state_ = fault_ == OtaFault::kNone ? State::kRestarting : State::kReceiving;
  if (state_ == State::kRestarting) wipe_secret(content_key_, sizeof content_key_);
}

OtaFault OtaReceiver::arm() {
  last_ = {};
  last_.seal = staging_.seal();
  last_.session = staging_.session();
  (void)last_.from.assign(trust_.version);
  last_.to = manifest_.version;
  const OtaFault kept = keep(OtaStage::kArmed, OtaReason::kNone);
  if (kept != OtaFault::kNone) return kept;
  const Status chosen = slots_.boot_other();
  if (chosen != Status::kOk) {
    const OtaFault fault = chosen == Status::kCorrupt ? OtaFault::kNotBootable : OtaFault::kFlash;
    (void)keep(OtaStage::kRolledBack, OtaReason::kNotBootable);
    return fault;
  }
  // Where this is not kept the new image says it itself when it starts.
  (void)keep(OtaStage::kSwitched, OtaReason::kNone);
  return OtaFault::kNone;
}

OtaFault OtaReceiver::abort() {
  if (state_ == State::kRestarting) return OtaFault::kBusy;
  if (state_ == State::kIdle) return OtaFault::kNoSession;
  if (unsaved_ && keep(last_.stage, last_.reason) != OtaFault::kNone) return OtaFault::kStorage;
  if (staging_.erase() != Status::kOk) return OtaFault::kFlash;
  forget();
  fault_ = OtaFault::kNone;
  return OtaFault::kNone;
}

OtaFault OtaReceiver::confirm() {
  if (!on_trial_) return OtaFault::kNotOnTrial;
  if (state_ == State::kRestarting) return OtaFault::kBusy;
  if (slots_.confirm_running() != Status::kOk) return OtaFault::kFlash;
  on_trial_ = false;
  trial_ends_ = kNever;
  // Where this is not kept, the next start sees an image that is confirmed, and says the same.
  if (last_.stage != OtaStage::kNone) (void)keep(OtaStage::kConfirmed, OtaReason::kNone);
  return OtaFault::kNone;
}

OtaFault OtaReceiver::roll_back(OtaReason reason) {
  if (!on_trial_) return OtaFault::kNotOnTrial;
  if (state_ == State::kRestarting) return OtaFault::kNone;
  // The reason first: what follows restarts. A device whose storage fails still goes back.
  (void)keep(OtaStage::kRollingBack, reason);
  const Status status = slots_.roll_back();
  if (status == Status::kOk) state_ = State::kRestarting;
  if (status == Status::kOk) return OtaFault::kNone;
  if (status != Status::kNotFound) return OtaFault::kFlash;
  (void)keep(OtaStage::kStuck, reason);
  trial_ends_ = kNever;
  return OtaFault::kNoImageBefore;
}

Millis OtaReceiver::step(const OtaHealth& health, const Now& now) {
  if (state_ == State::kVerifying) {
    verify_piece();
    if (state_ == State::kVerifying) return now.mono;
  }
  if (!on_trial_ || state_ == State::kRestarting) return kNever;
  OtaFault fault = OtaFault::kNone;
  if (health.network_up && health.broker_up) {
    fault = confirm();
  } else if (now.mono >= trial_ends_) {
    fault = roll_back(health.network_up ? OtaReason::kNoBroker : OtaReason::kNoNetwork);
  }
  const bool again = fault == OtaFault::kFlash || fault == OtaFault::kStorage;
  return again ? now.mono + kOtaRetryMs : trial_ends_;
}

void OtaReceiver::write_status(JsonWriter& out) const {
  out.begin_object().key("state").string(ota_state_word(state_));
  if (state_ != State::kIdle && !on_trial_) {
    out.key("version").string(manifest_.version.view());
    out.key("size").number(manifest_.size);
    out.key("chunks").number(manifest_.chunks());
    out.key("listed").number(listed_);
    out.key("next").number(next_);
  }
  out.key("on_trial").boolean(on_trial_);
  if (fault_ != OtaFault::kNone) out.key("fault").string(ota_fault_word(fault_));
  if (last_.stage != OtaStage::kNone) {
    out.key("last");
    last_.write(out);
  }
  out.end_object();
}

}  // namespace fb
