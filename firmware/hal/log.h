#pragma once

#include <cstdint>
#include <string_view>

namespace fb {

/// The numbers are those of the WebAssembly ABI, docs/firmware.md §3.
enum class LogLevel : uint8_t { kCritical = 0, kError = 1, kWarning = 2, kInfo = 3, kDebug = 4 };

/// Where lines for people go. The text is not kept.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view tag, std::string_view text) = 0;
};

}  // namespace fb
