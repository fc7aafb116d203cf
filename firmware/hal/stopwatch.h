#pragma once

#include <cstdint>

namespace fb {

/// A fine clock for measuring how long work takes; it only rises.
class Stopwatch {
 public:
  virtual ~Stopwatch() = default;
  virtual uint64_t micros() = 0;
};

}  // namespace fb
