#pragma once

#include <cstddef>
#include <cstdint>

namespace fb {

/// Digits and a power of ten, exactly as much as a double may need: value = 0.d₁d₂d₃… · 10^point.
struct Decimal {
  static constexpr size_t kMaxDigits = 128;
  char digits[kMaxDigits];  ///< '0' to '9', the first not '0'
  size_t count = 0;         ///< 0: the value is zero
  int32_t point = 0;
};

/// The double nearest to it, ties to even; infinity beyond every double. Exact: big integers where 53 bits do not do.
double nearest_double(const Decimal& decimal);

/// The first 17 digits of a finite value above 0, not rounded.
/// @return whether anything but zeros follows them
struct LeadingDigits {
  Decimal decimal;
  bool more;     ///< digits other than zero follow
  int8_t half;   ///< what follows against a half of the last digit: below (-1), equal (0), above (1)
};
void leading_digits(double value, LeadingDigits& out);

}  // namespace fb
