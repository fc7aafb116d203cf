#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json_writer.h"
#include "core/small_string.h"
#include "core/time.h"
#include "hal/log.h"

namespace fb {

/// The device's log: keeps the newest lines in a ring so that they can be read over the API, and passes what its filter
/// lets through on to the body's own. Each line says which command caused it, if one did.
class Logger final : public Log {
 public:
  static constexpr size_t kRing = 1920;
  static constexpr size_t kMaxText = 200;  ///< what is longer is cut
  static constexpr size_t kMaxTags = 8;    ///< tags with a level of their own

  struct Line {
    uint32_t number = 0;  ///< rises by one with each line that was kept
    uint32_t ms = 0;      ///< since the start
    LogLevel level = LogLevel::kInfo;
    std::string_view tag;
    std::string_view text;
    std::string_view cause;  ///< the id of the command, or empty
  };

  explicit Logger(Log& next) : next_(next) {}

  void set_time(Millis since_start) { ms_ = static_cast<uint32_t>(since_start); }
  void write(LogLevel level, std::string_view tag, std::string_view text) override;

  /// Lines written until the next call carry this id; empty ends it. At most 64 bytes.
  void set_cause(std::string_view id) { (void)cause_.assign(id.substr(0, decltype(cause_)::kCapacity)); }

  /// What is above the level is dropped, and counted. An empty tag sets the level of all that have none of their own.
  /// kNoSpace: too many tags.
  Status set_level(std::string_view tag, LogLevel level);
  LogLevel level(std::string_view tag) const;
  void write_levels(JsonWriter& out) const;

  /// The oldest line whose number is at least `number`, in `line`, whose views last until the next write. False: none.
  bool read(uint32_t number, Line& line) const;
  uint32_t next_number() const { return next_number_; }
  uint32_t written(LogLevel level) const { return counts_[static_cast<size_t>(level)]; }
  uint32_t filtered() const { return filtered_; }
  /// Lines that the ring had to give up.
  uint32_t overwritten() const { return overwritten_; }

 private:
  struct Head {
    uint32_t ms;
    uint8_t level;
    uint8_t tag;
    uint8_t text;
    uint8_t cause;
    size_t size() const { return sizeof(Head) + tag + text + cause; }
  };
  struct Tag {
    SmallString<24> name;
    LogLevel level;
  };
  void drop_oldest();

  Log& next_;
  uint32_t ms_ = 0;
  SmallString<64> cause_;
  std::array<Tag, kMaxTags> tags_{};
  size_t tag_count_ = 0;
  LogLevel level_ = LogLevel::kInfo;
  std::array<uint32_t, 5> counts_{};
  uint32_t filtered_ = 0;
  uint32_t overwritten_ = 0;
  /// Whole lines one after another from `first_`; a line never goes over the end, where kEnd may say that none follows.
  char ring_[kRing];
  size_t first_ = 0;
  size_t end_ = 0;
  size_t wrap_ = kRing;  ///< where the lines before the wrap end
  uint32_t next_number_ = 1;
  uint32_t first_number_ = 1;
  bool inside_ = false;
};

/// "critical", "error", "warning", "info" or "debug".
std::string_view name_of(LogLevel level);
/// kInvalid: none of them.
Expected<LogLevel> log_level(const JsonValue& name);

}  // namespace fb
