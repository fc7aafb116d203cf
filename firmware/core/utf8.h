#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fb {

/// Bytes of the well-formed UTF-8 character at `at` (Unicode 15, table 3-7), or 0: overlong forms, surrogates, values
/// past U+10FFFF and cut characters are not well formed.
size_t utf8_length_at(std::string_view text, size_t at);

/// Writes `code_point` (a scalar value) as 1 to 4 bytes to `out` and says how many.
size_t utf8_encode(uint32_t code_point, char* out);

}  // namespace fb
