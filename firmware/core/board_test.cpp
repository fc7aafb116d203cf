#include "core/board.h"

#include <memory>

#include "ports/host/fake_board.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

namespace {

/// A practice board in a world with one network and one broker, on a clock of its own.
struct Bench {
  explicit Bench(fb::FakeBody& flash, fb::NetworkKind kind = fb::NetworkKind::kWifi)
      : body(flash), hal(kind), parts(hal.parts()) {
    boot();
  }

  void boot() {
    hal.reset();
    node = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, body.body(), &parts);
    EXPECT(node->start("", now) == fb::Status::kOk);
  }
  void run(fb::Millis ms) {
    for (const fb::Millis end = now.mono + ms; now.mono < end; now.mono += 100) node->step(now);
  }
  std::string ask(const std::string& method, const std::string& params) {
    const std::string json = R"({"jsonrpc":"2.0","id":")" + std::to_string(now.mono) + R"(","method":")" + method +
                             R"(","params":)" + params + "}";
    std::string frame(json.size() + 10, 0);
    fb::write_frame(json, frame.data(), frame.size());
    hal.line.clear();
    node->board()->serial(frame, now);
    const std::string answer = hal.line;
    run(1000);
    return answer;
  }
  /// Improv's Wi-Fi settings, and what the board says to them at once.
  std::string improv_join(const std::string& ssid, const std::string& password) {
    std::string data = "\x01";
    data += static_cast<char>(ssid.size() + password.size() + 2);
    data += static_cast<char>(ssid.size()) + ssid + static_cast<char>(password.size()) + password;
    char packet[128];
    hal.line.clear();
    node->board()->serial({packet, fb::write_improv(3, data, packet, sizeof packet)}, now);
    return hal.line;
  }

  fb::FakeBody& body;
  fb::FakeBoard hal;
  fb::BoardHal parts;
  fb::Now now{1000, 0};
  std::unique_ptr<fb::VirtualNode> node;
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

const char kHome[] = R"({"ssid":"Bench","password":"right"})";
const char kBroker[] = R"({"uri":"mqtt://broker","username":"node","password":"hush"})";

}  // namespace

FB_TEST("opens the session once there is a network, and again after a pause when it is lost") {
  fb::FakeBody body;
  Bench bench(body);
  bench.ask("mqtt.set", kBroker);
  EXPECT(has(bench.ask("mqtt.status", "{}"), R"("reason":"no-network")"));
  EXPECT(bench.hal.opened == 0);
  bench.ask("wifi.set", kHome);
  EXPECT(bench.hal.opened == 1 && has(bench.ask("mqtt.status", "{}"), R"("state":"connected")"));
  bench.hal.session = fb::MqttState::kFailed;
  bench.run(200);
  EXPECT(has(bench.ask("mqtt.status", "{}"), R"("reason":"unreachable")"));
  bench.run(5000);
  EXPECT(bench.hal.opened == 2);
}

FB_TEST("gives up a join after 30 s, and says timeout") {
  fb::FakeBody body;
  Bench bench(body);
  bench.hal.answers = false;
  bench.ask("wifi.set", kHome);
  bench.run(28'000);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joining")"));
  bench.run(1000);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("reason":"timeout")"));
}

FB_TEST("a join by Improv ends a trial, whose end then does not store what was never joined") {
  fb::FakeBody body;
  Bench bench(body);
  bench.ask("wifi.set", kHome);
  bench.ask("config.confirm", "{}");
  bench.ask("wifi.set", R"({"ssid":"Other","password":"x","trial_s":10})");
  bench.hal.answers = false;
  bench.improv_join("Nowhere", "x");
  bench.run(12'000);  // past the end of the trial
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joining","ssid":"Nowhere")"));
  bench.hal.answers = true;
  bench.run(25'000);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joined","ssid":"Bench")"));
  bench.boot();
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("ssid":"Bench")"));
}

FB_TEST("settings by the Device API end a join by Improv, and Improv is told") {
  fb::FakeBody body;
  Bench bench(body);
  bench.hal.answers = false;
  bench.improv_join("Nowhere", "x");
  bench.run(1000);
  bench.hal.answers = true;
  const std::string said = bench.ask("wifi.set", kHome);
  EXPECT(has(said, "IMPROV\x01\x02\x01\x03"));
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joined","ssid":"Bench")"));
  bench.boot();
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("ssid":"")"));  // on trial only
}

