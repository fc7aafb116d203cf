#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/ota_fault.h"
#include "core/small_string.h"
#include "hal/crypto.h"

namespace fb {

enum class OtaAlgorithm : uint8_t { kRsa2048Pss = 1 };
enum class OtaCipher : uint8_t { kNone = 0, kAes256Cbc = 1 };

/// What a signed head says, docs/ota.md §1.
struct OtaManifest {
  static constexpr size_t kHeadSize = 160;
  static constexpr size_t kSignatureSize = 256;
  static constexpr size_t kChunkSize = 2048;
  static constexpr size_t kKeyIdSize = 8;
  static constexpr size_t kIvSize = 16;

  OtaAlgorithm algorithm = OtaAlgorithm::kRsa2048Pss;
  OtaCipher cipher = OtaCipher::kNone;
  bool allow_downgrade = false;
  uint8_t key_id[kKeyIdSize] = {};
  uint16_t chip = 0;
  uint32_t size = 0;  ///< bytes of the image
  SmallString<32> version;
  SmallString<32> product;
  Digest image{};    ///< of the image
  Digest digests{};  ///< of the list of chunk digests

  uint32_t chunks() const { return (size + kChunkSize - 1) / kChunkSize; }
  /// Bytes of a chunk as it is sent and written: a multiple of 16. `index` is below chunks().
  size_t chunk_size(uint32_t index) const {
    const size_t left = size - static_cast<size_t>(index) * kChunkSize;
    return left >= kChunkSize ? kChunkSize : (left + 15) / 16 * 16;
  }

  /// Takes a head apart; says nothing of its signature. kBadManifest, kUnsupported or kUnknownAlgorithm.
  OtaFault read(std::string_view head);
};

/// Precedence of two versions by semantic versioning 2.0.0 §11: below, at or above 0. What is no version is below all.
int compare_versions(std::string_view left, std::string_view right);

}  // namespace fb
