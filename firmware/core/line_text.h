#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace fb {

/// Text put together in a buffer of the caller's; what does not fit is cut. For the few words that are no JSON: printf's
/// formats are 20 KB of a WebAssembly body.
class LineText {
 public:
  /// Enough for any number here.
  static constexpr size_t kMaxInteger = 21;

  LineText(char* to, size_t capacity) : at_(to), begin_(to), end_(to + capacity) {}

  LineText& put(std::string_view text) {
    const size_t room = static_cast<size_t>(end_ - at_);
    const size_t size = text.size() < room ? text.size() : room;
    if (size > 0) std::memcpy(at_, text.data(), size);
    at_ += size;
    return *this;
  }
  LineText& put(char c) { return put(std::string_view(&c, 1)); }

  LineText& unsigned_number(uint64_t value) {
    char digits[kMaxInteger];
    char* from = digits + sizeof digits;
    do *--from = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
    return put(std::string_view(from, static_cast<size_t>(digits + sizeof digits - from)));
  }
  LineText& number(int64_t value) {
    if (value >= 0) return unsigned_number(static_cast<uint64_t>(value));
    return put('-').unsigned_number(0 - static_cast<uint64_t>(value));
  }
  /// As "12.3".
  LineText& tenths(uint64_t value) { return unsigned_number(value / 10).put('.').unsigned_number(value % 10); }

  size_t size() const { return static_cast<size_t>(at_ - begin_); }
  std::string_view view() const { return {begin_, size()}; }

 private:
  char* at_;
  char* begin_;
  char* end_;
};

}  // namespace fb
