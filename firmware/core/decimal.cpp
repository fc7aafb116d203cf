#include "core/decimal.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fb {

namespace {

constexpr size_t kLeadingCount = 17;
/// 10^22 is the largest power of ten that is a double.
constexpr int kExactTens = 22;
constexpr double kDecimalTens[kExactTens + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// A whole number of up to 1,600 bits: 5^453, which the smallest double with 128 digits needs, has 1,052, and quotients 64
/// more.
class Big {
 public:
  explicit Big(uint64_t value) { *this = value; }
  Big& operator=(uint64_t value) {
    words_[0] = static_cast<uint32_t>(value);
    words_[1] = static_cast<uint32_t>(value >> 32);
    size_ = words_[1] != 0 ? 2 : words_[0] != 0 ? 1 : 0;
    return *this;
  }

  bool zero() const { return size_ == 0; }
  int bits() const {
    int bits = static_cast<int>(size_) * 32;
    if (size_ == 0) return 0;
    for (uint32_t top = words_[size_ - 1]; (top & 0x8000'0000U) == 0; top <<= 1) bits--;
    return bits;
  }

  /// this = this · by + plus
  void multiply(uint32_t by, uint32_t plus = 0) {
    uint64_t carry = plus;
    for (size_t i = 0; i < size_; i++) {
      carry += static_cast<uint64_t>(words_[i]) * by;
      words_[i] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words_[size_++] = static_cast<uint32_t>(carry);
  }
  void multiply_by_fives(int power) {
    constexpr uint32_t kFive13 = 1'220'703'125;  // the largest power of five in 32 bits
    for (; power >= 13; power -= 13) multiply(kFive13);
    for (; power > 0; power--) multiply(5);
  }
  void shift_left(int bits) {
    if (size_ == 0 || bits <= 0) return;
    const auto words = static_cast<size_t>(bits / 32);
    std::memmove(words_ + words, words_, size_ * sizeof *words_);
    std::memset(words_, 0, words * sizeof *words_);
    size_ += words;
    if (bits % 32 != 0) multiply(uint32_t{1} << (bits % 32));
  }

  int compare(const Big& other) const {
    if (size_ != other.size_) return size_ < other.size_ ? -1 : 1;
    for (size_t i = size_; i-- > 0;)
      if (words_[i] != other.words_[i]) return words_[i] < other.words_[i] ? -1 : 1;
    return 0;
  }
  /// `other` is not above this.
  void subtract(const Big& other) {
    uint32_t borrow = 0;
    for (size_t i = 0; i < size_; i++) {
      const uint64_t take = static_cast<uint64_t>(i < other.size_ ? other.words_[i] : 0) + borrow;
      borrow = take > words_[i] ? 1 : 0;
      words_[i] -= static_cast<uint32_t>(take);
    }
    while (size_ > 0 && words_[size_ - 1] == 0) size_--;
  }

 private:
  uint32_t words_[50];
  size_t size_ = 0;
};

/// value · 2^exponent, rounded once, ties to even. `more`: the value is a little above `value`, whose highest bits are set.
double assemble(uint64_t value, bool more, int exponent) {
  int bits = 64;
  while ((value >> (bits - 1)) == 0) bits--;
  // Of a subnormal fewer than 53 bits are left.
  const int drop = std::max(bits - 53, -1074 - exponent);
  if (drop > 64) return 0;
  uint64_t kept = drop >= 64 ? 0 : drop > 0 ? value >> drop : value << -drop;
  if (drop > 0) {
    const uint64_t half = uint64_t{1} << (drop - 1);
    const uint64_t rest = drop >= 64 ? value : value & ((half << 1) - 1);
    if (rest > half || (rest == half && (more || (kept & 1) != 0))) kept++;
  }
  exponent += drop;
  if (kept == uint64_t{1} << 53) kept >>= 1, exponent++;
  if (exponent > 971) return HUGE_VAL;
  const bool normal = (kept >> 52) != 0;
  const uint64_t field = normal ? static_cast<uint64_t>(exponent + 1075) : 0;
  const uint64_t image = field << 52 | (kept & ((uint64_t{1} << 52) - 1));
  double out;
  std::memcpy(&out, &image, sizeof out);
  return out;
}

}  // namespace

double nearest_double(const Decimal& decimal) {
  if (decimal.count == 0 || decimal.point < -325) return 0;
  if (decimal.point > 310) return HUGE_VAL;
  int tens = decimal.point - static_cast<int>(decimal.count);
  if (decimal.count <= 19) {
    uint64_t whole = 0;
    for (size_t i = 0; i < decimal.count; i++) whole = whole * 10 + static_cast<uint64_t>(decimal.digits[i] - '0');
    // One rounding of two exact numbers (Clinger).
    if (whole <= uint64_t{1} << 53 && std::abs(tens) <= kExactTens) {
      const auto exact = static_cast<double>(whole);
      return tens < 0 ? exact / kDecimalTens[-tens] : exact * kDecimalTens[tens];
    }
  }
  Big numerator(0);
  for (size_t i = 0; i < decimal.count; i++) {
    if (numerator.zero()) numerator = static_cast<uint64_t>(decimal.digits[i] - '0');
    else numerator.multiply(10, static_cast<uint32_t>(decimal.digits[i] - '0'));
  }
  Big denominator(1);
  numerator.multiply_by_fives(tens);
  denominator.multiply_by_fives(-tens);
  // Both as long as each other: their ratio lies between a half and two, and 64 steps give its first 64 bits.
  const int shift = denominator.bits() - numerator.bits();
  numerator.shift_left(shift);
  denominator.shift_left(-shift);
  uint64_t quotient = 0;
  for (int bit = 0; bit < 64; bit++) {
    quotient <<= 1;
    if (numerator.compare(denominator) >= 0) {
      numerator.subtract(denominator);
      quotient |= 1;
    }
    numerator.shift_left(1);
  }
  return assemble(quotient, !numerator.zero(), tens - shift - 63);
}

void leading_digits(double value, LeadingDigits& out) {
  uint64_t image;
  std::memcpy(&image, &value, sizeof image);
  const int field = static_cast<int>(image >> 52 & 0x7ff);
  const uint64_t fraction = image & ((uint64_t{1} << 52) - 1);
  const int exponent = std::max(field, 1) - 1075;
  Big rest(fraction | (field != 0 ? uint64_t{1} << 52 : 0));
  Big unit(1);
  // The first guess at the point is right or one too low: 1233/4096 is a little below log10 2.
  const int top = rest.bits() + exponent - 1;
  int point = (top * 1233 - (top < 0 ? 4095 : 0)) / 4096;
  // rest / unit = value / 10^point, without the twos that 10^point has in common with 2^exponent.
  rest.multiply_by_fives(-point);
  unit.multiply_by_fives(point);
  rest.shift_left(exponent - point);
  unit.shift_left(point - exponent);
  for (;;) {
    Big next = unit;
    next.multiply(10);
    if (rest.compare(next) < 0) break;
    unit = next;
    point++;
  }
  if (rest.compare(unit) < 0) rest.multiply(10), point--;

  out.decimal.count = kLeadingCount;
  out.decimal.point = point + 1;
  for (size_t i = 0; i < kLeadingCount; i++) {
    char digit = '0';
    for (; rest.compare(unit) >= 0; digit++) rest.subtract(unit);
    out.decimal.digits[i] = digit;
    if (i + 1 < kLeadingCount && !rest.zero()) rest.multiply(10);
  }
  out.more = !rest.zero();
  rest.shift_left(1);
  out.half = static_cast<int8_t>(rest.compare(unit));
}

}  // namespace fb
