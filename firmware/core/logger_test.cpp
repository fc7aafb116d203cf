#include "core/logger.h"

#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

class Passed final : public fb::Log {
 public:
  void write(fb::LogLevel, std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

using fb::Logger;
using fb::LogLevel;

}  // namespace

FB_TEST("a line can be read with its number, its time and the command that caused it") {
  Passed passed;
  Logger log(passed);
  log.set_time(1234);
  log.write(LogLevel::kInfo, "boot", "up");
  log.set_cause("command-7");
  log.write(LogLevel::kWarning, "led", "too bright");
  log.set_cause({});
  Logger::Line line;
  EXPECT(log.read(1, line) && line.number == 1 && line.text == "up" && line.cause.empty() && line.ms == 1234);
  EXPECT(log.read(2, line) && line.number == 2 && line.tag == "led" && line.cause == "command-7");
  EXPECT(line.level == LogLevel::kWarning && !log.read(3, line));
  EXPECT(passed.lines.size() == 2 && log.written(LogLevel::kWarning) == 1);
}

FB_TEST("levels are changed at run time, for all tags or for one") {
  Passed passed;
  Logger log(passed);
  log.write(LogLevel::kDebug, "modbus", "frame");
  EXPECT(log.filtered() == 1 && passed.lines.empty());
  EXPECT(log.set_level("modbus", LogLevel::kDebug) == fb::Status::kOk);
  EXPECT(log.set_level({}, LogLevel::kError) == fb::Status::kOk);
  log.write(LogLevel::kDebug, "modbus", "frame");
  log.write(LogLevel::kWarning, "led", "too bright");
  EXPECT(passed.lines.size() == 1 && log.filtered() == 2);
  for (int i = 0; i < 7; i++) EXPECT(log.set_level("tag" + std::to_string(i), LogLevel::kInfo) == fb::Status::kOk);
  EXPECT(log.set_level("one more", LogLevel::kInfo) == fb::Status::kNoSpace);
}

FB_TEST("the ring keeps the newest lines whole, whatever their sizes, and counts those it gave up") {
  Passed passed;
  Logger log(passed);
  std::vector<std::string> written;
  uint32_t random = 7;
  for (int i = 0; i < 5000; i++) {
    random = random * 1664525 + 1013904223;
    const std::string text = std::to_string(i) + std::string((random >> 16) % 190, 'x');
    written.push_back(text);
    log.set_cause(i % 3 == 0 ? "some command" : "");
    log.write(LogLevel::kInfo, "tag", text);
    Logger::Line line;
    size_t held = 0;
    for (uint32_t number = 0; log.read(number, line); number = line.number + 1, held++)
      EXPECT_IN(text, line.text == written[line.number - 1] && line.tag == "tag");
    EXPECT_IN(text, held > 0 && held + log.overwritten() == written.size());
  }
  Logger::Line line;
  EXPECT(log.read(5000, line) && line.text == written.back());
}

FB_TEST("a text that is too long is cut between characters") {
  Passed passed;
  Logger log(passed);
  log.write(LogLevel::kInfo, "t", std::string(199, 'a') + "é");
  Logger::Line line;
  EXPECT(log.read(1, line) && line.text == std::string(199, 'a'));
}
