#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fb {

/// Who gets what the cable brings, in its order. The views are valid during the call only.
class SerialSink {
 public:
  virtual ~SerialSink() = default;
  /// The JSON of a Device API frame whose checksum holds.
  virtual void take_frame(std::string_view json) = 0;
  virtual void take_improv(uint8_t type, std::string_view data) = 0;
  /// A whole Improv packet whose checksum does not hold.
  virtual void take_bad_improv() = 0;
};

/// Takes the cable's bytes apart, docs/protocol.md §8: Device API frames and Improv packets; all else is text, which a
/// device does not read. Total and bounded; however the bytes are chunked, the same pieces come out. What begins like a
/// frame or a packet and does not check is text from its first byte on, and its second byte may begin another.
class SerialLine {
 public:
  static constexpr size_t kMaxJson = 4096;
  static constexpr size_t kMaxImprovData = 255;

  void take(std::string_view bytes, SerialSink& sink);
  /// Frames that did not check or were too long, and packets likewise, since the start.
  uint32_t bad_frames() const { return bad_frames_; }
  uint32_t bad_improv() const { return bad_improv_; }

 private:
  enum class Match : uint8_t { kMore, kText, kDone };
  /// Each is asked once for every length from 1 on, so only the last byte is new.
  Match match(std::string_view head, SerialSink& sink);
  Match match_frame(std::string_view head, SerialSink& sink);
  Match match_improv(std::string_view head, SerialSink& sink);

  static constexpr size_t kCrcDigits = 8;
  static constexpr size_t kJsonAt = 1 + kCrcDigits;
  char held_[kJsonAt + kMaxJson + 1];  ///< the beginning of something that is not whole yet
  size_t size_ = 0;
  uint32_t bad_frames_ = 0;
  uint32_t bad_improv_ = 0;
};

/// Writes a frame of `json` to `out` and gives its length, or 0 where it does not fit: `capacity` is 10 bytes more.
size_t write_frame(std::string_view json, char* out, size_t capacity);
/// Makes a frame around JSON that has 9 bytes before it and 1 after it to spare.
std::string_view frame_in_place(char* json, size_t size);
/// Writes to `out` likewise an Improv packet, of at most 255 bytes of data and 11 around it.
size_t write_improv(uint8_t type, std::string_view data, char* out, size_t capacity);

}  // namespace fb
