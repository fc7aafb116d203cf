#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json_reader.h"
#include "core/status.h"

namespace fb {

/// Writes one JSON text into the caller's buffer, commas by itself. What does not fit, or cannot be JSON (a number that
/// is not finite, text that is not UTF-8, nesting past 16), spoils it: then ok() is false and finish() gives nothing.
class JsonWriter {
 public:
  JsonWriter(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// A text that is JSON already.
  JsonWriter& raw(std::string_view json);

  bool ok() const { return !spoilt_; }
  /// The text; kNoSpace where it is spoilt or a container is still open.
  Expected<std::string_view> finish() const;
  /// Forgets everything written.
  void reset();
  size_t size() const { return size_; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void before_value();
  void put(char c);
  void put(std::string_view text);
  void put_quoted(std::string_view text);

  char* buffer_;
  size_t capacity_;
  size_t size_ = 0;
  uint32_t has_member_ = 0;  ///< one bit a level
  uint8_t depth_ = 0;
  bool after_key_ = false;
  bool spoilt_ = false;
};

}  // namespace fb
