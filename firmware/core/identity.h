#pragma once

#include "core/small_string.h"

namespace fb {

/// Who a device is; docs/protocol.md §1.
struct Identity {
  SmallString<64> id;
  SmallString<64> name;
  SmallString<32> model;
  bool simulated = false;
};

/// 1–64 bytes of UTF-8 without `/`, `+`, `#`, `$`, control characters or DEL.
bool is_device_id(std::string_view text);

}  // namespace fb
