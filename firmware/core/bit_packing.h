#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fb {

/// Varints are below this, so that every one is exact as a double too.
inline constexpr uint64_t kVarintLimit = uint64_t{1} << 53;

/// Appends numbers to the caller's buffer, docs/protocol.md §3.5; without one (`out` null) it only counts. Past the buffer's end
/// it goes on counting and writes nothing.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(uint8_t* out, size_t capacity) : out_(out), capacity_(capacity) {}

  void byte(uint8_t value);
  void bytes(std::string_view value);
  void u32(uint32_t value);
  /// Its 8 bytes, lowest first.
  void real(double value);
  /// `value` is below kVarintLimit.
  void varint(uint64_t value);
  /// `value` is above −2⁵² − 1 and below 2⁵².
  void zigzag(int64_t value);

  size_t size() const { return size_; }
  bool fits() const { return size_ <= capacity_; }

 private:
  uint8_t* out_ = nullptr;
  size_t capacity_ = 0;
  size_t size_ = 0;
};

/// Packs fields lowest bit first into a sink; finish() fills the last byte with zeros.
class BitSink {
 public:
  explicit BitSink(ByteSink& out) : out_(out) {}
  /// @param width 0 … 52 bits; the value has no more
  void put(uint64_t value, unsigned width);
  void finish();

 private:
  ByteSink& out_;
  uint64_t waiting_ = 0;
  unsigned held_ = 0;
};

/// Reads what a ByteSink wrote. Total: from the first thing that does not fit on it gives zeros, and ok() is false.
class ByteSource {
 public:
  explicit ByteSource(std::string_view bytes) : bytes_(bytes) {}

  uint8_t byte();
  /// A view into the source's bytes.
  std::string_view bytes(size_t size);
  uint32_t u32();
  double real();
  uint64_t varint();
  int64_t zigzag();

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  void spoil() { ok_ = false; }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

class BitSource {
 public:
  explicit BitSource(ByteSource& in) : in_(in) {}
  /// @param width 0 … 52 bits
  uint64_t get(unsigned width);
  /// What is left of the last byte must be zeros.
  void finish();

 private:
  ByteSource& in_;
  uint64_t waiting_ = 0;
  unsigned held_ = 0;
};

/// The bits that hold 0 … highest.
unsigned bit_width_of(uint64_t highest);

}  // namespace fb
