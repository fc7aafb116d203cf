#pragma once

#include <cstdint>
#include <string_view>

namespace fb {

/// Why the OTA receiver did not do what it was asked; docs/ota.md §6.
enum class [[nodiscard]] OtaFault : uint8_t {
  kNone,
  kNoSlot,            ///< this body has no second slot
  kOnTrial,           ///< the other slot is the way back
  kBusy,              ///< another package is coming, or a restart is near
  kBadManifest,       ///< not a manifest: its size, or a text or number in it
  kUnsupported,       ///< of a format, cipher, flag or chunk size that came later
  kUnknownAlgorithm,
  kUnknownKey,
  kBadSignature,
  kWrongChip,
  kWrongProduct,
  kDowngrade,
  kTooLarge,          ///< for the slot
  kNoDeviceKey,       ///< encrypted, and this device has no key to unwrap with
  kBadWrappedKey,
  kNoSession,
  kBadLength,         ///< of a piece, an IV or a chunk
  kOutOfOrder,        ///< status tells what comes next
  kBadDigestList,     ///< as a whole not the one that was signed; it starts anew
  kBadChunk,
  kNotAnImage,        ///< does not begin as an image for this chip
  kIncomplete,
  kBadImage,          ///< what lies in flash is not what was signed
  kNotBootable,       ///< the body finds no valid image
  kFlash,
  kStorage,
  kNotOnTrial,
  kNoImageBefore,     ///< nothing to roll back to
};

/// The word of docs/ota.md §6; empty for kNone.
std::string_view ota_fault_word(OtaFault fault);

}  // namespace fb
