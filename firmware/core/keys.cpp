#include "core/keys.h"

#include <algorithm>

#include "core/small_string.h"

namespace fb {
namespace {

constexpr size_t kKeysMaxInfo = 128;

}  // namespace

std::string_view key_role_name(KeyRole role) {
  switch (role) {
    case KeyRole::kViewer: return "viewer";
    case KeyRole::kOperator: return "operator";
    case KeyRole::kAdmin: return "admin";
    case KeyRole::kTelemetry: return "telemetry";
    case KeyRole::kOta: return "ota";
  }
  return {};
}

// An empty salt is as one of zeros: HMAC pads it to a block.
Key hkdf_extract(Crypto& crypto, std::string_view salt, std::string_view secret) {
  return crypto.hmac_sha256(salt, secret, {});
}

Status hkdf_expand(Crypto& crypto, const Key& extracted, std::string_view info, uint8_t* out, size_t size) {
  if (size > 255 * sizeof(Digest) || info.size() > kKeysMaxInfo) return Status::kInvalid;
  // T(i) = HMAC(PRK, T(i−1) | info | i), in two pieces: what came before, and the rest.
  char tail[kKeysMaxInfo + 1];
  std::copy(info.begin(), info.end(), tail);
  Digest block{};
  for (size_t done = 0, i = 1; done < size; done += block.size(), i++) {
    tail[info.size()] = static_cast<char>(i);
    const std::string_view before = i == 1 ? std::string_view() : digest_view(block);
    block = crypto.hmac_sha256(digest_view(extracted), before, {tail, info.size() + 1});
    std::copy_n(block.begin(), std::min(block.size(), size - done), out + done);
  }
  wipe(block.data(), block.size());
  return Status::kOk;
}

DeviceKeys::DeviceKeys(Crypto& crypto, std::string_view secret, std::string_view device_id)
    : extracted_(hkdf_extract(crypto, device_id, secret)) {}

Key DeviceKeys::key(Crypto& crypto, KeyRole role, KeyDirection direction) const {
  // fieldbench/1/telemetry/down has 27 bytes.
  SmallString<48> info;
  (void)info.append("fieldbench/1/");
  (void)info.append(key_role_name(role));
  (void)info.append(direction == KeyDirection::kUp ? "/up" : "/down");
  Key key{};
  (void)hkdf_expand(crypto, extracted_, info.view(), key.data(), key.size());
  return key;
}

bool DeviceKeys::operator==(const DeviceKeys& other) const { return same_digest(extracted_, other.extracted_); }

bool same_digest(const Digest& a, const Digest& b) {
  uint8_t differs = 0;
  for (size_t i = 0; i < a.size(); i++) differs |= static_cast<uint8_t>(a[i] ^ b[i]);
  return differs == 0;
}

void wipe(void* bytes, size_t size) {
  auto* const at = static_cast<volatile uint8_t*>(bytes);
  for (size_t i = 0; i < size; i++) at[i] = 0;
}

}  // namespace fb