FB_TEST("a wired board needs no settings, and comes back when its cable does") {
  fb::FakeBody body;
  Bench bench(body, fb::NetworkKind::kEthernet);
  bench.run(500);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("kind":"ethernet","state":"joined")"));
  bench.ask("mqtt.set", kBroker);
  EXPECT(bench.hal.opened == 1 && has(bench.ask("mqtt.status", "{}"), R"("state":"connected")"));
  bench.hal.joined = fb::NetworkState::kFailed;
  bench.run(300);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("reason":"lost")"));
  EXPECT(has(bench.ask("mqtt.status", "{}"), R"("reason":"no-network")") || bench.hal.opened == 2);
  bench.run(3000);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joined")"));
  EXPECT(bench.hal.opened == 2 && has(bench.ask("mqtt.status", "{}"), R"("state":"connected")"));
}

FB_TEST("a wired board that has no cable tries again, and says why it is not online") {
  fb::FakeBody body;
  Bench bench(body, fb::NetworkKind::kEthernet);
  bench.hal.answers = false;
  bench.boot();
  bench.run(25'100);
  bench.hal.answers = true;
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"failed","ssid":"","ip":"","rssi":0,"reason":"timeout")"));
  bench.run(3000);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joined")"));
}

FB_TEST("wherever the power goes while settings are confirmed, the old or the new ones stand") {
  for (size_t write = 0; write < 3; write++) {
    for (size_t bytes = 0; bytes < 120; bytes += 5) {
      fb::FakeBody body;
      Bench bench(body);
      bench.ask("wifi.set", kHome);
      bench.ask("config.confirm", "{}");
      bench.ask("wifi.set", R"({"ssid":"Other","password":"x"})");
      body.cut_write = body.writes + write;
      body.cut_bytes = bytes;
      bench.ask("config.confirm", "{}");
      body.power_back();
      bench.boot();
      const std::string status = bench.ask("wifi.status", "{}");
      EXPECT(has(status, R"("ssid":"Bench")") || has(status, R"("ssid":"Other")"));
    }
  }
}

FB_TEST("settings on trial are gone after a restart, and no line tells a password") {
  fb::FakeBody body;
  Bench bench(body);
  bench.ask("wifi.set", kHome);
  bench.ask("mqtt.set", kBroker);
  EXPECT(has(bench.ask("mqtt.status", "{}"), R"("username":"node")"));
  for (const std::string& line : body.log) EXPECT(!has(line, "hush"));
  EXPECT(!has(bench.hal.everything, "hush"));
  bench.boot();
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"off","ssid":"")"));
}

FB_TEST("what is not confirmed in time gives way to what was stored") {
  fb::FakeBody body;
  Bench bench(body);
  bench.ask("wifi.set", kHome);
  bench.ask("config.confirm", "{}");
  bench.ask("wifi.set", R"({"ssid":"Other","password":"x","trial_s":10})");
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("ssid":"Other")"));
  bench.run(9000);
  EXPECT(has(bench.ask("wifi.status", "{}"), R"("state":"joined","ssid":"Bench")"));
}

FB_TEST("Improv is told no success where the network cannot be stored") {
  fb::FakeBody flash;
  Bench bench(flash);
  flash.cut_write = flash.writes;  // the very next write is the first of the record
  bench.improv_join("Bench", "right");
  bench.hal.line.clear();
  bench.run(5000);
  const std::string provisioned = {'I', 'M', 'P', 'R', 'O', 'V', 1, 4};
  const std::string unknown_error = {'I', 'M', 'P', 'R', 'O', 'V', 1, 2, 1, static_cast<char>(0xff)};
  EXPECT(bench.hal.line.find(unknown_error) != std::string::npos);
  EXPECT(bench.hal.line.find(provisioned) == std::string::npos);
}

FB_TEST("takes the parts of TLS as PEM, keeps them where the session reads them, and gives none away") {
  fb::FakeBody body;
  Bench bench(body);
  const std::string key = R"({"part":"key","pem":"-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n"})";
  EXPECT(has(bench.ask("mqtt.tls.set", key.c_str()), R"("result":{"part":"key","bytes":59})"));
  EXPECT(body.records["tls_key"] == "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n");
  // A key is no certificate, and what is no PEM changes nothing.
  EXPECT(has(bench.ask("mqtt.tls.set", R"({"part":"ca","pem":"-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n"})"), "-32602"));
  EXPECT(has(bench.ask("mqtt.tls.set", R"({"part":"key","pem":"TUlJ"})"), "-32602"));
  EXPECT(has(bench.ask("mqtt.tls.set", R"({"part":"wifi","pem":""})"), "-32602"));
  EXPECT(body.records["tls_key"].size() == 59 && body.records.count("tls_ca") == 0);
  EXPECT(has(bench.ask("mqtt.tls.set", R"({"part":"key","pem":""})"), R"("bytes":0)"));
  EXPECT(body.records["tls_key"].empty());
}
