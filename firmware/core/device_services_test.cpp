// What a device does besides answering: it keeps its samples, rolls changes back, survives crashes, sleeps and is guarded.
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base64.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using fb::Access;
using fb::FakeBody;
using fb::Millis;
using fb::Now;
using Json = nlohmann::json;

namespace {

constexpr int64_t kUnixMs = 1763690000000;

/// A virtual node on a clock of its own.
struct Bench {
  explicit Bench(FakeBody& with, std::string config = "") : body(with), first_boot(std::move(config)) { boot(); }

  void boot() {
    node = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, body.body());
    EXPECT(node->start(first_boot, now()) == fb::Status::kOk);
    node->device().set_link(link, now());
  }
  Now now() const { return {mono, clock_set ? kUnixMs + static_cast<int64_t>(mono) : 0}; }
  void run(Millis ms, Millis step = 100) {
    for (const Millis end = mono + ms; mono < end; mono += step) node->step(now());
    if (node->device().restart_wanted()) boot();
  }
  void set_link(bool up) {
    link = up;
    node->device().set_link(up, now());
  }
  Json ask(const std::string& method, const Json& params = Json::object(), Access access = Access::kOwner) {
    const Json request = {{"jsonrpc", "2.0"}, {"id", "q" + std::to_string(asked++)}, {"method", method}, {"params", params}};
    return Json::parse(node->device().handle(request.dump(), access, now()));
  }
  std::vector<Json> sent(const std::string& leaf) const {
    std::vector<Json> found;
    for (const FakeBody::Message& message : body.sent)
      if (message.topic == "iot/node/sim-vector/" + leaf) found.push_back(Json::parse(message.payload));
    return found;
  }

  FakeBody& body;
  std::string first_boot;
  std::unique_ptr<fb::VirtualNode> node;
  Millis mono = 1000;
  bool clock_set = true;
  bool link = true;
  int asked = 0;
};

/// Every sample that telemetry.query gives, page by page: seq → values.
std::map<uint32_t, Json> queried(Bench& bench) {
  std::map<uint32_t, Json> samples;
  Json from = 0;
  for (int page = 0; page < 1000 && !from.is_null(); page++) {
    const Json answer = bench.ask("telemetry.query", {{"from", from}});
    EXPECT_IN(answer.dump(), answer.contains("result") && answer.dump().size() <= 4096);
    for (const Json& run : answer["result"]["samples"])
      for (const Json& row : run["rows"]) {
        EXPECT(!samples.count(row[0].get<uint32_t>()) && row.size() == 3 + run["names"].size());
        samples[row[0]] = row;
      }
    from = answer["result"]["next"];
  }
  return samples;
}

}  // namespace

