#include "core/json_number.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Not <charconv>: its tables are 140 KB in the WebAssembly body, where the C library's own two functions are 24 KB, and
// on the ESP32 they are there already. Nobody calls setlocale, so the point is a point.

namespace fb {

Expected<double> parse_number(std::string_view text) {
  if (text.size() > kMaxNumberText) return Status::kNoSpace;
  char copy[kMaxNumberText + 1];
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  char* end = nullptr;
  const double value = std::strtod(copy, &end);
  if (text.empty() || end != copy + text.size()) return Status::kInvalid;
  if (!std::isfinite(value)) return Status::kNoSpace;
  return value;
}

std::string_view format_number(double value, char* out) {
  // Whole numbers below 2^53 are most of what is written, and need no search.
  if (value == std::trunc(value) && std::fabs(value) < 9007199254740992.0 && !(value == 0 && std::signbit(value)))
    return {out, static_cast<size_t>(std::snprintf(out, kMaxNumberLength, "%.0f", value))};
  int length = 0;
  for (int digits = 15; digits <= 17; digits++) {
    length = std::snprintf(out, kMaxNumberLength, "%.*g", digits, value);
    if (std::strtod(out, nullptr) == value) break;
  }
  return {out, static_cast<size_t>(length)};
}

}  // namespace fb
