#include "core/sample_codec.h"

#include <cmath>
#include <cstring>

namespace fb {
namespace {

/// Decimals, and the two that a BME280 divides by (datasheet §4.2.3: humidity in 1/1024 %, pressure in 1/256 Pa).
constexpr double kSampleScales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1024, 25600};
constexpr uint8_t kSampleScaleCount = sizeof kSampleScales / sizeof kSampleScales[0];
/// In place of a scale: a double follows.
constexpr uint64_t kRawSampleValue = 15;
/// Integers from here on are not all doubles.
constexpr double kSampleExactBelow = 9007199254740992.0;

bool scale_sample_value(double value, uint8_t scale, int64_t& out) {
  const double scaled = value * kSampleScales[scale];
  if (!(std::fabs(scaled) < kSampleExactBelow)) return false;
  out = std::llround(scaled);
  // −0 has no integer.
  return static_cast<double>(out) / kSampleScales[scale] == value && !(out == 0 && std::signbit(value));
}

}  // namespace

size_t put_log_varint(uint64_t value, uint8_t* out) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) out[size++] = static_cast<uint8_t>(value | 0x80);
  out[size++] = static_cast<uint8_t>(value);
  return size;
}

uint64_t log_zigzag(int64_t value) { return static_cast<uint64_t>(value) << 1 ^ (value < 0 ? UINT64_MAX : 0); }

int64_t log_unzigzag(uint64_t value) { return static_cast<int64_t>(value >> 1 ^ ((value & 1) != 0 ? UINT64_MAX : 0)); }

uint8_t LogBytes::byte() {
  if (next_ == end_) ok_ = false;
  return ok_ ? *next_++ : 0;
}

uint64_t LogBytes::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint8_t part = byte();
    value |= static_cast<uint64_t>(part & 0x7f) << shift;
    if (part < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

double LogBytes::raw_double() {
  double value = 0;
  const uint8_t* const bytes = skip(sizeof value);
  if (bytes == nullptr) return 0;
  uint64_t bits = 0;
  for (int i = 7; i >= 0; i--) bits = bits << 8 | bytes[i];
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

const uint8_t* LogBytes::skip(size_t size) {
  if (size > left()) ok_ = false;
  if (!ok_) return nullptr;
  const uint8_t* const bytes = next_;
  next_ += size;
  return bytes;
}

bool scale_values(const Metric* metrics, size_t count, const ScaledValue* before, ScaledValue* out) {
  bool same = true;
  for (size_t i = 0; i < count; i++) {
    const uint8_t last = before == nullptr ? ScaledValue::kUnscaled : before[i].scale;
    out[i].scale = last;
    if (last != ScaledValue::kUnscaled && scale_sample_value(metrics[i].value, last, out[i].integer)) continue;
    uint8_t scale = 0;
    while (scale < kSampleScaleCount && !scale_sample_value(metrics[i].value, scale, out[i].integer)) scale++;
    out[i].scale = scale < kSampleScaleCount ? scale : ScaledValue::kUnscaled;
    // One odd double among decimals is written raw and changes nothing for those after it.
    if (last != ScaledValue::kUnscaled && out[i].scale != ScaledValue::kUnscaled) same = false;
  }
  return same;
}

size_t pack_values(const Metric* metrics, const ScaledValue* values, size_t count, const ScaledValue* near,
                   uint8_t* out) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) {
    const ScaledValue& value = values[i];
    if (value.scale == ScaledValue::kUnscaled) {
      uint64_t bits;
      std::memcpy(&bits, &metrics[i].value, sizeof bits);
      out[size++] = static_cast<uint8_t>(kRawSampleValue << 1 | 1);
      for (int shift = 0; shift < 64; shift += 8) out[size++] = static_cast<uint8_t>(bits >> shift);
    } else if (near != nullptr && near[i].scale == value.scale) {
      size += put_log_varint(log_zigzag(value.integer - near[i].integer) << 1, out + size);
    } else {
      out[size++] = static_cast<uint8_t>(value.scale << 1 | 1);
      size += put_log_varint(log_zigzag(value.integer), out + size);
    }
  }
  return size;
}

bool unpack_values(LogBytes& in, size_t count, const ScaledValue* near, ScaledValue* scaled, Metric* metrics) {
  for (size_t i = 0; i < count; i++) {
    ScaledValue value;
    double number = 0;
    const uint64_t head = in.varint();
    if ((head & 1) == 0) {
      if (near == nullptr || near[i].scale == ScaledValue::kUnscaled) return false;
      // Unsigned, for what damage wrote may overflow.
      value.integer = static_cast<int64_t>(static_cast<uint64_t>(near[i].integer) +
                                           static_cast<uint64_t>(log_unzigzag(head >> 1)));
      value.scale = near[i].scale;
    } else if (head >> 1 == kRawSampleValue) {
      number = in.raw_double();
    } else {
      if (head >> 1 >= kSampleScaleCount) return false;
      value.integer = log_unzigzag(in.varint());
      value.scale = static_cast<uint8_t>(head >> 1);
    }
    if (value.scale != ScaledValue::kUnscaled) number = static_cast<double>(value.integer) / kSampleScales[value.scale];
    if (!in.ok()) return false;
    if (scaled != nullptr) scaled[i] = value;
    if (metrics != nullptr) metrics[i].value = number;
  }
  return true;
}

}  // namespace fb
