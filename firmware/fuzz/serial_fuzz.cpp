// Any bytes on the cable, in any chunks: the same pieces come out however they are chunked, each piece written again lies in
// what came in, and a frame that is put behind it is still found.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/serial_line.h"
#include "fuzz/fuzz_input.h"

namespace {

/// Keeps pieces as the bytes they stand for.
class Pieces final : public fb::SerialSink {
 public:
  void take_frame(std::string_view json) override {
    std::string frame(json.size() + 10, 0);
    fb::require(fb::write_frame(json, frame.data(), frame.size()) == frame.size());
    frame.pop_back();  // CR may stand before the line feed
    all.push_back(frame);
  }
  void take_improv(uint8_t type, std::string_view data) override {
    std::string packet(data.size() + 11, 0);
    const size_t size = fb::write_improv(type, data, packet.data(), packet.size());
    fb::require(size > 0);
    packet.resize(size - 1);  // likewise
    all.push_back(packet);
  }
  void take_bad_improv() override { bad++; }
  std::vector<std::string> all;
  int bad = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static fb::SerialLine whole_line;
  static fb::SerialLine chunk_line;
  whole_line = fb::SerialLine();
  chunk_line = fb::SerialLine();
  // The first byte is how it is chunked.
  const size_t seed = size > 0 ? bytes[0] : 0;
  const std::string text(reinterpret_cast<const char*>(bytes) + (size > 0 ? 1 : 0), size > 0 ? size - 1 : 0);
  Pieces whole;
  whole_line.take(text, whole);
  Pieces chunked;
  for (size_t at = 0, n = seed; at < text.size(); n = n * 5 + 3) {
    const std::vector<char> chunk(text.begin() + static_cast<long>(at),
                                  text.begin() + static_cast<long>(std::min(text.size(), at + 1 + n % 7)));
    chunk_line.take({chunk.data(), chunk.size()}, chunked);
    at += chunk.size();
  }
  fb::require(whole.all == chunked.all && whole.bad == chunked.bad);
  fb::require(whole_line.bad_frames() == chunk_line.bad_frames() && whole_line.bad_improv() == chunk_line.bad_improv());
  size_t from = 0;
  for (const std::string& piece : whole.all) {
    const size_t at = text.find(piece, from);
    fb::require(at != std::string::npos);
    from = at + piece.size();
  }
  // A line feed ends a frame that was begun, and a packet has no more than 255 bytes of data.
  const std::string end(600, '\n');
  whole_line.take(end, whole);
  const size_t before = whole.all.size();
  char frame[32];
  whole_line.take({frame, fb::write_frame("{\"a\":1}", frame, sizeof frame)}, whole);
  fb::require(whole.all.size() == before + 1);
  return 0;
}
