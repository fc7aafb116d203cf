#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"
#include "hal/crypto.h"

namespace fb {

/// A symmetric key, or the secret that keys are made from.
using Key = std::array<uint8_t, 32>;

/// What a key is for, docs/protocol.md §5. No two uses share a key.
enum class KeyRole : uint8_t { kViewer, kOperator, kAdmin, kTelemetry, kOta };
/// Up: from the device.
enum class KeyDirection : uint8_t { kUp, kDown };

/// As it stands in a key's name and in `kid`: "operator".
std::string_view key_role_name(KeyRole role);

/// HKDF-Extract (RFC 5869 §2.2) with SHA-256.
Key hkdf_extract(Crypto& crypto, std::string_view salt, std::string_view secret);
/// HKDF-Expand (RFC 5869 §2.3). kInvalid: more than 255 digests, or an info above 128 bytes.
Status hkdf_expand(Crypto& crypto, const Key& extracted, std::string_view info, uint8_t* out, size_t size);

/// The keys of one device: HKDF-SHA256 of its secret, its id as the salt. Only what was extracted is kept.
class DeviceKeys {
 public:
  DeviceKeys() = default;
  /// @param secret 32 bytes
  DeviceKeys(Crypto& crypto, std::string_view secret, std::string_view device_id);
  /// HKDF-Expand with `fieldbench/1/<role>/<direction>`; the cost of one HMAC.
  Key key(Crypto& crypto, KeyRole role, KeyDirection direction) const;
  bool operator==(const DeviceKeys& other) const;

 private:
  Key extracted_{};
};

/// Compares in a time that does not tell where they differ.
bool same_digest(const Digest& a, const Digest& b);
/// Makes a secret forgotten; unlike a plain write, it is not left out by a compiler.
void wipe(void* bytes, size_t size);

inline std::string_view digest_view(const Key& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

}  // namespace fb
