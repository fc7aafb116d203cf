#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"
#include "core/time.h"

namespace fb {

/// Messages over links of small packets, docs/protocol.md §9.
inline constexpr size_t kFragmentMaxMessage = 4096;
inline constexpr size_t kFragmentMinPiece = 20;
inline constexpr size_t kFragmentMaxPiece = 512;
/// A message whose next piece does not come for so long is given up.
inline constexpr Millis kFragmentPatienceMs = 5000;

/// Cuts one message into pieces. The message outlives it.
class FragmentWriter {
 public:
  FragmentWriter() = default;
  /// `message` is to have 1 … kFragmentMaxMessage bytes and `piece_size` is to be within the bounds above; else there are no pieces.
  /// @param number of the message: one more than that of the message before, modulo 128
  FragmentWriter(std::string_view message, uint8_t number, size_t piece_size);
  /// Writes the next piece to `out`, which holds `piece_size` bytes; 0: there is none left.
  size_t next(char* out);
  bool done() const { return at_ == message_.size(); }

 private:
  std::string_view message_;
  size_t piece_size_ = 0;
  size_t at_ = 0;
  uint8_t number_ = 0;
  uint8_t index_ = 0;
};

/// What is wrong with a piece or with the message it should have belonged to.
enum class FragmentFault : uint8_t { kNone, kMalformed, kLost, kInterrupted, kRepeated, kDamaged };
inline constexpr size_t kFragmentFaults = 6;

/// As in the vectors and in figures: "lost".
std::string_view fragment_fault_name(FragmentFault fault);

/// What came of a piece.
struct FragmentStep {
  std::string_view message;  ///< whole, in the reader's buffer until the next piece; empty: not yet
  FragmentFault fault = FragmentFault::kNone;
};

/// Puts pieces together. Total: any pieces give messages that were sent, or faults that are counted.
class FragmentReader {
 public:
  /// @param buffer kFragmentMaxMessage bytes that outlive it; a shorter one takes shorter messages
  FragmentReader(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  FragmentStep take(std::string_view piece, const Now& now);
  /// Gives up a message that waited too long. Returns when it wants to be asked again; kNever: no message is under way.
  Millis expire(const Now& now);
  /// The link came up anew.
  void reset();
  uint32_t count(FragmentFault fault) const { return counts_[static_cast<size_t>(fault)]; }

 private:
  static constexpr uint8_t kNoNumber = 0xff;

  bool under_way() const { return total_ > 0; }
  FragmentStep take_first(std::string_view piece);
  FragmentStep take_further(std::string_view piece);
  FragmentStep append(std::string_view piece, std::string_view bytes);
  bool is_late(uint8_t number) const;
  bool leaves_some_out(uint8_t number) const;
  bool repeats_last(std::string_view piece, std::string_view bytes) const;
  FragmentStep refuse(std::string_view piece);
  FragmentStep drop(FragmentFault fault);
  FragmentStep miss(FragmentFault fault, uint8_t number);
  FragmentStep pass_over(FragmentFault fault, uint8_t number);
  FragmentStep note(FragmentFault fault);

  char* buffer_;
  size_t capacity_;
  size_t total_ = 0;  ///< of the message under way; 0: there is none
  uint32_t crc_ = 0;
  uint8_t number_ = 0;
  uint16_t due_ = 0;    ///< the index of the next piece
  size_t size_ = 0;     ///< so much of it has come
  size_t last_at_ = 0;  ///< where the last piece's bytes begin
  uint8_t passed_ = kNoNumber;  ///< further pieces of this message are passed over
  uint8_t heard_ = kNoNumber;   ///< the newest message of which anything came
  uint8_t given_ = kNoNumber;   ///< the message that was given last
  size_t given_size_ = 0;
  uint32_t given_crc_ = 0;
  Millis taken_at_ = 0;
  uint32_t counts_[kFragmentFaults] = {};
};

}  // namespace fb
