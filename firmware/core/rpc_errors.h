#pragma once

namespace fb {

/// Error codes of the Device API, docs/protocol.md §4.2.
namespace rpc {
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kNoMethod = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternal = -32603;
inline constexpr int kNoComponent = -32000;
inline constexpr int kExpired = -32001;
inline constexpr int kBusy = -32002;
inline constexpr int kNotAllowed = -32003;
inline constexpr int kRefused = -32004;
inline constexpr int kStorageFailed = -32005;
inline constexpr int kOutcomeUnknown = -32006;
inline constexpr int kAnswerTooLarge = -32007;
}  // namespace rpc

}  // namespace fb
