#include "core/bit_packing.h"

#include <cstring>

namespace fb {

void ByteSink::byte(uint8_t value) {
  if (size_ < capacity_) out_[size_] = value;
  size_++;
}

void ByteSink::bytes(std::string_view value) {
  for (const char c : value) byte(static_cast<uint8_t>(c));
}

void ByteSink::u32(uint32_t value) {
  for (int i = 0; i < 4; i++) byte(static_cast<uint8_t>(value >> (8 * i)));
}

void ByteSink::real(double value) {
  uint64_t bits;
  static_assert(sizeof bits == sizeof value, "IEEE 754 doubles");
  std::memcpy(&bits, &value, sizeof bits);
  for (int i = 0; i < 8; i++) byte(static_cast<uint8_t>(bits >> (8 * i)));
}

void ByteSink::varint(uint64_t value) {
  for (; value > 0x7f; value >>= 7) byte(static_cast<uint8_t>(value | 0x80));
  byte(static_cast<uint8_t>(value));
}

void ByteSink::zigzag(int64_t value) { varint(static_cast<uint64_t>(value) << 1 ^ (value < 0 ? UINT64_MAX : 0)); }

void BitSink::put(uint64_t value, unsigned width) {
  waiting_ |= value << held_;
  for (held_ += width; held_ >= 8; held_ -= 8, waiting_ >>= 8) out_.byte(static_cast<uint8_t>(waiting_));
}

void BitSink::finish() {
  if (held_ > 0) out_.byte(static_cast<uint8_t>(waiting_));
  waiting_ = held_ = 0;
}

uint8_t ByteSource::byte() {
  if (at_ == bytes_.size()) ok_ = false;
  return ok_ ? static_cast<uint8_t>(bytes_[at_++]) : 0;
}

std::string_view ByteSource::bytes(size_t size) {
  if (size > bytes_.size() - at_) ok_ = false;
  if (!ok_) return {};
  at_ += size;
  return bytes_.substr(at_ - size, size);
}

uint32_t ByteSource::u32() {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) value |= static_cast<uint32_t>(byte()) << (8 * i);
  return value;
}

double ByteSource::real() {
  uint64_t bits = 0;
  for (int i = 0; i < 8; i++) bits |= static_cast<uint64_t>(byte()) << (8 * i);
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint64_t ByteSource::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 56; shift += 7) {
    const uint8_t next = byte();
    value |= static_cast<uint64_t>(next & 0x7f) << shift;
    if ((next & 0x80) != 0) continue;
    // Each number has one form.
    if (value >= kVarintLimit || (next == 0 && shift > 0)) ok_ = false;
    return ok_ ? value : 0;
  }
  ok_ = false;
  return 0;
}

int64_t ByteSource::zigzag() {
  const uint64_t value = varint();
  const auto half = static_cast<int64_t>(value >> 1);
  return (value & 1) != 0 ? -half - 1 : half;
}

uint64_t BitSource::get(unsigned width) {
  for (; held_ < width; held_ += 8) waiting_ |= static_cast<uint64_t>(in_.byte()) << held_;
  const uint64_t value = waiting_ & ((uint64_t{1} << width) - 1);
  waiting_ >>= width;
  held_ -= width;
  return value;
}

void BitSource::finish() {
  if (waiting_ != 0) in_.spoil();
  waiting_ = held_ = 0;
}

unsigned bit_width_of(uint64_t highest) {
  unsigned width = 0;
  for (; highest != 0; highest >>= 1) width++;
  return width;
}

}  // namespace fb
