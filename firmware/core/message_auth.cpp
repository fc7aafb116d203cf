#include "core/message_auth.h"

#include <cstring>

#include "core/little_endian.h"
#include "core/small_string.h"

namespace fb {
namespace {

constexpr std::string_view kSealKid = "{\"kid\":\"";
constexpr std::string_view kSealNonce = "\",\"n\":\"";
constexpr std::string_view kSealMac = "\"mac\":\"";
constexpr std::string_view kSealEnd = "\",";
constexpr size_t kSealHexSize = 2 * sizeof(Digest);
void put_seal_u64(char* out, uint64_t value) {
  put_u32(out, static_cast<uint32_t>(value));
  put_u32(out + 4, static_cast<uint32_t>(value >> 32));
}

uint64_t get_seal_u64(const char* in) { return get_u32(in) | static_cast<uint64_t>(get_u32(in + 4)) << 32; }

constexpr KeyRole kSealRoles[] = {KeyRole::kViewer, KeyRole::kOperator, KeyRole::kAdmin};
static_assert(sizeof kSealRoles / sizeof *kSealRoles == NonceLedger::kKeys, "each role has its own nonces");

/// Takes a message's head apart, byte by byte; fails for good at the first that does not fit.
class SealReader {
 public:
  explicit SealReader(std::string_view text) : text_(text) {}

  bool take(std::string_view wanted) {
    ok_ = ok_ && text_.substr(at_, wanted.size()) == wanted;
    if (ok_) at_ += wanted.size();
    return ok_;
  }

  /// A decimal number without leading zeros, so that each has one text.
  uint64_t number(uint64_t most) {
    const size_t from = at_;
    uint64_t value = 0;
    while (ok_ && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      const auto digit = static_cast<uint64_t>(text_[at_++] - '0');
      if (value > (most - digit) / 10) ok_ = false;
      value = value * 10 + digit;
    }
    if (at_ == from || (text_[from] == '0' && at_ > from + 1)) ok_ = false;
    return value;
  }

  Digest digest() {
    Digest digest{};
    if (text_.size() < at_ + kSealHexSize) ok_ = false;
    for (size_t i = 0; ok_ && i < kSealHexSize; i++) {
      const char c = text_[at_++];
      const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (value < 0) ok_ = false;
      digest[i / 2] = static_cast<uint8_t>(digest[i / 2] << 4 | (value & 15));
    }
    return digest;
  }

  KeyRole role() {
    for (const KeyRole role : kSealRoles) {
      const std::string_view name = key_role_name(role);
      // The quote is taken later, and ends the name.
      if (text_.substr(at_, name.size()) != name) continue;
      at_ += name.size();
      return role;
    }
    ok_ = false;
    return KeyRole::kViewer;
  }

  bool ok() const { return ok_; }
  size_t at() const { return at_; }

