#pragma once

#include <cstdint>
#include <string_view>

#include "core/ota_fault.h"
#include "hal/crypto.h"

namespace fb {

/// Opens a content key that was wrapped for this device and this head, docs/ota.md §3.
/// @param device_key 32 bytes: the device's key of the role `ota`
/// @param head_digest SHA-256 of the head it was wrapped for
/// @param content_key 32 bytes; untouched where the key does not open
/// @returns kNone or kBadWrappedKey
OtaFault unwrap_ota_key(Crypto& crypto, const uint8_t* device_key, const Digest& head_digest, std::string_view wrapped,
                        uint8_t* content_key);

/// Overwrites a secret, in a way that the compiler keeps.
void wipe_secret(void* bytes, size_t size);

}  // namespace fb
