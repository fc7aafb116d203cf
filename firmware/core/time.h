#pragma once

#include <cstdint>

namespace fb {

/// Milliseconds of a clock that only rises; its zero is the host's to choose.
using Millis = uint64_t;

/// Never due.
inline constexpr Millis kNever = UINT64_MAX;

/// The time, passed in to everything that needs it.
struct Now {
  Millis mono = 0;
  /// ms since the Unix epoch; 0 while the clock was never set.
  int64_t unix_ms = 0;

  bool clock_set() const { return unix_ms > 0; }
};

}  // namespace fb
