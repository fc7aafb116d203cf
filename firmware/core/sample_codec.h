#pragma once

#include <cstddef>
#include <cstdint>

#include "core/component.h"

namespace fb {

/// Bytes of the longest varint, 64 bits.
inline constexpr size_t kMostVarint = 10;
/// Bytes that the values of a sample take at most.
inline constexpr size_t kMostPackedValues = kMaxMetrics * 9;

/// A value as an integer and what it is divided by; docs/telemetry-log.md §3.
struct ScaledValue {
  static constexpr uint8_t kUnscaled = 0xff;  ///< no such integer gives it back: it is kept as the double it is
  int64_t integer = 0;
  uint8_t scale = kUnscaled;
};

/// LEB128, at most kMostVarint bytes. Returns how many.
size_t put_log_varint(uint64_t value, uint8_t* out);
/// Small for small integers of either sign.
uint64_t log_zigzag(int64_t value);
int64_t log_unzigzag(uint64_t value);

/// Reads what stands in a record one after the other; past its end, or where it is none, ok() is false from then on.
class LogBytes {
 public:
  LogBytes(const uint8_t* bytes, size_t size) : next_(bytes), end_(bytes + size) {}

  uint8_t byte();
  uint64_t varint();
  double raw_double();
  /// The `size` bytes that come next; nullptr where there are not so many.
  const uint8_t* skip(size_t size);
  size_t left() const { return static_cast<size_t>(end_ - next_); }
  bool ok() const { return ok_; }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
  bool ok_ = true;
};

/// Finds each value's integer, in the scale of `before` where that gives the value back bit by bit, so that the scales
/// of a metric come to rest at its finest. True: no scale has changed, so that the values can be packed near `before`.
bool scale_values(const Metric* metrics, size_t count, const ScaledValue* before, ScaledValue* out);

/// Packs values and returns how many bytes, at most kMostPackedValues.
/// @param near what they are written against; nullptr: each is written whole
size_t pack_values(const Metric* metrics, const ScaledValue* values, size_t count, const ScaledValue* near,
                   uint8_t* out);

/// Takes back what pack_values() wrote with the same `near`. False: this is nothing it wrote.
/// @param scaled,metrics the values in either form, or nullptr; names of metrics stay
bool unpack_values(LogBytes& in, size_t count, const ScaledValue* near, ScaledValue* scaled, Metric* metrics);

}  // namespace fb
