#pragma once

#include <cstdint>
#include <string_view>

namespace fb {

enum class LogLevel : uint8_t { kError = 1, kWarning = 2, kInfo = 3 };

/// Where lines for people go. The text is not kept.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view tag, std::string_view text) = 0;
};

}  // namespace fb
