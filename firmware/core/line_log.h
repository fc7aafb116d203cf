#pragma once

#include "core/line_text.h"
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
    constexpr std::string_view kEnd = "\r\n";
    LineText out(line, sizeof line - kEnd.size());
    out.put(letter).put(" (").number(mono_).put(") ").put(tag).put(": ").put(text);
    kEnd.copy(line + out.size(), kEnd.size());
    (void)serial_.write({line, out.size() + kEnd.size()});
    next_.write(level, tag, text);
  }

 private:
  SerialOut& serial_;
  Log& next_;
  Millis mono_ = 0;
};

}  // namespace fb
