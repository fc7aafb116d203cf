#pragma once

#include <cstddef>

namespace fb {

/// What the body knows of its memory.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Bytes the heap could still give.
  virtual size_t free_bytes() = 0;
};

}  // namespace fb
