#include "core/serial_line.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "core/crc32.h"
#include "ports/host/test.h"

using Json = nlohmann::json;

namespace {

struct Pieces final : fb::SerialSink {
  void take_frame(std::string_view json) override { all.push_back({{"frame", std::string(json)}}); }
  void take_improv(uint8_t type, std::string_view data) override {
    Json bytes = Json::array();
    for (const char c : data) bytes.push_back(static_cast<uint8_t>(c));
    all.push_back({{"improv", type}, {"data", bytes}});
  }
  void take_bad_improv() override { bad++; }
  Json all = Json::array();
  int bad = 0;
};

std::string bytes_of(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

}  // namespace

FB_TEST("takes every line of serial.json apart, in any chunks") {
  std::ifstream in(FB_VECTORS "/serial.json");
  for (const Json& c : Json::parse(in)) {
    const std::string bytes = bytes_of(c["hex"]);
    for (const size_t chunk : {size_t{1}, size_t{2}, size_t{7}, size_t{100'000}}) {
      fb::SerialLine line;
      Pieces pieces;
      for (size_t at = 0; at < bytes.size(); at += chunk) line.take(bytes.substr(at, chunk), pieces);
      EXPECT_IN(c["name"].get<std::string>() + " " + pieces.all.dump(), pieces.all == c["pieces"]);
    }
  }
}

FB_TEST("a frame or packet with any bit flipped is never taken") {
  char buffer[128];
  for (const bool improv : {false, true}) {
    const size_t size = improv ? fb::write_improv(3, std::string_view("\x02\x00", 2), buffer, sizeof buffer)
                               : fb::write_frame(R"({"id":"a"})", buffer, sizeof buffer);
    const std::string whole(buffer, size);
    // The line feed after a packet is not part of it.
    for (size_t bit = 0; bit < (size - (improv ? 1 : 0)) * 8; bit++) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      fb::SerialLine line;
      Pieces pieces;
      line.take(damaged, pieces);
      EXPECT(pieces.all.empty());
    }
  }
}

FB_TEST("a frame of 4,096 bytes is taken, one more is not") {
  for (const size_t size : {size_t{4096}, size_t{4097}}) {
    std::string json(size, 'x');
    std::string framed(size + 10, 0);
    const size_t made = fb::write_frame(json, framed.data(), framed.size());
    EXPECT((made != 0) == (size == 4096));
    fb::SerialLine line;
    Pieces pieces;
    line.take("\x1e" "00000000" + json, pieces);
    EXPECT(line.bad_frames() == (size == 4096 ? 0u : 1u));
    line.take({framed.data(), made}, pieces);
    EXPECT(pieces.all.size() == (size == 4096 ? 1u : 0u));
  }
}

namespace {

/// Everything a cable may bring, whole, broken and cut: frames, packets, log lines and noise of their own bytes.
std::string noise(std::mt19937& random) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::string line;
  for (unsigned part = below(12) + 1; part > 0; part--) {
    char buffer[512];
    std::string piece;
    switch (below(4)) {
      case 0: {
        std::string json = "{\"id\":\"";
        for (unsigned i = below(60); i > 0; i--) json += static_cast<char>('a' + below(26));
        json += "\"}";
        piece.assign(buffer, fb::write_frame(json, buffer, sizeof buffer));
        break;
      }
      case 1: {
        std::string data;
        for (unsigned i = below(256); i > 0; i--) data += static_cast<char>(below(256));
        piece.assign(buffer, fb::write_improv(static_cast<uint8_t>(below(5)), data, buffer, sizeof buffer));
        break;
      }
      case 2: piece = "I (1234) wifi: IMPROVED \x1e" "0a\r\n"; break;
      default:
        for (unsigned i = below(40); i > 0; i--) piece += "IMPROV\x01\x03\x1e" "09af\n {\""[below(18)];
    }
    const auto size = static_cast<unsigned>(piece.size());
    if (size > 0 && below(3) == 0) piece[below(size)] ^= static_cast<char>(1u << below(8));
    if (size > 0 && below(5) == 0) piece.resize(below(size));
    line += piece;
  }
  return line;
}

/// The pieces of a whole line, read as docs/protocol.md §8 says and not as a stream: at each place a frame, a packet or
/// a byte.
Json pieces_of(const std::string& line) {
  Json all = Json::array();
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::find_if(line.begin() + static_cast<long>(at) + 1, line.end(),
                                    [](char c) { return static_cast<uint8_t>(c) < 0x20; }) - line.begin();
    if (line[at] == '\x1e' && end < line.size() && line[end] == '\n' && end - at > 9 && end - at <= 9 + 4096) {
      const std::string json = line.substr(at + 9, end - at - 9);
      char digits[9];
      std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(fb::crc32(json)));
      if (line.compare(at + 1, 8, digits) == 0) {
        all.push_back({{"frame", json}});
        at = end + 1;
        continue;
      }
    }
    if (line.compare(at, 7, "IMPROV\x01") == 0 && at + 9 < line.size()) {
      const size_t size = static_cast<uint8_t>(line[at + 8]);
      uint8_t sum = 0;
      const size_t sum_at = std::min(at + 9 + size, line.size());
      for (size_t i = at; i < sum_at; i++) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(line[i]));
      if (sum_at < line.size() && static_cast<uint8_t>(line[sum_at]) == sum) {
        Pieces piece;
        piece.take_improv(static_cast<uint8_t>(line[at + 7]), std::string_view(line).substr(at + 9, size));
        all.push_back(piece.all[0]);
        at += 10 + size;
        continue;
      }
    }
    at++;
  }
  return all;
}

}  // namespace

FB_TEST("2,000 seeded lines of whole and broken pieces are taken apart as a whole, in any chunks") {
  std::mt19937 random(20'240'117);
  size_t taken = 0;
  for (int run = 0; run < 2000; run++) {
    // Line feeds that end a broken frame, and bytes that fill up a broken packet, so that the last frame stands alone.
    const std::string bytes = noise(random) + std::string(300, '\n');
    char last[64];
    const std::string whole = bytes + std::string(last, fb::write_frame(R"({"id":"last"})", last, sizeof last));
    const Json expected = pieces_of(whole);
    fb::SerialLine line;
    Pieces pieces;
    for (size_t at = 0; at < whole.size();) {
      const size_t size = std::min<size_t>(1 + random() % 40, whole.size() - at);
      line.take({whole.data() + at, size}, pieces);
      at += size;
    }
    EXPECT_IN("run " + std::to_string(run), pieces.all == expected);
    EXPECT_IN("run " + std::to_string(run), expected.back() == Json({{"frame", R"({"id":"last"})"}}));
    taken += expected.size();
  }
  EXPECT(taken > 4000);  // the noise has whole pieces in it
}

FB_TEST("keeps up with ten times a line of 115,200 baud, whatever comes, even with sanitizers") {
  constexpr double kLongestS = 200'000 / 115'200.0;
  // A frame's start that never ends is held whole and looked at again; in a broken packet each header may begin another.
  std::string frames;
  while (frames.size() < 200'000) frames += "\x1e" "00000000" + std::string(4097, '"');
  std::string packets;
  while (packets.size() < 200'000) packets += "IMPROV\x01\x03\xff";
  for (const std::string& bytes : {frames, packets, std::string(200'000, 'x')}) {
    fb::SerialLine line;
    Pieces pieces;
    const auto start = std::chrono::steady_clock::now();
    line.take(bytes, pieces);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    EXPECT_IN(std::to_string(taken.count()) + " s", taken.count() < kLongestS);
  }
}
