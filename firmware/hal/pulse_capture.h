#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace fb {

/// One stretch of a line at one level.
struct Pulse {
  bool high = false;
  uint32_t us = 0;
};

/// Pulls a line low and then listens to what comes back (RMT on a chip). Nothing blocks: begin(), then poll.
class PulseCapture {
 public:
  virtual ~PulseCapture() = default;
  /// Holds the line low for `low_us`, lets it go and records. kUnavailable: a capture is under way.
  virtual Status begin(uint32_t low_us) = 0;
  /// The pulses of the capture, once the line has been quiet for 1 ms; at most `capacity`. kUnavailable: not yet.
  virtual Expected<size_t> poll(Pulse* out, size_t capacity) = 0;
};

}  // namespace fb
