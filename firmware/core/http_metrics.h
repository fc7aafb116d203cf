#pragma once

#include <cstddef>
#include <string_view>

#include "core/json_reader.h"
#include "core/status.h"

namespace fb {

/// Writes the numbers of a JSON object as Prometheus text (exposition format 0.0.4): `fieldbench_heap_free 1234`. Names of
/// nested objects are joined by `_`; a boolean is 0 or 1. An array of objects with an "id" gives one line an object, with
/// the label `id`, and only of their own numbers; the lines of one name stand together, as the format wants it. All else is
/// left out. A text longer than the buffer comes in pieces of whole lines, each made by a walk over the same object.
class HttpMetrics {
 public:
  HttpMetrics(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  /// The lines from `first_line` on, as many as fit; kNoSpace: not even one does; kInvalid: no object, or names too long or
  /// nested too deep, anywhere in it.
  Expected<std::string_view> write(const JsonValue& object, size_t first_line = 0);
  /// Where the next piece begins; 0: there is none.
  size_t next_line() const { return next_line_; }

 private:
  static constexpr size_t kMaxPath = 96;
  static constexpr int kMaxDepth = 6;

  Status flatten(const JsonValue& object, int depth);
  Status flatten_list(const JsonValue& list);
  Status line(const JsonValue& value, const JsonValue& id);
  /// Appends `_name` to the path, with letters, digits and `_` only.
  Status push(const JsonValue& name);
  void put(std::string_view text);

  char* buffer_;
  size_t capacity_;
  size_t size_ = 0;
  size_t first_line_ = 0;
  size_t lines_ = 0;
  size_t next_line_ = 0;
  bool full_ = false;
  char path_[kMaxPath];
  size_t path_size_ = 0;
};

}  // namespace fb
