#pragma once

#include <cstddef>
#include <string_view>

#include "core/status.h"

namespace fb {

/// Enough for any double: sign, 17 digits, point, exponent.
inline constexpr size_t kMaxNumberLength = 32;

/// The longest text that is read as a number. Every double has a decimal form far shorter.
inline constexpr size_t kMaxNumberText = 128;

/// The double nearest to a JSON number (correctly rounded, as strtod). kInvalid: not a number; kNoSpace: beyond every
/// double, or longer than kMaxNumberText.
Expected<double> parse_number(std::string_view text);

/// The shortest of the 15, 16 and 17 digit forms that reads back as the same double. `out` holds kMaxNumberLength
/// bytes; `value` is finite.
std::string_view format_number(double value, char* out);

}  // namespace fb
