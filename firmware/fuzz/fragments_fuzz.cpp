// Messages in pieces over a link that loses, repeats, swaps and damages them, and any pieces besides: the reader gives what was
// sent and nothing else, and over a link that does nothing of it, all that was sent.
#include <algorithm>
#include <string>
#include <vector>

#include "core/fragments.h"
#include "fuzz/fuzz_input.h"

namespace {

std::vector<std::string> pieces_of(const std::string& message, uint8_t number, size_t piece_size) {
  std::vector<std::string> out;
  fb::FragmentWriter writer(message, number, piece_size);
  for (;;) {
    std::vector<char> buffer(piece_size);  // its own block, so that a write past its end is seen
    const size_t size = writer.next(buffer.data());
    if (size == 0) break;
    fb::require(size <= piece_size);
    out.emplace_back(buffer.data(), size);
  }
  fb::require(writer.done() && out.size() <= 256);
  return out;
}

class Link {
 public:
  explicit Link(size_t capacity) : buffer_(capacity), reader_(buffer_.data(), capacity) {}

  void take(const std::string& piece) {
    const std::vector<char> own(piece.begin(), piece.end());
    const fb::FragmentStep step = reader_.take({own.data(), own.size()}, now);
    fb::require(step.message.size() <= buffer_.size());
    if (step.fault != fb::FragmentFault::kNone) fb::require(reader_.count(step.fault) > 0);
    if (!step.message.empty()) given.emplace_back(step.message);
  }
  void wait(fb::Millis span) {
    now.mono += span;
    const fb::Millis next = reader_.expire(now);
    fb::require(next == fb::kNever || (next > now.mono && next <= now.mono + fb::kFragmentPatienceMs));
  }
  void reset() { reader_.reset(); }

  fb::Now now{1, 0};
  std::vector<std::string> given;

 private:
  std::vector<char> buffer_;
  fb::FragmentReader reader_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fb::FuzzInput in(data, size);
  const uint8_t how = in.byte();
  Link link((how & 1) != 0 ? fb::kFragmentMaxMessage : 64u + in.byte());
  std::vector<std::string> sent;
  bool lossless = (how & 1) != 0;
  bool forged = false;
  uint8_t number = in.byte();
  while (!in.empty() && sent.size() < 200) {
    const uint8_t act = in.byte();
    if (act >= 240) {
      // Bytes of nobody: a checksum keeps most of them out, not all, so no more than their bounds are looked at.
      forged = true;
      link.take(in.take(in.byte()));
      continue;
    }
    if (act >= 236) link.reset();
    if (act >= 224) {
      link.wait(in.word());
      continue;
    }
    std::string message(1 + in.word() % fb::kFragmentMaxMessage, static_cast<char>(in.byte()));
    message.replace(0, std::min<size_t>(message.size(), 4), in.take(4), 0, std::min<size_t>(message.size(), 4));
    const size_t piece_size = fb::kFragmentMinPiece + in.word() % (fb::kFragmentMaxPiece - fb::kFragmentMinPiece + 1);
    number = static_cast<uint8_t>((number + 1) & 0x7f);
    const std::vector<std::string> pieces = pieces_of(message, number, piece_size);
    sent.push_back(message);
    size_t swapped = SIZE_MAX;
    for (size_t i = 0; i < pieces.size(); i++) {
      const uint8_t fate = (act & 1) != 0 ? in.byte() : 255;
      std::string piece = pieces[i];
      if (fate < 200) lossless = false;
      if (fate < 4) continue;
      if (fate < 8) link.take(piece);
      if (fate < 12 && i + 1 < pieces.size() && swapped != i) {
        link.take(pieces[i + 1]);
        swapped = i + 1;
      }
      // A flipped bit: a CRC-32 sees three of them for certain in a message of this length.
      if (fate >= 12 && fate < 16) {
        char& byte = piece[in.byte() % piece.size()];
        byte = static_cast<char>(byte ^ (1 << in.byte() % 8));
      }
      link.take(piece);
    }
  }
  if (!forged) {
    // In the order in which they were sent, and none twice.
    size_t at = 0;
    for (const std::string& message : link.given) {
      while (at < sent.size() && sent[at] != message) at++;
      fb::require(at < sent.size());
      at++;
    }
  }
  if (lossless && !forged) fb::require(link.given == sent);
  return 0;
}
