#pragma once

#include <cstdint>

namespace fb {

/// What a caller may do, from its key; each may do what those before it may.
enum class Access : uint8_t { kNone, kViewer, kOperator, kAdmin };

}  // namespace fb
