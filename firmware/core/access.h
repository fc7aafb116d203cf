#pragma once

#include <cstdint>

namespace fb {

/// What a caller may do, from its key; each may do what those before it may. The owner has the device in hand: at its cable.
enum class Access : uint8_t { kNone, kViewer, kOperator, kAdmin, kOwner };

}  // namespace fb
