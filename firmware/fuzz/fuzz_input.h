#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace fb {

/// What must hold of every input; where it does not, says which line wants it, and ends.
inline void require(bool held, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (held) return;
  std::fprintf(stderr, "%s:%d: does not hold\n", file, line);
  std::abort();
}

/// The fuzzer's bytes, and zeros after them.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}
  bool empty() const { return at_ == end_; }
  uint8_t byte() { return empty() ? 0 : *at_++; }
  uint16_t word() {
    const uint8_t low = byte();
    return static_cast<uint16_t>(low | byte() << 8);
  }
  uint64_t eight() {
    uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 8) out |= uint64_t{byte()} << shift;
    return out;
  }
  /// So many bytes.
  std::string take(size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(byte());
    return out;
  }
  /// Up to a NUL, which is taken too, or the end.
  std::string text() {
    std::string out;
    while (!empty()) {
      const auto c = static_cast<char>(byte());
      if (c == '\0') break;
      out += c;
    }
    return out;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace fb
