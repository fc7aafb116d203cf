#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace fb {

constexpr size_t base64_size(size_t bytes) { return (bytes + 2) / 3 * 4; }

/// Writes `bytes` in base64 (RFC 4648 §4, padded) to `out`, which holds base64_size(bytes.size()).
size_t base64_encode(std::string_view bytes, char* out);
/// Reads it, strictly: padded, no other characters, unused bits zero. `out` may be where the text begins.
/// kInvalid: not base64; kNoSpace: more than `capacity` bytes.
Expected<size_t> base64_decode(std::string_view text, uint8_t* out, size_t capacity);

}  // namespace fb
