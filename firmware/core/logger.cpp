#include "core/logger.h"

#include <cstring>

#include "core/utf8.h"

namespace fb {
namespace {

constexpr std::string_view kLevelNames[] = {"critical", "error", "warning", "info", "debug"};

/// At most `most` bytes, never inside of a character.
std::string_view cut_text(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<uint8_t>(text[most]) & 0xc0) == 0x80) most--;
  return text.substr(0, most);
}

}  // namespace

std::string_view name_of(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

Expected<LogLevel> log_level(const JsonValue& name) {
  for (size_t i = 0; i < sizeof kLevelNames / sizeof kLevelNames[0]; i++)
    if (name.equals(kLevelNames[i])) return static_cast<LogLevel>(i);
  return Status::kInvalid;
}

void Logger::write(LogLevel level, std::string_view tag, std::string_view text) {
  counts_[static_cast<size_t>(level)]++;
  if (level > this->level(tag)) {
    filtered_++;
    return;
  }
  // What is called below may log too; one line at a time.
  if (inside_) return;
  inside_ = true;
  next_.write(level, tag, text);
  inside_ = false;

  tag = cut_text(tag, 24);
  text = cut_text(text, kMaxText);
  const Head head{ms_, static_cast<uint8_t>(level), static_cast<uint8_t>(tag.size()), static_cast<uint8_t>(text.size()),
                  static_cast<uint8_t>(cause_.view().size())};
  const size_t size = head.size();
  const bool empty = first_number_ == next_number_;
  if (empty) {
    first_ = end_ = 0;
    wrap_ = kRing;
  }
  if (end_ + size > kRing) {
    // The rest of the ring is too short: what lies in it goes, and the line begins at the front.
    while (first_number_ != next_number_ && first_ >= end_) drop_oldest();
    wrap_ = end_;
    end_ = 0;
  }
  while (first_number_ != next_number_ && first_ >= end_ && first_ < end_ + size) drop_oldest();
  if (first_number_ == next_number_) {
    first_ = end_;
    wrap_ = kRing;
  }
  char* at = ring_ + end_;
  std::memcpy(at, &head, sizeof head);
  at += sizeof head;
  for (const std::string_view part : {tag, text, cause_.view()}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  end_ += size;
  next_number_++;
}

void Logger::drop_oldest() {
  Head head;
  std::memcpy(&head, ring_ + first_, sizeof head);
  first_ += head.size();
  first_number_++;
  overwritten_++;
  if (first_ >= wrap_) {
    first_ = 0;
    wrap_ = kRing;
  }
}

bool Logger::read(uint32_t number, Line& line) const {
  if (number >= next_number_) return false;
  size_t at = first_;
  for (uint32_t here = first_number_; here != next_number_; here++) {
    if (at >= wrap_) at = 0;
    Head head;
    std::memcpy(&head, ring_ + at, sizeof head);
    if (here >= number) {
      const char* text = ring_ + at + sizeof head;
      line.number = here;
      line.ms = head.ms;
      line.level = static_cast<LogLevel>(head.level);
      line.tag = {text, head.tag};
      line.text = {text + head.tag, head.text};
      line.cause = {text + head.tag + head.text, head.cause};
      return true;
    }
    at += head.size();
  }
  return false;
}

Status Logger::set_level(std::string_view tag, LogLevel level) {
  if (tag.empty()) {
    level_ = level;
    return Status::kOk;
  }
  for (size_t i = 0; i < tag_count_; i++) {
    if (tags_[i].name.view() != tag) continue;
    tags_[i].level = level;
    return Status::kOk;
  }
  if (tag_count_ == tags_.size() || tags_[tag_count_].name.assign(tag) != Status::kOk) return Status::kNoSpace;
  tags_[tag_count_++].level = level;
  return Status::kOk;
}

LogLevel Logger::level(std::string_view tag) const {
  for (size_t i = 0; i < tag_count_; i++)
    if (tags_[i].name.view() == tag) return tags_[i].level;
  return level_;
}

void Logger::write_levels(JsonWriter& out) const {
  out.begin_object().key("level").string(name_of(level_)).key("tags").begin_object();
  for (size_t i = 0; i < tag_count_; i++) out.key(tags_[i].name.view()).string(name_of(tags_[i].level));
  out.end_object().end_object();
}

}  // namespace fb
