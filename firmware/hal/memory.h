#pragma once

#include <cstddef>

namespace fb {

/// What the body knows of its memory.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Bytes the heap could still give.
  virtual size_t free_bytes() = 0;
  /// The largest of them in one piece.
  virtual size_t largest_block() { return free_bytes(); }
  /// The least there was free since the start.
  virtual size_t least_free_bytes() { return free_bytes(); }
  /// Bytes of the task's stack that were never used; 0 where the body cannot say.
  virtual size_t stack_never_used() { return 0; }
};

}  // namespace fb
