#include "core/serial_line.h"

#include <fstream>
#include <nlohmann/json.hpp>

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
