#include "core/serial_line.h"

#include <cstring>

#include "core/crc32.h"

namespace fb {
namespace {

constexpr char kFrameStart = 0x1e;
constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kImprovHeader("IMPROV\x01", 7);
constexpr size_t kImprovDataAt = kImprovHeader.size() + 2;

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

void put_crc(std::string_view json, char* out) {
  const uint32_t crc = crc32(json);
  for (int i = 0; i < 8; i++) out[i] = kHexDigits[(crc >> (28 - 4 * i)) & 0xf];
}

uint8_t improv_sum(std::string_view bytes) {
  unsigned sum = 0;
  for (const char c : bytes) sum += static_cast<uint8_t>(c);
  return static_cast<uint8_t>(sum);
}

}  // namespace

void SerialLine::take(std::string_view bytes, SerialSink& sink) {
  for (const char c : bytes) {
    held_[size_++] = c;
    size_t start = 0;
    size_t length = size_;
    while (length > 0) {
      const Match found = match({held_ + start, length}, sink);
      if (found == Match::kMore && start + length == size_) break;
      if (found == Match::kMore) {
        length++;
        continue;
      }
      // Of what was only text the first byte goes, and the rest is looked at again from its first byte.
      start += found == Match::kDone ? length : 1;
      length = start < size_ ? 1 : 0;
    }
    std::memmove(held_, held_ + start, size_ - start);
    size_ -= start;
  }
}

SerialLine::Match SerialLine::match(std::string_view head, SerialSink& sink) {
  if (head.front() == kFrameStart) return match_frame(head, sink);
  return head.front() == kImprovHeader.front() ? match_improv(head, sink) : Match::kText;
}

SerialLine::Match SerialLine::match_frame(std::string_view head, SerialSink& sink) {
  if (head.size() == 1) return Match::kMore;
  const char c = head.back();
  if (head.size() <= kJsonAt) {
    if (is_hex_digit(c)) return Match::kMore;
  } else if (c == '\n') {
    const std::string_view json = head.substr(kJsonAt, head.size() - kJsonAt - 1);
    char digits[kCrcDigits];
    put_crc(json, digits);
    if (head.substr(1, kCrcDigits) == std::string_view(digits, kCrcDigits)) {
      sink.take_frame(json);
      return Match::kDone;
    }
  } else if (static_cast<uint8_t>(c) >= 0x20 && head.size() - kJsonAt <= kMaxJson) {
    return Match::kMore;
  }
  bad_frames_++;
  return Match::kText;
}

SerialLine::Match SerialLine::match_improv(std::string_view head, SerialSink& sink) {
  if (head.size() <= kImprovHeader.size())
    return head.back() == kImprovHeader[head.size() - 1] ? Match::kMore : Match::kText;
  if (head.size() < kImprovDataAt) return Match::kMore;
  const size_t length = static_cast<uint8_t>(head[kImprovDataAt - 1]);
  const size_t sum_at = kImprovDataAt + length;
  if (head.size() <= sum_at) return Match::kMore;
  if (static_cast<uint8_t>(head[sum_at]) != improv_sum(head.substr(0, sum_at))) {
    bad_improv_++;
    sink.take_bad_improv();
    return Match::kText;
  }
  sink.take_improv(static_cast<uint8_t>(head[kImprovHeader.size()]), head.substr(kImprovDataAt, length));
  return Match::kDone;
}

size_t write_frame(std::string_view json, char* out, size_t capacity) {
  const size_t size = 1 + 8 + json.size() + 1;
  if (json.size() > SerialLine::kMaxJson || size > capacity) return 0;
  out[0] = kFrameStart;
  std::memmove(out + 9, json.data(), json.size());
  put_crc({out + 9, json.size()}, out + 1);
  out[size - 1] = '\n';
  return size;
}

std::string_view frame_in_place(char* json, size_t size) {
  char* const at = json - 9;
  *at = kFrameStart;
  put_crc({json, size}, at + 1);
  json[size] = '\n';
  return {at, size + 10};
}

size_t write_improv(uint8_t type, std::string_view data, char* out, size_t capacity) {
  const size_t sum_at = kImprovDataAt + data.size();
  if (data.size() > SerialLine::kMaxImprovData || sum_at + 2 > capacity) return 0;
  std::memcpy(out, kImprovHeader.data(), kImprovHeader.size());
  out[kImprovHeader.size()] = static_cast<char>(type);
  out[kImprovDataAt - 1] = static_cast<char>(data.size());
  if (!data.empty()) std::memmove(out + kImprovDataAt, data.data(), data.size());
  out[sum_at] = static_cast<char>(improv_sum({out, sum_at}));
  out[sum_at + 1] = '\n';
  return sum_at + 2;
}

}  // namespace fb
