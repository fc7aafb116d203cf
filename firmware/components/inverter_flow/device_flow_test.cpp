// A whole virtual device: the driver of an inverter's Modbus over its twin, and the flow that uploads what it measures.
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "ports/host/fake_board.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using fb::FakeBody;
using fb::Millis;
using fb::Now;
using Json = nlohmann::json;

namespace {

constexpr int64_t kFlowUnixMs = 1'763'690'000'000;
const std::string kFlowInverter =
    R"({"complete":true,"components":[{"id":"roof","type":"modbus-rtu"},)"
    R"({"id":"flow","type":"inverter-flow","config":{"component":"roof"}}]})";

/// A batch as it came: when, and of which samples.
struct FlowBatch {
  Millis at = 0;
  uint32_t first = 0;
  std::vector<std::map<std::string, double>> samples;
  std::vector<uint64_t> times_ms;
  Json message;
};

class FlowNode {
 public:
  explicit FlowNode(std::string config = kFlowInverter, bool with_board = false) : config_(std::move(config)) {
    const fb::BoardHal hal = board.parts();
    node_ = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, body.body(), with_board ? &hal : nullptr);
    hal_board_ = with_board;
  }

  void start() {
    EXPECT(node_->start(config_, now()) == fb::Status::kOk);
    if (!hal_board_) return set_link(true);
    (void)ask("wifi.set", {{"ssid", "Bench"}, {"password", "right"}});
    (void)ask("mqtt.set", {{"uri", "mqtt://10.0.0.1"}});
    run(1000);
    (void)ask("config.confirm");
  }
  fb::Device& device() { return node_->device(); }
  void set_link(bool up) { node_->device().set_link(up, now()); }
  /// In steps that a body takes: when it is due, and at least each 50 ms, as the line's bytes come.
  void run(Millis ms) {
    for (const Millis end = mono + ms; mono < end; mono += 50) {
      node_->step(now());
      take();
    }
  }
  Json ask(const std::string& method, const Json& params = Json::object(), fb::Access access = fb::Access::kOwner) {
    const Json request = {{"jsonrpc", "2.0"}, {"id", "q" + std::to_string(asked_++)}, {"method", method}, {"params", params}};
    return Json::parse(node_->device().handle(request.dump(), access, now()));
  }
  Json state() { return ask("shadow.get")["result"]["reported"]["flow"]; }
  size_t count(const std::string& leaf) const {
    size_t count = 0;
    for (const FakeBody::Message& message : body.sent) count += message.topic == "iot/node/sim-vector/" + leaf ? 1 : 0;
    return count;
  }
  Now now() const { return {mono, kFlowUnixMs + static_cast<int64_t>(mono)}; }

  FakeBody body;
  fb::FakeBoard board;
  std::vector<FlowBatch> batches;
  Millis mono = 1000;

 private:
  /// What was sent since the last time.
  void take() {
    for (; taken_ < body.sent.size(); taken_++) {
      if (body.sent[taken_].topic != "iot/node/sim-vector/batch") continue;
      FlowBatch batch;
      batch.at = mono;
      batch.message = Json::parse(body.sent[taken_].payload);
      const std::string text = batch.message["payload"];
      std::vector<uint8_t> payload(text.size());
      const fb::Expected<size_t> size = fb::base64_decode(text, payload.data(), payload.size());
      auto room = std::make_unique<fb::BatchRoom<60>>();
      std::string_view names[fb::kMaxMetrics];
      fb::BatchSamples read;
      EXPECT(fb::decode_batch({reinterpret_cast<const char*>(payload.data()), size.value()}, room->storage(), names, read) ==
             fb::Status::kOk);
      batch.first = read.first_seq;
      EXPECT(read.simulated && read.clock == fb::BatchClock::kSync);
      for (size_t s = 0; s < read.samples; s++) {
        batch.times_ms.push_back(read.times_ms[s]);
        batch.samples.emplace_back();
        for (size_t m = 0; m < read.metrics; m++)
          if (read.present[s] >> m & 1) batch.samples.back()[std::string(names[m])] = read.values[s * fb::kMaxMetrics + m];
      }
      batches.push_back(std::move(batch));
    }
  }

  std::string config_;
  std::unique_ptr<fb::VirtualNode> node_;
  bool hal_board_ = false;
  size_t taken_ = 0;
  int asked_ = 0;
};

