#pragma once

#include <cstdint>

#include "hal/flash_region.h"

namespace fb {

/// What the bootloader thinks of the image that runs.
enum class ImageState : uint8_t { kConfirmed, kOnTrial };

/// The two places of a firmware image, and the choice between them (otadata). The running one is never written.
class FirmwareSlots {
 public:
  virtual ~FirmwareSlots() = default;
  /// The slot that does not run. Its size() is 0 where this body has only one.
  virtual FlashRegion& other() = 0;
  /// Starts the other slot at the next restart, on trial. kCorrupt: the body finds no valid image in it.
  virtual Status boot_other() = 0;
  virtual ImageState running_state() = 0;
  /// The running image proved itself: it stays.
  virtual Status confirm_running() = 0;
  /// Gives the image before back. Returns only where there is none (kNotFound) or it failed; else it restarts, now or
  /// when the body next can.
  virtual Status roll_back() = 0;
};

}  // namespace fb
