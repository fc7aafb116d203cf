#include "core/improv.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "ports/host/fake_board.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using Json = nlohmann::json;

namespace {

std::string bytes_of(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

fb::AccessPoint heard(const char* ssid, int rssi_dbm, bool secured) {
  fb::AccessPoint point;
  EXPECT(point.ssid.assign(ssid) == fb::Status::kOk);
  point.rssi_dbm = rssi_dbm;
  point.secured = secured;
  return point;
}

/// The board that improv.json is about; tests/vectors/README.md.
struct Bench {
  explicit Bench(fb::NetworkKind kind = fb::NetworkKind::kWifi) : hal(kind), parts(hal.parts()) {
    fb::Identity identity = fb::test_identity();
    (void)identity.name.assign("Board");
    (void)identity.model.assign("ESP32-C3 (virtual)");
    if (kind == fb::NetworkKind::kWifi)
      hal.heard = {heard("Bench", -48, true), heard("", -50, true), heard("Bench", -70, true),
                   heard("Café 2", -80, false)};
    node = std::make_unique<fb::VirtualNode>(identity, 7, body.body(), &parts);
    EXPECT(node->start("", now) == fb::Status::kOk);
    run(1000);
  }
  void run(fb::Millis ms) {
    for (const fb::Millis end = now.mono + ms; now.mono < end; now.mono += 100) node->step(now);
  }
  std::string answer(const std::string& bytes) {
    hal.line.clear();
    node->board()->serial(bytes, now);
    run(1000);
    return hal.line;
  }

  fb::FakeBody body;
  fb::FakeBoard hal;
  fb::BoardHal parts;
  fb::Now now{1000, 0};
  std::unique_ptr<fb::VirtualNode> node;
};

/// The packets among the log lines, whole and with their line feed, read anew from the standard's text.
std::vector<std::string> packets_of(const std::string& line) {
  std::vector<std::string> all;
  for (size_t at = line.find("IMPROV\x01"); at != std::string::npos; at = line.find("IMPROV\x01", at + 1)) {
    const std::string packet = line.substr(at, 11 + static_cast<uint8_t>(line.at(at + 8)));
    unsigned sum = 0;
    for (size_t i = 0; i + 2 < packet.size(); i++) sum += static_cast<uint8_t>(packet[i]);
    EXPECT(static_cast<uint8_t>(packet.at(packet.size() - 2)) == (sum & 0xff) && packet.back() == '\n');
    all.push_back(packet);
  }
  return all;
}

Json meaning_of(const std::string& packet) {
  const std::string data = packet.substr(9, packet.size() - 11);
  if (packet[7] != 4) return {packet[7] == 1 ? "state" : "error", static_cast<uint8_t>(data.at(0))};
  Json result = {"result", static_cast<uint8_t>(data.at(0))};
  EXPECT(static_cast<size_t>(static_cast<uint8_t>(data.at(1))) == data.size() - 2);
  for (size_t at = 2; at < data.size(); at += 1 + static_cast<uint8_t>(data[at]))
    result.push_back(data.substr(at + 1, static_cast<uint8_t>(data[at])));
  return result;
}

}  // namespace

FB_TEST("answers every step of improv.json, byte for byte") {
  std::ifstream in(FB_VECTORS "/improv.json");
  for (const Json& c : Json::parse(in)) {
    Bench bench(c.value("wired", false) ? fb::NetworkKind::kEthernet : fb::NetworkKind::kWifi);
    for (const Json& step : c["steps"]) {
      const std::vector<std::string> said = packets_of(bench.answer(bytes_of(step["send"])));
      const std::string where = c["name"].get<std::string>() + ", " + step["send"].get<std::string>();
      EXPECT_IN(where, said.size() == step["answer"].size());
      for (size_t i = 0; i < said.size() && i < step["answer"].size(); i++) {
        Json expected = step["answer"][i]["is"];
        for (Json& text : expected)
          if (text == "$version") text = fb::kFirmwareVersion;
        EXPECT_IN(where + " " + meaning_of(said[i]).dump(), meaning_of(said[i]) == expected);
        if (step["answer"][i].contains("hex")) EXPECT_IN(where, said[i] == bytes_of(step["answer"][i]["hex"]));
      }
    }
  }
}

FB_TEST("a scan that never ends is ended after 15 s, with an empty result") {
  struct Deaf final : fb::Network {
    fb::NetworkKind kind() const override { return fb::NetworkKind::kWifi; }
    void scan() override {}
    fb::Expected<fb::AccessPoint> scanned(size_t) override { return fb::Status::kUnavailable; }
    void join(std::string_view, std::string_view) override {}
    void leave() override {}
    fb::NetworkState state() override { return fb::NetworkState::kOff; }
    fb::NetworkFault fault() override { return fb::NetworkFault::kNone; }
    std::string_view ip() override { return {}; }
    int rssi_dbm(fb::Millis) override { return 0; }
  } deaf;
  struct Line final : fb::SerialOut {
    bool write(std::string_view message) override {
      text += message;
      return true;
    }
    std::string text;
  } line;
  struct Host final : fb::ImprovHost {
    bool online() const override { return false; }
    void provision(const fb::WifiSettings&) override {}
    fb::Status rename(std::string_view) override { return fb::Status::kStorage; }
  } host;
  const fb::Identity identity = fb::test_identity();
  fb::Improv improv(identity, line, deaf, host);
  improv.take(3, std::string_view("\x04\0", 2), {1000, 0});
  EXPECT(improv.step({15'999, 0}) > 15'999 && packets_of(line.text).size() == 1);
  EXPECT(improv.step({16'000, 0}) == fb::kNever);
  EXPECT(packets_of(line.text).size() == 2 && meaning_of(packets_of(line.text)[1]) == Json({"error", 255}));
  // And a storage that fails is an error of its own.
  improv.take(3, "\x06\x01x", {17'000, 0});
  EXPECT(meaning_of(packets_of(line.text).back()) == Json({"error", 255}));
}
