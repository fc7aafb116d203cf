#pragma once

#include <cstdint>

namespace fb {

/// True randomness: the chip's, or the host's.
class Rng {
 public:
  virtual ~Rng() = default;
  virtual uint32_t next() = 0;
};

}  // namespace fb
