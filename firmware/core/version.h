#pragma once

namespace fb {

/// The firmware's version, in this one place.
inline constexpr const char kFirmwareVersion[] = "0.2.0";

/// The protocol's major version, docs/protocol.md §6.
inline constexpr int kApiVersion = 1;

}  // namespace fb
