#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base64.h"
#include "core/batch_codec.h"
#include "core/status.h"
#include "hal/crypto.h"

namespace fb {

/// What an envelope adds to its payload's base64, at most.
inline constexpr size_t kBatchEnvelopeExtra = 384;
inline constexpr size_t kBatchMaxNonce = 40;

constexpr size_t batch_envelope_size_at_most(size_t payload_size) {
  return kBatchEnvelopeExtra + base64_size(payload_size);
}

/// A batch's message, docs/protocol.md §3.5.
struct BatchEnvelope {
  std::string_view device_id;  ///< 1–64 bytes
  std::string_view payload;    ///< what encode_batch() wrote, not inside the buffer that the envelope goes to
  BatchCodec codec = BatchCodec::kBest;
  /// 1–40 of 0–9 a–z . - where there is a key.
  std::string_view nonce;
  /// 32 bytes, or empty: then there is neither nonce nor MAC.
  std::string_view key;
};

/// The MAC of a batch under the device's key for telemetry, of what §3.5 says. kInvalid: nonce or id out of bounds.
Expected<Digest> batch_mac(Crypto& crypto, const BatchEnvelope& envelope);

/// Writes the JSON. kInvalid: id or nonce out of bounds; kNoSpace: longer than `capacity`.
Expected<std::string_view> write_batch_envelope(Crypto& crypto, const BatchEnvelope& envelope, char* out, size_t capacity);

}  // namespace fb
