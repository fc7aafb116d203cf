#include "core/ota_wrapped_key.h"

#include <cstring>

namespace fb {
namespace {

constexpr size_t kWrapIv = 16;
constexpr size_t kWrapCiphertext = 32;
constexpr size_t kWrapMac = 32;
constexpr std::string_view kWrapEncryptLabel = "fieldbench/1/ota/wrap/encrypt";
constexpr std::string_view kWrapMacLabel = "fieldbench/1/ota/wrap/mac";

std::string_view ota_view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Takes as long wherever they differ.
bool same_ota_mac(const Digest& mac, std::string_view told) {
  uint8_t difference = 0;
  for (size_t i = 0; i < mac.size(); i++) difference |= static_cast<uint8_t>(mac[i] ^ static_cast<uint8_t>(told[i]));
  return difference == 0;
}

}  // namespace

void wipe_secret(void* bytes, size_t size) {
  auto* const at = static_cast<volatile uint8_t*>(bytes);
  for (size_t i = 0; i < size; i++) at[i] = 0;
}

OtaFault unwrap_ota_key(Crypto& crypto, const uint8_t* device_key, const Digest& head_digest, std::string_view wrapped,
                        uint8_t* content_key) {
  if (wrapped.size() != kWrapIv + kWrapCiphertext + kWrapMac) return OtaFault::kBadWrappedKey;
  const std::string_view root(reinterpret_cast<const char*>(device_key), 32);
  const std::string_view covered = wrapped.substr(0, kWrapIv + kWrapCiphertext);
  Digest key = crypto.hmac_sha256(root, kWrapMacLabel, {});
  const bool holds = same_ota_mac(crypto.hmac_sha256(ota_view(key), ota_view(head_digest), covered),
                              wrapped.substr(covered.size()));
  Status opened = Status::kRefused;
  if (holds) {
    uint8_t plain[kWrapCiphertext];
    std::memcpy(plain, wrapped.data() + kWrapIv, sizeof plain);
    key = crypto.hmac_sha256(root, kWrapEncryptLabel, {});
    const auto* const iv = reinterpret_cast<const uint8_t*>(wrapped.data());
    opened = crypto.aes256_cbc_decrypt(key.data(), iv, plain, sizeof plain);
    if (opened == Status::kOk) std::memcpy(content_key, plain, sizeof plain);
    wipe_secret(plain, sizeof plain);
  }
  wipe_secret(key.data(), key.size());
  return opened == Status::kOk ? OtaFault::kNone : OtaFault::kBadWrappedKey;
}

}  // namespace fb
