#pragma once

#include <cstdio>

#include "core/time.h"
#include "hal/log.h"
#include "hal/uart.h"

namespace fb {

/// Log lines on the cable as ESP-IDF writes them, `I (1234) tag: text`, each whole; and on to the body's own log.
class LineLog final : public Log {
 public:
  LineLog(SerialOut& serial, Log& next) : serial_(serial), next_(next) {}

  void set_time(Millis mono) { mono_ = mono; }
  void write(LogLevel level, std::string_view tag, std::string_view text) override {
    char line[256];
    const char letter = level <= LogLevel::kError ? 'E' : "EEWID"[static_cast<size_t>(level)];
    const int size = std::snprintf(line, sizeof line - 2, "%c (%lu) %.*s: %.*s", letter,
                                   static_cast<unsigned long>(mono_), static_cast<int>(tag.size()), tag.data(),
                                   static_cast<int>(text.size()), text.data());
    // What is longer is cut, not lost.
    size_t end = static_cast<size_t>(size) < sizeof line - 2 ? static_cast<size_t>(size) : sizeof line - 3;
    line[end++] = '\r';
    line[end++] = '\n';
    (void)serial_.write({line, end});
    next_.write(level, tag, text);
  }

 private:
  SerialOut& serial_;
  Log& next_;
  Millis mono_ = 0;
};

}  // namespace fb
