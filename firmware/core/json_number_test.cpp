#include "core/json_number.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "ports/host/test.h"

namespace {

/// What the C library makes of it: the oracle.
std::string told_by_c(double value) {
  char out[64];
  if (value == std::trunc(value) && std::fabs(value) < 9007199254740992.0 && !(value == 0 && std::signbit(value)))
    return {out, static_cast<size_t>(std::snprintf(out, sizeof out, "%.0f", value))};
  int length = 0;
  for (int digits = 15; digits <= 17; digits++) {
    length = std::snprintf(out, sizeof out, "%.*g", digits, value);
    if (std::strtod(out, nullptr) == value) break;
  }
  return {out, static_cast<size_t>(length)};
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void expect_written_and_read(double value) {
  char text[fb::kMaxNumberLength];
  const std::string ours(fb::format_number(value, text));
  EXPECT_IN(ours, ours == told_by_c(value));
  const fb::Expected<double> back = fb::parse_number(ours);
  EXPECT_IN(ours, back.ok() && same_bits(back.value(), value));
}

void expect_read(const std::string& text) {
  const double wanted = std::strtod(text.c_str(), nullptr);
  const fb::Expected<double> got = fb::parse_number(text);
  if (!std::isfinite(wanted)) EXPECT_IN(text, got.status() == fb::Status::kNoSpace);
  else EXPECT_IN(text, got.ok() && same_bits(got.value(), wanted));
}

double of_bits(uint64_t bits) {
  double out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

}  // namespace

FB_TEST("any double is written as the C library writes it, and read back bit for bit") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 30'000; i++) {
    const double any = of_bits(random());
    if (std::isfinite(any)) expect_written_and_read(any);
    expect_written_and_read(of_bits(random() >> 12));  // a subnormal
  }
}

FB_TEST("what sensors say is written as it was meant") {
  std::mt19937_64 random(8);
  double tens = 1;
  for (int places = 0; places <= 9; places++, tens *= 10)
    for (int i = 0; i < 5'000; i++) expect_written_and_read(static_cast<double>(static_cast<int64_t>(random() % 2'000'000'000) - 1'000'000'000) / tens);
}

FB_TEST("edges of the doubles are written and read") {
  const double edges[] = {0.0, -0.0, 5e-324, 2.2250738585072011e-308, 2.2250738585072014e-308, 1.7976931348623157e308, 9007199254740991.0,
                          9007199254740992.0, 9007199254740993.0, 1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 0.0001, 0.00001, 0.1, 0.3,
                          123456.7890125, 999999999999999.9, 0.99999999999999989, 8.5, 5e-5};
  for (const double edge : edges) expect_written_and_read(edge);
}

FB_TEST("any digits are read as the nearest double, ties to even") {
  std::mt19937_64 random(9);
  for (int i = 0; i < 30'000; i++) {
    std::string text;
    if (random() % 2 == 0) text += '-';
    const size_t whole = 1 + random() % 30;
    for (size_t k = 0; k < whole; k++) text += static_cast<char>('0' + (random() % 4 == 0 ? 0 : random() % 10));
    if (random() % 2 == 0) {
      text += '.';
      const size_t places = 1 + random() % 60;
      for (size_t k = 0; k < places; k++) text += static_cast<char>('0' + (random() % 3 == 0 ? 0 : random() % 10));
    }
    if (random() % 2 == 0) text += (random() % 2 == 0 ? "e-" : "E+") + std::to_string(random() % 345);
    expect_read(text);
  }
}

FB_TEST("a number half way between two doubles goes to the even one, and a hair beside it to the near one") {
  std::mt19937_64 random(10);
  for (int i = 0; i < 2'000; i++) {
    // Near 1 to 2^60 the middle of two doubles has few enough digits.
    const double low = std::ldexp(1.0 + static_cast<double>(random() >> 12) / std::ldexp(1, 52), static_cast<int>(random() % 60));
    char middle[200];
    std::snprintf(middle, sizeof middle, "%.80Lf", (static_cast<long double>(low) + std::nextafter(low, HUGE_VAL)) / 2);
    std::string text(middle);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text += '0';
    expect_read(text);
    expect_read(text + "0000000001");
  }
}

FB_TEST("the smallest, the largest and what lies beyond are told apart") {
  for (const char* text : {"4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "1e-99999999999",
                           "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "1e99999999999",
                           "0e99999", "-0", "-0.0", "0.000", "123456789012345678901234567890"})
    expect_read(text);
  std::string long_one = "0.";
  while (long_one.size() < fb::kMaxNumberText - 1) long_one += '0';
  expect_read(long_one + "7");
  EXPECT(fb::parse_number(long_one + "77").status() == fb::Status::kNoSpace);
  expect_read(std::string(fb::kMaxNumberText, '9'));
  expect_read(std::string(fb::kMaxNumberText - 5, '9') + "e-324");
  expect_read(std::string(fb::kMaxNumberText - 5, '9') + "e-440");
}

FB_TEST("what is no number is refused") {
  for (const char* text : {"", "-", ".5", "1.", "1e", "1e+", "+1", " 1", "1 ", "0x10", "inf", "nan", "1,5", "--1", "1e5.5"})
    EXPECT_IN(std::string(text), fb::parse_number(text).status() == fb::Status::kInvalid);
}
