#include "core/json_number.h"

#include <cmath>

#include "core/decimal.h"
#include "core/line_text.h"

// Not <charconv> and not the C library: the tables of the one are 140 KB in the WebAssembly body, the other's printf and
// strtod with their long doubles 24 KB. What a device says is nearly always a few digits, which need neither.

namespace fb {

namespace {

bool is_number_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits of a JSON number and their place, zeros at both ends left out.
class NumberText {
 public:
  explicit NumberText(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  /// False: it is no number.
  bool read() {
    negative_ = at_ != end_ && *at_ == '-' && ++at_;
    const char* const whole = at_;
    while (at_ != end_ && is_number_digit(*at_)) take(*at_++, true);
    if (at_ == whole) return false;
    if (at_ != end_ && *at_ == '.') {
      const char* const fraction = ++at_;
      while (at_ != end_ && is_number_digit(*at_)) take(*at_++, false);
      if (at_ == fraction) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E') && !read_exponent()) return false;
    while (decimal_.count > 0 && decimal_.digits[decimal_.count - 1] == '0') decimal_.count--;
    return at_ == end_;
  }
  double value() const {
    const double size = nearest_double(decimal_);
    return negative_ ? -size : size;
  }

 private:
  void take(char digit, bool whole) {
    const bool leading = decimal_.count == 0 && digit == '0';
    if (!leading) decimal_.digits[decimal_.count++] = digit;
    if (whole && !leading) decimal_.point++;
    if (!whole && leading) decimal_.point--;
  }
  bool read_exponent() {
    at_++;
    const bool down = at_ != end_ && *at_ == '-';
    if (at_ != end_ && (*at_ == '-' || *at_ == '+')) at_++;
    const char* const first = at_;
    int32_t power = 0;
    for (; at_ != end_ && is_number_digit(*at_); at_++)
      if (power < 100'000) power = power * 10 + (*at_ - '0');
    decimal_.point += down ? -power : power;
    return at_ != first;
  }

  const char* at_;
  const char* end_;
  bool negative_ = false;
  Decimal decimal_;
};

/// The first digits, rounded to `count`, ties to even, without zeros at the end.
void round_digits(const LeadingDigits& exact, size_t count, Decimal& out) {
  out.point = exact.decimal.point;
  out.count = count;
  for (size_t i = 0; i < count; i++) out.digits[i] = exact.decimal.digits[i];
  int against_half = exact.half;
  if (count < exact.decimal.count) {
    bool more = exact.more;
    for (size_t i = count + 1; i < exact.decimal.count; i++) more = more || exact.decimal.digits[i] != '0';
    const char next = exact.decimal.digits[count];
    against_half = next != '5' ? (next > '5' ? 1 : -1) : more ? 1 : 0;
  }
  const bool odd = (out.digits[count - 1] & 1) != 0;
  if (against_half > 0 || (against_half == 0 && odd)) {
    size_t i = count;
    while (i > 0 && out.digits[i - 1] == '9') i--;
    if (i == 0) {
      out.digits[0] = '1';
      out.count = 1;
      out.point++;
      return;
    }
    out.digits[i - 1]++;
    out.count = i;
  }
  while (out.count > 1 && out.digits[out.count - 1] == '0') out.count--;
}

/// As C's %g: with an exponent below 10^-4 and from 10^precision on.
void put_decimal(const Decimal& decimal, int precision, LineText& out) {
  const std::string_view digits(decimal.digits, decimal.count);
  const int power = decimal.point - 1;
  if (power < -4 || power >= precision) {
    out.put(digits[0]);
    if (digits.size() > 1) out.put('.').put(digits.substr(1));
    out.put('e').put(power < 0 ? '-' : '+');
    const auto size = static_cast<uint64_t>(power < 0 ? -power : power);
    if (size < 10) out.put('0');
    out.unsigned_number(size);
    return;
  }
  if (decimal.point <= 0) {
    out.put("0.");
    for (int i = decimal.point; i < 0; i++) out.put('0');
    out.put(digits);
    return;
  }
  const auto whole = static_cast<size_t>(decimal.point);
  out.put(digits.substr(0, whole));
  for (size_t i = digits.size(); i < whole; i++) out.put('0');
  if (digits.size() > whole) out.put('.').put(digits.substr(whole));
}

/// Most of what is measured has a few places: n / 10^places, where both are doubles and their quotient is the value.
bool put_places(double value, LineText& out) {
  double tens = 10;
  for (size_t places = 1; places <= 6; places++, tens *= 10) {
    const double whole = std::nearbyint(value * tens);
    if (whole >= 1e15) return false;
    if (whole / tens != value) continue;
    auto rest = static_cast<uint64_t>(whole);
    char fraction[6];
    for (size_t i = places; i-- > 0; rest /= 10) fraction[i] = static_cast<char>('0' + rest % 10);
    out.unsigned_number(rest).put('.').put({fraction, places});
    return true;
  }
  return false;
}

}  // namespace

Expected<double> parse_number(std::string_view text) {
  if (text.size() > kMaxNumberText) return Status::kNoSpace;
  static_assert(kMaxNumberText <= Decimal::kMaxDigits);
  NumberText number(text);
  if (!number.read()) return Status::kInvalid;
  const double value = number.value();
  if (!std::isfinite(value)) return Status::kNoSpace;
  return value;
}

std::string_view format_number(double value, char* out) {
  LineText text(out, kMaxNumberLength);
  if (std::signbit(value)) text.put('-');
  const double size = std::fabs(value);
  // Whole numbers below 2^53 are most of what is written.
  if (size < 9007199254740992.0 && size == std::trunc(size)) return text.unsigned_number(static_cast<uint64_t>(size)).view();
  if (size >= 1e-4 && put_places(size, text)) return text.view();
  LeadingDigits exact;
  leading_digits(size, exact);
  Decimal rounded;
  int precision = 15;
  for (; precision <= 17; precision++) {
    round_digits(exact, static_cast<size_t>(precision), rounded);
    if (nearest_double(rounded) == size) break;
  }
  put_decimal(rounded, precision, text);
  return text.view();
}

}  // namespace fb
