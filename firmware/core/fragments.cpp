#include "core/fragments.h"

#include "core/crc32.h"
#include "core/little_endian.h"

namespace fb {
namespace {

constexpr size_t kFragmentHead = 2;
constexpr size_t kFragmentFirstHead = 8;
constexpr uint8_t kFragmentLast = 0x80;
constexpr unsigned kFragmentNumbers = 128;
/// Messages so far behind the newest come late, or again.
constexpr unsigned kFragmentLate = 8;

uint8_t fragment_byte(std::string_view piece, size_t at) { return static_cast<uint8_t>(piece[at]); }
uint8_t fragment_number(std::string_view piece) { return fragment_byte(piece, 0) & 0x7f; }

/// Over the number too: a message under another one is another message.
uint32_t fragment_crc(uint8_t number, std::string_view message) {
  const char head = static_cast<char>(number);
  return crc32(message, crc32({&head, 1}));
}

}  // namespace

FragmentWriter::FragmentWriter(std::string_view message, uint8_t number, size_t piece_size)
    : piece_size_(piece_size), number_(static_cast<uint8_t>(number & 0x7f)) {
  if (message.size() > kFragmentMaxMessage || piece_size < kFragmentMinPiece || piece_size > kFragmentMaxPiece) return;
  message_ = message;
}

size_t FragmentWriter::next(char* out) {
  if (done()) return 0;
  size_t size = kFragmentHead;
  if (index_ == 0) {
    out[2] = static_cast<char>(message_.size());
    out[3] = static_cast<char>(message_.size() >> 8);
    put_u32(out + 4, fragment_crc(number_, message_));
    size = kFragmentFirstHead;
  }
  const size_t taken = message_.copy(out + size, piece_size_ - size, at_);
  at_ += taken;
  out[0] = static_cast<char>(number_ | (done() ? kFragmentLast : 0));
  out[1] = static_cast<char>(index_++);
  return size + taken;
}

std::string_view fragment_fault_name(FragmentFault fault) {
  switch (fault) {
    case FragmentFault::kNone: return "none";
    case FragmentFault::kMalformed: return "malformed";
    case FragmentFault::kLost: return "lost";
    case FragmentFault::kInterrupted: return "interrupted";
    case FragmentFault::kRepeated: return "repeated";
    case FragmentFault::kDamaged: return "damaged";
  }
  return {};
}

FragmentStep FragmentReader::note(FragmentFault fault) {
  counts_[static_cast<size_t>(fault)]++;
  return {{}, fault};
}

FragmentStep FragmentReader::pass_over(FragmentFault fault, uint8_t number) {
  passed_ = number;
  return note(fault);
}

/// A message that could have been awaited, of which anything else came than its beginning.
FragmentStep FragmentReader::miss(FragmentFault fault, uint8_t number) {
  if (!is_late(number)) heard_ = number;
  return pass_over(fault, number);
}

FragmentStep FragmentReader::drop(FragmentFault fault) {
  total_ = 0;
  return pass_over(fault, number_);
}

FragmentStep FragmentReader::refuse(std::string_view piece) {
  if (under_way()) return drop(FragmentFault::kMalformed);
  return piece.empty() ? note(FragmentFault::kMalformed)
                       : miss(FragmentFault::kMalformed, fragment_number(piece));
}

Millis FragmentReader::expire(const Now& now) {
  if (!under_way()) return kNever;
  if (now.mono - taken_at_ < kFragmentPatienceMs) return taken_at_ + kFragmentPatienceMs;
  drop(FragmentFault::kLost);
  return kNever;
}

void FragmentReader::reset() {
  if (under_way()) drop(FragmentFault::kLost);
  passed_ = heard_ = given_ = kNoNumber;
}

FragmentStep FragmentReader::take(std::string_view piece, const Now& now) {
  (void)expire(now);
  const bool first = piece.size() > 1 && piece[1] == 0;
  if (piece.size() <= (first ? kFragmentFirstHead : kFragmentHead)) return refuse(piece);
  taken_at_ = now.mono;
  return first ? take_first(piece) : take_further(piece);
}

FragmentStep FragmentReader::take_first(std::string_view piece) {
  const uint8_t number = fragment_number(piece);
  const size_t total = fragment_byte(piece, 2) | static_cast<size_t>(fragment_byte(piece, 3)) << 8;
  const uint32_t crc = get_u32(piece.data() + 4);
  const std::string_view bytes = piece.substr(kFragmentFirstHead);
  if (total > kFragmentMaxMessage || total > capacity_ || bytes.size() > total) return refuse(piece);
  if (total == total_ && crc == crc_ && repeats_last(piece, bytes)) return note(FragmentFault::kRepeated);
  const bool given = number == given_ && total == given_size_ && crc == given_crc_;
  if (given || is_late(number)) return pass_over(FragmentFault::kRepeated, number);
  FragmentFault before = FragmentFault::kNone;
  if (leaves_some_out(number)) before = note(FragmentFault::kLost).fault;
  if (under_way()) before = drop(FragmentFault::kInterrupted).fault;
  heard_ = number;
  total_ = total;
  crc_ = crc;
  number_ = number;
  due_ = 0;
  size_ = 0;
  FragmentStep step = append(piece, bytes);
  if (step.fault == FragmentFault::kNone) step.fault = before;
  return step;
}

FragmentStep FragmentReader::take_further(std::string_view piece) {
  const uint8_t number = fragment_number(piece);
  const std::string_view bytes = piece.substr(kFragmentHead);
  if (!under_way() || number != number_) {
    if (number == passed_) return {};
    if (number == given_ || is_late(number)) return pass_over(FragmentFault::kRepeated, number);
    return miss(FragmentFault::kLost, number);
  }
  if (repeats_last(piece, bytes)) return note(FragmentFault::kRepeated);
  if (fragment_byte(piece, 1) != due_) return drop(FragmentFault::kLost);
  if (bytes.size() > total_ - size_) return drop(FragmentFault::kMalformed);
  return append(piece, bytes);
}

bool FragmentReader::is_late(uint8_t number) const {
  if (heard_ == kNoNumber) return false;
  const unsigned behind = (heard_ - number) % kFragmentNumbers;
  return behind >= 1 && behind <= kFragmentLate;
}

bool FragmentReader::leaves_some_out(uint8_t number) const {
  return heard_ != kNoNumber && (number - heard_) % kFragmentNumbers > 1;
}

bool FragmentReader::repeats_last(std::string_view piece, std::string_view bytes) const {
  // Nothing is under way after a last piece, so what was just taken was none.
  return under_way() && fragment_byte(piece, 0) == number_ && fragment_byte(piece, 1) + 1 == due_ &&
         bytes == std::string_view(buffer_ + last_at_, size_ - last_at_);
}

FragmentStep FragmentReader::append(std::string_view piece, std::string_view bytes) {
  last_at_ = size_;
  size_ += bytes.copy(buffer_ + size_, bytes.size());
  due_++;
  if ((fragment_byte(piece, 0) & kFragmentLast) == 0) return {};
  const std::string_view message(buffer_, size_);
  if (size_ != total_ || fragment_crc(number_, message) != crc_) return drop(FragmentFault::kDamaged);
  given_ = number_;
  given_size_ = total_;
  given_crc_ = crc_;
  passed_ = kNoNumber;
  total_ = 0;
  return {message, FragmentFault::kNone};
}

}  // namespace fb