FB_TEST("what was measured while the broker was away is asked for later, and nothing is missing or twice") {
  FakeBody body;
  Bench bench(body);
  bench.run(20'000);
  bench.set_link(false);
  bench.run(200'000);
  bench.set_link(true);
  bench.run(20'000);
  std::set<uint32_t> live;
  for (const Json& sample : bench.sent("telemetry")) EXPECT(live.insert(sample["seq"].get<uint32_t>()).second);
  const std::map<uint32_t, Json> held = queried(bench);
  const uint32_t next = bench.ask("telemetry.info")["result"]["seq"];
  EXPECT(next >= 119 && held.size() == next && live.size() < next);
  for (uint32_t seq = 0; seq < next; seq++) EXPECT_IN(std::to_string(seq), held.count(seq) == 1);
  // What came live is what is held.
  for (const Json& sample : bench.sent("telemetry")) {
    const Json& row = held.at(sample["seq"]);
    EXPECT(row[3] == sample["sensors"]["temperature"] && row[1].get<double>() == sample["timestamp"].get<double>() * 1000);
  }
}

FB_TEST("samples outlive a restart, and their times are corrected when the clock is set") {
  FakeBody body;
  Bench bench(body);
  bench.clock_set = false;
  bench.boot();
  bench.run(10'000);
  const Json before = bench.ask("telemetry.query");
  EXPECT(before["result"]["samples"][0]["rows"][0][2] == 0);
  bench.clock_set = true;
  bench.run(4000);
  const Json after = bench.ask("telemetry.query");
  EXPECT(after["result"]["samples"][0]["rows"][0][2] == 2);
  EXPECT(after["result"]["samples"][0]["rows"][0][1] >= kUnixMs);
  const auto held = queried(bench);
  bench.boot();
  const auto again = queried(bench);
  for (const auto& [seq, row] : held) EXPECT_IN(std::to_string(seq), again.at(seq) == row);
  EXPECT(bench.ask("telemetry.info")["result"]["epoch"] == after["result"]["epoch"]);
}

FB_TEST("batches hold every sample once, and can be read back") {
  FakeBody body;
  Bench bench(body, R"({"telemetry":{"live":false,"batch_s":15,"batch_size":7}})");
  bench.run(60'000);
  bench.body.link_refuses = true;
  bench.run(30'000);
  bench.body.link_refuses = false;
  bench.run(40'000);
  EXPECT(bench.sent("telemetry").empty());
  uint32_t expected = 0;
  for (const Json& message : bench.sent("batch")) {
    EXPECT(message["device_id"] == "sim-vector" && message["compression_type"] == "best" && !message.contains("mac"));
    const std::string text = message["payload"];
    std::vector<uint8_t> payload(text.size());
    const fb::Expected<size_t> size = fb::base64_decode(text, payload.data(), payload.size());
    fb::BatchRoom<60> room;
    std::string_view names[fb::kMaxMetrics];
    fb::BatchSamples batch;
    EXPECT(fb::decode_batch({reinterpret_cast<const char*>(payload.data()), size.value()}, room.storage(), names, batch) ==
           fb::Status::kOk);
    EXPECT(batch.first_seq == expected && batch.samples <= 7 && batch.metrics == 3 && batch.simulated);
    expected += static_cast<uint32_t>(batch.samples);
  }
  EXPECT(expected > 55);
}

FB_TEST("a configuration that is not confirmed rolls itself back after a minute, and after a restart") {
  FakeBody body;
  Bench bench(body);
  const Json before = bench.ask("config.get")["result"];
  const Json bare = {{"config", {{"components", Json::array()}}}};
  EXPECT(bench.ask("config.apply", bare)["result"]["trial_s"] == 60);
  EXPECT(bench.ask("config.get")["result"]["components"].empty());
  bench.run(59'000);
  EXPECT(bench.ask("config.get")["result"]["components"].empty());
  bench.run(2'000);
  EXPECT(bench.ask("config.get")["result"] == before);
  bench.ask("config.apply", bare);
  bench.boot();
  EXPECT(bench.ask("config.get")["result"] == before);
  // A change that joins a trial goes with it.
  bench.ask("config.apply", {{"config", before}, {"trial_s", 20}});
  EXPECT(bench.ask("components.add", {{"id", "roof"}, {"type", "bme280"}}).contains("result"));
  bench.run(21'000);
  EXPECT(bench.ask("config.get")["result"] == before);
  // And what is confirmed stays.
  bench.ask("config.apply", bare);
  EXPECT(bench.ask("config.confirm")["result"]["confirmed"] == Json::array({"config"}));
  bench.run(70'000);
  bench.boot();
  EXPECT(bench.ask("config.get")["result"]["components"].empty());
}

FB_TEST("wherever the power goes while a configuration is stored, it is the old one or the new one") {
  FakeBody written;
  Bench first(written);
  EXPECT(first.ask("components.add", {{"id", "a", }, {"type", "led"}}).contains("result"));
  const Json before = first.ask("config.get")["result"];
  const auto records = written.records;
  for (size_t cut = 0; cut < 700; cut++) {
    FakeBody body;
    body.records = records;
    Bench bench(body);
    body.power_back();
    // The journal's record comes first, then the document, then how it ended.
    body.cut_write = 1;
    body.cut_bytes = cut;
    (void)bench.ask("components.add", {{"id", "b"}, {"type", "led"}});
    body.power_back();
    bench.boot();
    const Json after = bench.ask("config.get")["result"];
    EXPECT_IN(std::to_string(cut), after == before || after["components"].size() == before["components"].size() + 1);
  }
}

FB_TEST("after three crashes in a row no component runs, until a person says so") {
  FakeBody body;
  Bench bench(body);
  body.reason = fb::ResetReason::kPanic;
  for (int crash = 0; crash < 3; crash++) {
    EXPECT(!bench.ask("system.info")["result"].contains("safe_mode"));
    bench.boot();
  }
  EXPECT(bench.ask("system.info")["result"]["safe_mode"] == true);
  EXPECT(bench.ask("components.list")["result"]["components"][0]["state"] == "waiting");
  const size_t samples = bench.sent("telemetry").size();
  bench.run(70'000);
  EXPECT(bench.sent("telemetry").size() == samples);
  // Whatever ends it next: it stays, and what is configured is not forgotten.
  body.reason = fb::ResetReason::kPowerOn;
  bench.boot();
  EXPECT(bench.ask("system.info")["result"]["safe_mode"] == true);
  EXPECT(bench.ask("config.get")["result"]["components"].size() == 2);
  EXPECT(bench.ask("system.leave_safe_mode").contains("result"));
  bench.run(100);
  bench.run(5000);
  EXPECT(!bench.ask("system.info")["result"].contains("safe_mode") && bench.sent("telemetry").size() > samples);
}

FB_TEST("half an hour of safe mode, and it tries to run as before; brown-outs do not bring it there") {
  FakeBody body;
  Bench bench(body);
  body.reason = fb::ResetReason::kWatchdog;
  for (int crash = 0; crash < 3; crash++) bench.boot();
  EXPECT(bench.ask("system.info")["result"]["safe_mode"] == true);
  body.reason = fb::ResetReason::kSoftware;
  bench.run(1'790'000);
  EXPECT(bench.ask("system.info")["result"]["safe_mode"] == true);
  bench.run(60'000);
  EXPECT(!bench.ask("system.info")["result"].contains("safe_mode"));
  body.reason = fb::ResetReason::kBrownOut;
  for (int dawn = 0; dawn < 10; dawn++) bench.boot();
  EXPECT(!bench.ask("system.info")["result"].contains("safe_mode"));
}

FB_TEST("a storage that cannot be read is told, starts safe mode, lets nobody in, and loses nothing") {
  FakeBody body;
  Bench bench(body);
  EXPECT(bench.ask("keys.set", {{"secret", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}).contains("result"));
  bench.run(5000);
  const auto before = body.records;
  body.storage_fails = true;
  bench.boot();
  bench.run(5000);
  const Json info = bench.ask("system.info")["result"];
  EXPECT_IN(info.dump(), info["safe_mode"] == true && info["safe_mode_reason"] == "storage");
  EXPECT(bench.ask("diagnostics.get")["result"]["safe_mode_reason"] == "storage");
  EXPECT(bench.sent("status").back()["safe_mode_reason"] == "storage");
  bool logged = false;
  const Json lines = bench.ask("log.get")["result"]["lines"];
  for (const Json& line : lines)
    logged |= line["level"] == "critical" && line["text"].get<std::string>().find("nothing of them is erased") != std::string::npos;
  EXPECT_IN(lines.dump(), logged);
  // A device without a secret would carry this out.
  const Json refused = Json::parse(bench.node->device().handle_sealed(
      R"({"jsonrpc":"2.0","id":"1","method":"components.execute","params":{"id":"led","input":{"on":true}}})", bench.now()));
  EXPECT_IN(refused.dump(), refused.contains("error") && bench.node->lamp().duty() == 0);
  EXPECT(bench.ask("system.leave_safe_mode")["error"]["code"] == -32005);
  EXPECT(body.records == before);
  body.storage_fails = false;
  bench.boot();
  EXPECT(!bench.ask("system.info")["result"].contains("safe_mode") && bench.ask("keys.status")["result"]["required"] == true);
}

FB_TEST("crashes that lie a steady minute apart do not add up") {
  FakeBody body;
  Bench bench(body);
  body.reason = fb::ResetReason::kWatchdog;
  for (int crash = 0; crash < 10; crash++) {
    bench.boot();
    bench.run(61'000, 1000);
    EXPECT(!bench.ask("system.info")["result"].contains("safe_mode"));
  }
}

FB_TEST("what is desired in the shadow is done, and reported") {
  FakeBody body;
  Bench bench(body);
  bench.run(100);
  EXPECT(bench.node->device().receive("iot/node/sim-vector/shadow/desired",
                                      R"({"led":{"on":true,"brightness":30},"climate":{},"nobody":{"x":1}})", bench.now()));
  bench.run(200);
  EXPECT(bench.sent("shadow/reported").back() == Json({{"led", {{"on", true}, {"brightness", 30}}}}));
  for (const char* odd : {"", "[]", "nonsense", R"({"led":{"on":7}})"})
    EXPECT(bench.node->device().receive("iot/node/sim-vector/shadow/desired", odd, bench.now()));
  EXPECT(bench.node->lamp().duty() > 0);
}

FB_TEST("a caller does what its access allows, and no more") {
  FakeBody body;
  Bench bench(body);
  const Json on = {{"id", "led"}, {"input", {{"on", true}}}};
  const auto code = [](const Json& answer) { return answer.contains("error") ? answer["error"]["code"].get<int>() : 0; };
  EXPECT(code(bench.ask("components.list", Json::object(), Access::kViewer)) == 0);
  EXPECT(code(bench.ask("components.list", Json::object(), Access::kNone)) == -32003);
  EXPECT(code(bench.ask("components.execute", on, Access::kViewer)) == -32003);
  EXPECT(code(bench.ask("components.execute", on, Access::kOperator)) == 0);
  EXPECT(code(bench.ask("config.set", {{"system", {{"log", "off"}}}}, Access::kOperator)) == -32003);
  EXPECT(code(bench.ask("config.set", {{"system", {{"log", "off"}}}}, Access::kAdmin)) == 0);
  EXPECT(code(bench.ask("keys.set", {{"secret", "x"}}, Access::kAdmin)) == -32003);
  EXPECT(bench.ask("diagnostics.get")["result"]["rpc"]["denied"] == 4);
}

FB_TEST("with a secret nothing unsealed from the network is carried out, and the cable still is") {
  FakeBody body;
  Bench bench(body);
  char secret[44];
  fb::base64_encode(std::string(32, 's'), secret);
  EXPECT(bench.ask("keys.set", {{"secret", std::string(secret, 44)}})["result"]["required"] == true);
  const std::string request = R"({"jsonrpc":"2.0","id":"k","method":"components.execute","params":{"id":"led","input":{"on":true}}})";
  EXPECT(bench.node->device().receive("iot/node/sim-vector/command", request, bench.now()));
  const Json refused = bench.sent("response").back();
  EXPECT_IN(refused.dump(), refused["error"]["code"] == -32003 && refused["error"]["data"]["reason"] == "unsealed");
  EXPECT(bench.node->lamp().duty() == 0);

  // Sealed by the operator's key it is done once, and the answer is sealed.
  const fb::DeviceKeys keys(body.crypto, std::string(32, 's'), "sim-vector");
  const fb::Key key = keys.key(body.crypto, fb::KeyRole::kOperator, fb::KeyDirection::kDown);
  const std::string head = R"({"kid":"operator","n":"1763690000000.1",)";
  const std::string rest = request.substr(1);
  const fb::Digest mac = body.crypto.hmac_sha256(fb::digest_view(key), head, rest);
  std::string hex;
  for (const uint8_t byte : mac) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  const std::string sealed = head + R"("mac":")" + hex + "\"," + rest;
  const size_t answers = bench.sent("response").size();
  EXPECT(bench.node->device().receive("iot/node/sim-vector/command", sealed, bench.now()));
  EXPECT(bench.node->device().receive("iot/node/sim-vector/command", sealed, bench.now()));
  EXPECT(bench.sent("response").size() == answers + 1);
  const Json answer = bench.sent("response").back();
  EXPECT_IN(answer.dump(), answer["kid"] == "operator" && answer["result"]["output"]["on"] == true);
  EXPECT(bench.node->lamp().duty() > 0);
  EXPECT(bench.ask("components.list").contains("result"));
}

FB_TEST("the log can be read, filtered and told, with the command that caused a line") {
  FakeBody body;
  Bench bench(body);
  body.link_refuses = true;
  bench.run(100);
  body.link_refuses = false;
  EXPECT(bench.ask("log.level", {{"level", "debug"}})["result"]["level"] == "debug");
  bench.node->device().log().write(fb::LogLevel::kWarning, "test", "a \"quoted\" line");
  bench.run(1000);
  const Json lines = bench.ask("log.get", {{"tag", "test"}})["result"]["lines"];
  EXPECT(lines.size() == 1 && lines[0]["text"] == "a \"quoted\" line" && lines[0]["level"] == "warning");
  bool told = false;
  for (const Json& line : bench.sent("log")) told |= line["text"] == "a \"quoted\" line";
  EXPECT(told);
  for (int i = 0; i < 300; i++) bench.node->device().log().write(fb::LogLevel::kInfo, "flood", std::string(150, 'x'));
  const Json page = bench.ask("log.get")["result"];
  EXPECT(page["overwritten"].get<int>() > 200 && page["more"].is_boolean());
}

FB_TEST("sleeps deeply where it may, says so first, and stays awake for who speaks to it") {
  FakeBody body;
  Bench bench(body, R"({"system":{"sleep":"deep","sleep_after_s":30,"diagnostics_s":0},"complete":true,)"
                    R"("components":[{"id":"climate","type":"sim-climate","config":{"period_ms":600000}}]})");
  bench.run(9'000);
  EXPECT(bench.node->device().sleep_wish().kind == fb::SleepKind::kNone);
  bench.run(3'000);
  const fb::SleepWish wish = bench.node->device().sleep_wish();
  EXPECT(wish.kind == fb::SleepKind::kDeep && wish.until > bench.mono + 500'000);
  const Json status = bench.sent("status").back();
  EXPECT_IN(status.dump(), status["state"] == "sleeping" && status["wake_s"].get<int>() > 500);
  (void)bench.ask("system.info");
  bench.run(1000);
  EXPECT(bench.node->device().sleep_wish().kind == fb::SleepKind::kNone && bench.sent("status").back()["state"] == "online");
}

FB_TEST("all figures fit one answer, whatever runs") {
  FakeBody body;
  Bench bench(body);
  for (int i = 0; i < 15; i++)
    EXPECT(bench.ask("components.add", {{"id", "climate-with-a-long-name-" + std::to_string(i)}, {"type", "sim-climate"}})
               .contains("result"));
  bench.run(10'000);
  const Json figures = bench.ask("diagnostics.get")["result"];
  // With ids as long as these, so many have room: none is left out without being counted, and few are.
  EXPECT_IN(figures.dump(), figures["components"].size() >= 12);
  EXPECT(figures["components"].size() + figures.value("components_left_out", size_t{0}) == 17);
  EXPECT(figures["heap"]["free"] == 100'000 && figures["cpu"]["runs"].get<int>() > 0);
  EXPECT(!bench.sent("diagnostics").empty());
}

FB_TEST("a component for which there is no memory is refused with the figures, and nothing has changed") {
  FakeBody body;
  Bench bench(body);
  body.free_memory = 5000;
  const Json answer = bench.ask("components.add", {{"id", "roof"}, {"type", "modbus-rtu"}});
  EXPECT_IN(answer.dump(), answer["error"]["code"] == -32004 && answer["error"]["data"]["free"] == 5000);
  EXPECT(answer["error"]["data"]["needed"].get<int>() > 5000);
  EXPECT(bench.ask("components.list")["result"]["components"].size() == 2);
}

FB_TEST("real drivers measure the simulated parts") {
  FakeBody body;
  Bench bench(body, R"({"complete":true,"components":[{"id":"air","type":"bme280"},{"id":"room","type":"dht22"},)"
                    R"({"id":"sun","type":"adc-input","config":{"metric":"irradiance","unit":"W/m²","scale":500}},)"
                    R"({"id":"inverter","type":"modbus-rtu"},{"id":"pump","type":"relay"}]})");
  bench.run(20'000, 10);
  std::set<std::string> metrics;
  for (const Json& sample : bench.sent("telemetry"))
    for (const auto& [name, value] : sample["sensors"].items()) metrics.insert(name);
  for (const char* name : {"temperature", "humidity", "pressure", "irradiance", "voltage", "power", "energy"})
    EXPECT_IN(name, metrics.count(name) == 1);
  const Json components = bench.ask("components.list")["result"]["components"];
  for (const Json& component : components)
    EXPECT_IN(component.dump(), component["state"] == "active");
}