 private:
  std::string_view text_;
  size_t at_ = 0;
  bool ok_ = true;
};

template <size_t N>
void append_seal_decimal(SmallString<N>& out, uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do digits[--at] = static_cast<char>('0' + value % 10);
  while ((value /= 10) != 0);
  (void)out.append({digits + at, sizeof digits - at});
}

}  // namespace

std::string_view seal_fault_name(SealFault fault) {
  switch (fault) {
    case SealFault::kNone: return "none";
    case SealFault::kUnsealed: return "unsealed";
    case SealFault::kMalformed: return "malformed";
    case SealFault::kForged: return "forged";
    case SealFault::kSeen: return "seen";
    case SealFault::kStale: return "stale";
    case SealFault::kStorage: return "storage";
  }
  return {};
}

Status MessageAuth::load(std::string_view device_id) {
  state_ = State::kBroken;
  const Expected<std::string_view> kept = record_.load();
  if (kept.status() == Status::kNotFound || (kept.ok() && kept.value().empty())) {
    state_ = State::kOff;
    return Status::kOk;
  }
  if (!kept.ok()) return kept.status();
  if (kept.value().size() != kRecord) return Status::kCorrupt;
  const char* const bytes = kept.value().data();
  keys_ = DeviceKeys(crypto_, kept.value().substr(0, sizeof(Key)), device_id);
  NonceLedger::Floors floors;
  for (size_t i = 0; i < floors.size(); i++) floors[i] = get_seal_u64(bytes + sizeof(Key) + 8 * i);
  ledger_.start(floors);
  wipe_scratch();
  state_ = State::kOn;
  return Status::kOk;
}

Status MessageAuth::set_secret(const Key& secret, std::string_view device_id) {
  const DeviceKeys keys(crypto_, digest_view(secret), device_id);
  // What was taken stays so where nothing changes: a repeated request must not open the way for others.
  if (state_ == State::kOn && keys == keys_) return Status::kOk;
  char bytes[kRecord] = {};
  std::memcpy(bytes, secret.data(), secret.size());
  const Status saved = save({bytes, sizeof bytes});
  wipe(bytes, sizeof bytes);
  if (saved != Status::kOk) return saved;
  keys_ = keys;
  ledger_.start({});
  state_ = State::kOn;
  return Status::kOk;
}

Status MessageAuth::forget_secret() {
  const Status saved = save(std::string_view("", 0));
  if (saved != Status::kOk) return saved;
  keys_ = {};
  state_ = State::kOff;
  return Status::kOk;
}

Status MessageAuth::keep_floors(const NonceLedger::Floors& floors) {
  // The secret is in flash alone, so the record is read to be changed.
  const Expected<std::string_view> kept = record_.load();
  Status saved = kept.status();
  if (kept.ok()) {
    char bytes[kRecord];
    std::memcpy(bytes, kept.value().data(), sizeof(Key));
    for (size_t i = 0; i < floors.size(); i++) put_seal_u64(bytes + sizeof(Key) + 8 * i, floors[i]);
    saved = save({bytes, sizeof bytes});
    wipe(bytes, sizeof bytes);
  }
  wipe_scratch();
  return saved;
}

Status MessageAuth::save(std::string_view record) {
  const Status saved = record_.save(record);
  // Into the other slot too: one that decays must not bring an older secret back, or older floors. What the second write
  // comes to is no matter, for the first one holds.
  if (saved == Status::kOk) (void)record_.save(record);
  wipe_scratch();
  return saved;
}

void MessageAuth::wipe_scratch() { wipe(scratch_, sizeof scratch_); }

OpenedSeal MessageAuth::open(std::string_view message) {
  OpenedSeal seal;
  SealReader in(message);
  if (!in.take(kSealKid)) return seal;
  seal.fault = SealFault::kMalformed;
  seal.role = in.role();
  in.take(kSealNonce);
  seal.nonce.epoch = in.number(Nonce::kMaxEpoch);
  in.take(".");
  seal.nonce.number = static_cast<uint32_t>(in.number(UINT32_MAX));
  in.take(kSealEnd);
  const size_t mac_from = in.at();
  in.take(kSealMac);
  const Digest told = in.digest();
  in.take(kSealEnd);
  if (!in.ok()) return seal;
  seal.fault = SealFault::kStorage;
  if (state_ != State::kOn) return seal;
  Key key = keys_.key(crypto_, seal.role, KeyDirection::kDown);
  const bool holds =
      same_digest(told, crypto_.hmac_sha256(digest_view(key), message.substr(0, mac_from), message.substr(in.at())));
  wipe(key.data(), key.size());
  seal.fault = SealFault::kForged;
  if (!holds) return seal;
  switch (ledger_.take(static_cast<size_t>(seal.role), seal.nonce)) {
    case NonceVerdict::kNew: break;
    case NonceVerdict::kSeen: seal.fault = SealFault::kSeen; return seal;
    case NonceVerdict::kStale: seal.fault = SealFault::kStale; return seal;
    case NonceVerdict::kStorage: seal.fault = SealFault::kStorage; return seal;
  }
  seal.fault = SealFault::kNone;
  seal.access = seal.role == KeyRole::kAdmin      ? Access::kAdmin
                : seal.role == KeyRole::kOperator ? Access::kOperator
                                                  : Access::kViewer;
  return seal;
}

Expected<std::string_view> MessageAuth::seal(const OpenedSeal& request, std::string_view reply, char* out,
                                             size_t capacity) {
  if (request.fault != SealFault::kNone && request.fault != SealFault::kStale) return Status::kInvalid;
  if (state_ != State::kOn || reply.size() < 3 || reply.substr(0, 2) != "{\"") return Status::kInvalid;
  SmallString<kMaxSeal> head;
  (void)head.append(kSealKid);
  (void)head.append(key_role_name(request.role));
  (void)head.append(kSealNonce);
  append_seal_decimal(head, request.nonce.epoch);
  (void)head.append(".");
  append_seal_decimal(head, request.nonce.number);
  (void)head.append(kSealEnd);
  const std::string_view rest = reply.substr(1);
  const size_t size = head.view().size() + kSealMac.size() + kSealHexSize + kSealEnd.size() + rest.size();
  if (size > capacity) return Status::kNoSpace;
  Key key = keys_.key(crypto_, request.role, KeyDirection::kUp);
  const Digest mac = crypto_.hmac_sha256(digest_view(key), head.view(), rest);
  wipe(key.data(), key.size());
  (void)head.append(kSealMac);
  for (const uint8_t byte : mac) {
    const char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    (void)head.append({digits, 2});
  }
  (void)head.append(kSealEnd);
  std::memmove(out + head.view().size(), rest.data(), rest.size());
  std::memcpy(out, head.view().data(), head.view().size());
  return std::string_view(out, size);
}

}  // namespace fb