/// Every number from 0 to the last is there once.
bool flow_is_gapless(const std::vector<FlowBatch>& batches) {
  uint32_t expected = 0;
  for (const FlowBatch& batch : batches) {
    if (batch.first != expected) return false;
    expected += static_cast<uint32_t>(batch.samples.size());
  }
  return expected > 0;
}

size_t flow_samples(const std::vector<FlowBatch>& batches) {
  size_t count = 0;
  for (const FlowBatch& batch : batches) count += batch.samples.size();
  return count;
}

}  // namespace

FB_TEST("a device with a flow uploads what its inverter says in batches of 7, each within 15 s, and nothing live") {
  FlowNode node;
  node.start();
  node.run(120'000);
  EXPECT(node.count("telemetry") == 0);
  EXPECT(node.batches.size() == 8);
  EXPECT(flow_is_gapless(node.batches));
  for (size_t i = 0; i < node.batches.size(); i++) {
    EXPECT_IN(std::to_string(i), node.batches[i].samples.size() == 7);
    if (i > 0) EXPECT(node.batches[i].at - node.batches[i - 1].at <= 15'000);
    for (const auto& sample : node.batches[i].samples)
      EXPECT(sample.size() == 6 && sample.at("voltage") > 180 && sample.at("voltage") < 280);
  }
  const Json state = node.state();
  EXPECT_IN(state.dump(), state["batches"] == 8 && state["failures"]["poll"] == 0 && state["failures"]["commands"] == 0);
}

FB_TEST("a flow polls each 2 s an inverter that would be read once a minute") {
  FlowNode node(R"({"complete":true,"components":[{"id":"roof","type":"modbus-rtu","config":{"period_ms":60000}},)"
                R"({"id":"flow","type":"inverter-flow","config":{"component":"roof"}}]})");
  node.start();
  node.run(120'000);
  EXPECT(node.batches.size() == 8 && flow_is_gapless(node.batches));
  for (size_t i = 1; i < node.batches.size(); i++) EXPECT(node.batches[i].at - node.batches[i - 1].at <= 15'000);
  const std::vector<uint64_t>& times = node.batches[3].times_ms;
  for (size_t i = 1; i < times.size(); i++) EXPECT(times[i] - times[i - 1] >= 1900 && times[i] - times[i - 1] <= 2100);
}

FB_TEST("a flow's poll of a component that does not run fails, and is told so") {
  FlowNode node(R"({"complete":true,"components":[{"id":"flow","type":"inverter-flow","config":{"component":"roof"}}]})");
  node.start();
  node.run(10'000);
  EXPECT_IN(node.state().dump(), node.state()["failures"]["poll"].get<int>() >= 2 && node.state()["polls"] == 0);
}

FB_TEST("a flow's batches hold the values and times of the log, bit by bit") {
  FlowNode node;
  node.start();
  node.run(60'000);
  const Json held = node.ask("telemetry.query")["result"]["samples"];
  std::map<uint32_t, std::pair<Json, Json>> rows;
  for (const Json& run : held)
    for (const Json& row : run["rows"]) rows[row[0]] = {run["names"], row};
  EXPECT(flow_samples(node.batches) == 28);
  for (const FlowBatch& batch : node.batches)
    for (size_t s = 0; s < batch.samples.size(); s++) {
      const auto& [names, row] = rows.at(batch.first + static_cast<uint32_t>(s));
      EXPECT(row[1].get<uint64_t>() == batch.times_ms[s] && names.size() == batch.samples[s].size());
      for (size_t i = 0; i < names.size(); i++)
        EXPECT_IN(names[i].get<std::string>(), batch.samples[s].at(names[i]) == row[3 + i].get<double>());
    }
}

FB_TEST("a flow carries the samples of other components with those that it polls") {
  FlowNode node(R"({"complete":true,"components":[{"id":"roof","type":"modbus-rtu"},)"
                R"({"id":"air","type":"sim-climate"},{"id":"flow","type":"inverter-flow","config":{"component":"roof"}}]})");
  node.start();
  node.run(120'000);
  EXPECT(flow_is_gapless(node.batches));
  size_t air = 0;
  for (const FlowBatch& batch : node.batches)
    for (const auto& sample : batch.samples) air += sample.count("humidity");
  EXPECT(air >= 55 && flow_samples(node.batches) - air >= 55);
  EXPECT(node.batches.size() == 8);
}

FB_TEST("a flow keeps what it cannot send, waits for the session, and then sends all of it once") {
  FlowNode node;
  node.start();
  node.run(40'000);
  const size_t before = node.batches.size();
  node.set_link(false);
  node.run(300'000);
  EXPECT(node.batches.size() == before);
  const Json state = node.state();
  EXPECT_IN(state.dump(), state["waits"]["upload"] == "link" && state["failures"]["upload"].get<int>() <= 1);
  node.set_link(true);
  node.run(90'000);
  EXPECT(flow_is_gapless(node.batches));
  EXPECT(flow_samples(node.batches) >= 205);
}

FB_TEST("a flow of a board waits for its session, and sends again what a session may have taken along") {
  FlowNode node(kFlowInverter, true);
  node.start();
  while (node.batches.empty() && node.mono < 60'000) node.run(50);
  EXPECT(node.batches.size() == 1);
  // The broker goes right after the batch was handed over.
  node.board.session = fb::MqttState::kFailed;
  node.board.answers = false;
  node.board.joined = fb::NetworkState::kJoining;
  node.run(60'000);
  EXPECT(node.batches.size() == 1);
  const Json state = node.state();
  EXPECT_IN(state.dump(), state["waits"]["upload"] == "link" && state["failures"]["upload"] == 1);
  node.board.answers = true;
  node.board.joined = fb::NetworkState::kJoined;
  node.run(120'000);
  EXPECT(node.batches.size() > 3 && node.batches[1].message == node.batches[0].message);
  node.batches.erase(node.batches.begin());
  EXPECT(flow_is_gapless(node.batches));
}

FB_TEST("a flow signs its batches where the device has a secret, with the secret of the moment") {
  FlowNode node;
  node.start();
  node.run(20'000);
  EXPECT(node.batches.size() == 1 && !node.batches[0].message.contains("mac"));
  const std::string secret(32, 's');
  char text[48];
  const std::string encoded(text, fb::base64_encode(secret, text));
  EXPECT(node.ask("keys.set", {{"secret", encoded}}).contains("result"));
  node.run(20'000);
  EXPECT(node.batches.size() == 2);
  const Json& message = node.batches[1].message;
  const fb::DeviceKeys keys(node.body.crypto, secret, "sim-vector");
  const fb::Key key = keys.key(node.body.crypto, fb::KeyRole::kTelemetry, fb::KeyDirection::kUp);
  const std::string nonce = message.value("nonce", "");
  uint8_t payload[2048];
  const std::string payload_text = message["payload"];
  const size_t size = fb::base64_decode(payload_text, payload, sizeof payload).value();
  fb::BatchEnvelope envelope;
  envelope.device_id = "sim-vector";
  envelope.payload = {reinterpret_cast<const char*>(payload), size};
  envelope.nonce = nonce;
  envelope.key = fb::digest_view(key);
  std::string hex;
  const fb::Digest mac = fb::batch_mac(node.body.crypto, envelope).value();
  for (const uint8_t byte : mac) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  EXPECT_IN(message.dump(), message["mac"] == hex && nonce.find(".7") != std::string::npos);
}

FB_TEST("a flow does not upload while an update comes in, and catches up after it") {
  std::ifstream file(std::string(FB_VECTORS) + "/ota.json");
  const Json vectors = Json::parse(file);
  Json package;
  for (const Json& each : vectors["cases"])
    if (each["name"] == "not encrypted") package = each;
  std::string modulus;
  const std::string hex = vectors["public_key"];
  for (size_t i = 0; i + 1 < hex.size(); i += 2) modulus += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  const fb::OtaKey key{fb::OtaAlgorithm::kRsa2048Pss, modulus};
  fb::OtaTrust trust;
  trust.keys = &key;
  trust.key_count = 1;
  trust.chip = vectors["device"]["chip"];
  trust.product = "fieldbench-node";

  FlowNode node;
  node.device().trust(trust);
  node.start();
  node.run(20'000);
  EXPECT(node.batches.size() == 1);
  EXPECT(node.ask("ota.begin", {{"manifest", package["manifest"]}}).contains("result"));
  EXPECT(node.ask("ota.digests", {{"at", 0}, {"bytes", package["digests"]}}).contains("result"));
  node.run(3000);
  EXPECT_IN(node.state().dump(), node.state()["waits"]["update"] == "answer");
  node.run(5000);
  // A slow sender; the batch that is full since 27 s waits.
  EXPECT(node.ask("ota.chunk", {{"index", 0}, {"iv", package["chunks"][0]["iv"]}, {"bytes", package["chunks"][0]["bytes"]}})
             .contains("result"));
  node.run(8000);
  EXPECT(node.batches.size() == 1);
  EXPECT_IN(node.state().dump(), node.state()["waits"]["upload"] == "radio" && node.state()["polls"].get<int>() >= 17);
  // The sender never comes back.
  node.run(30'000);
  EXPECT(node.batches.size() >= 3 && flow_is_gapless(node.batches));
  EXPECT_IN(node.state().dump(), node.state()["waits"]["update"] == "nothing");
}

FB_TEST("a flow gets over a batch that cannot be made, and sends its samples with the next") {
  FlowNode node;
  // A secret that cannot be read: a batch without its MAC would be refused, and one with another believed by nobody.
  node.body.records["key.0"] = node.body.records["key.1"] = "damaged";
  node.start();
  node.run(40'000);
  EXPECT_IN(node.state().dump(), node.batches.empty() && node.state()["batches_not_made"].get<int>() >= 2);
  char text[48];
  const std::string encoded(text, fb::base64_encode(std::string(32, 's'), text));
  EXPECT(node.ask("keys.set", {{"secret", encoded}}).contains("result"));
  node.run(30'000);
  EXPECT(node.batches.size() >= 2 && node.batches[0].message.contains("mac") && flow_is_gapless(node.batches));
  EXPECT(flow_samples(node.batches) >= 30);
}

FB_TEST("a flow's marking is shown as it changes, and not more often than each 5 s") {
  FlowNode node;
  node.start();
  node.run(2000);
  const size_t before = node.count("shadow/reported");
  node.run(60'000);
  const size_t shown = node.count("shadow/reported") - before;
  EXPECT_IN(std::to_string(shown), shown >= 9 && shown <= 13);
}

FB_TEST("while a flow sends, what is set to be published live and in batches is not; after it, from the first unsent on") {
  FlowNode node(R"({"telemetry":{"live":true,"batch_s":10},"complete":true,"components":[{"id":"roof","type":"modbus-rtu"},)"
                R"({"id":"flow","type":"inverter-flow","config":{"component":"roof"}}]})");
  node.start();
  node.run(20'000);
  EXPECT(node.count("telemetry") == 0 && node.batches.size() == 1 && node.batches[0].samples.size() == 7);
  const Json off = {{"components", Json::array({{{"id", "flow"}, {"enabled", false}}})}};
  EXPECT(node.ask("config.set", off).contains("result"));
  node.run(22'000);
  uint32_t expected = 7;
  for (const FakeBody::Message& message : node.body.sent)
    if (message.topic == "iot/node/sim-vector/telemetry") EXPECT(Json::parse(message.payload)["seq"] == expected++);
  EXPECT_IN(std::to_string(expected), expected >= 20);
  EXPECT(node.batches.size() >= 3 && flow_is_gapless(node.batches));
  const Json on = {{"components", Json::array({{{"id", "flow"}, {"enabled", true}}})}};
  EXPECT(node.ask("config.set", on).contains("result"));
  const size_t live = node.count("telemetry");
  const size_t before = node.batches.size();
  node.run(30'000);
  EXPECT(node.count("telemetry") == live);
  EXPECT(node.batches.size() > before && flow_is_gapless(node.batches));
}

FB_TEST("of two flows one sends, and the other says that it makes no batch") {
  FlowNode node(R"({"complete":true,"components":[{"id":"roof","type":"modbus-rtu"},)"
                R"({"id":"flow","type":"inverter-flow"},{"id":"more","type":"inverter-flow"}]})");
  node.start();
  node.run(60'000);
  EXPECT(node.batches.size() >= 3 && flow_is_gapless(node.batches));
  const Json more = node.ask("shadow.get")["result"]["reported"]["more"];
  EXPECT_IN(more.dump(), node.state()["batches_not_made"] == 0 && more["batches_not_made"].get<int>() >= 3 && more["batches"] == 0);
}

FB_TEST("a flow answers an act within what an answer may have") {
  FlowNode node;
  node.start();
  node.run(9000);
  const Json answer = node.ask("components.execute", {{"id", "flow"}, {"input", {{"upload", true}}}});
  EXPECT_IN(answer.dump(), answer["result"]["output"]["marking"]["samples"] == 5);
  node.run(1000);
  EXPECT(node.batches.size() == 1 && node.batches[0].samples.size() == 5);
}
