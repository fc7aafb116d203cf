#pragma once

#include <string_view>

#include "core/small_string.h"

namespace fb {

/// `iot/node/{id}/{leaf}`. kNoSpace cannot happen for a device id and a leaf of docs/protocol.md §3.
inline Status make_topic(std::string_view id, std::string_view leaf, SmallString<96>& out) {
  Status status = out.assign("iot/node/");
  if (status == Status::kOk) status = out.append(id);
  if (status == Status::kOk) status = out.append("/");
  return status == Status::kOk ? out.append(leaf) : status;
}

}  // namespace fb
