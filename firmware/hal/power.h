#pragma once

#include <cstdint>

#include "core/time.h"

namespace fb {

/// Why the device started. The numbers are those of the WebAssembly ABI, docs/firmware.md §3.
enum class ResetReason : uint8_t {
  kUnknown = 0,
  kPowerOn = 1,
  kSoftware = 2,
  kPanic = 3,
  kWatchdog = 4,
  kBrownOut = 5,
  kDeepSleep = 6,
};

enum class SleepKind : uint8_t { kNone, kLight, kDeep };

/// What the body knows of its power, and its watchdog.
class Power {
 public:
  virtual ~Power() = default;
  virtual ResetReason reset_reason() = 0;
  /// The device is alive. Where it is not said for some seconds, the body starts the device anew.
  virtual void feed_watchdog() {}
};

}  // namespace fb
