#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/two_slot_record.h"
#include "ports/host/fake_board.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using fb::FakeBody;
using fb::Now;
using Json = nlohmann::json;

namespace {

constexpr int64_t kUnixMs = 1763690000250;
const char kSwitchOn[] =
    R"({"jsonrpc":"2.0","id":"k","method":"components.execute","params":{"id":"led","input":{"on":true}}})";

Json vectors(const char* file) {
  std::ifstream in(std::string(FB_VECTORS "/") + file);
  return Json::parse(in);
}

/// Switches on a virtual node with what is in the body's flash.
std::unique_ptr<fb::VirtualNode> boot(FakeBody& body, Now now = {1000, kUnixMs}) {
  auto node = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, body.body());
  EXPECT(node->start("", now) == fb::Status::kOk);
  node->device().step(now);
  node->device().set_link(true, now);
  return node;
}

Json ask(FakeBody& body, fb::VirtualNode& node, const std::string& request, Now now = {2000, kUnixMs}) {
  const size_t before = body.sent.size();
  EXPECT(node.device().receive(node.device().command_topic(), request, now));
  for (size_t i = before; i < body.sent.size(); i++)
    if (body.sent[i].topic == "iot/node/sim-vector/response") return Json::parse(body.sent[i].payload);
  return nullptr;
}

/// The expected answer, with what may vary as `answer` has it, where it is of the kind that the pattern names.
Json filled(const Json& pattern, const Json& answer) {
  if (pattern.is_string()) {
    const std::string kind = pattern;
    const bool fits = (kind == "$number" && answer.is_number()) || (kind == "$text" && answer.is_string()) ||
                      (kind == "$list" && answer.is_array()) || (kind == "$object" && answer.is_object());
    return fits ? answer : pattern;
  }
  if (pattern.is_array()) {
    Json out = Json::array();
    for (size_t i = 0; i < pattern.size(); i++)
      out.push_back(filled(pattern[i], answer.is_array() && i < answer.size() ? answer[i] : Json()));
    return out;
  }
  if (!pattern.is_object()) return pattern;
  Json out = pattern.value("$more", false) && answer.is_object() ? answer : Json::object();
  for (const auto& [name, each] : pattern.items())
    if (name != "$more") out[name] = filled(each, answer.is_object() && answer.contains(name) ? answer[name] : Json());
  return out;
}

/// What a step's caller may do once its seal or token was checked.
fb::Access access_of(const std::string& caller) {
  return caller == "viewer"     ? fb::Access::kViewer
         : caller == "operator" ? fb::Access::kOperator
         : caller == "admin"    ? fb::Access::kAdmin
         : caller == "owner"    ? fb::Access::kOwner
                                : fb::Access::kNone;
}

}  // namespace

FB_TEST("answers every request of rpc.json") {
  for (const Json& scenario : vectors("rpc.json")) {
    FakeBody body;
    fb::FakeBoard hal;
    fb::BoardHal parts = hal.parts();
    const bool board = scenario.value("board", false);
    const Now now{2000, scenario["unix_ms"].get<int64_t>()};
    fb::VirtualNode node(fb::test_identity(), 7, body.body(), board ? &parts : nullptr);
    EXPECT(node.start("", now) == fb::Status::kOk);
    node.device().step(now);
    node.device().set_link(true, now);
    const std::string secret = R"({"jsonrpc":"2.0","id":"s","method":"keys.set","params":{"secret":")" + std::string(43, 'A') + R"(="}})";
    if (scenario.value("keyed", false)) EXPECT(!node.device().handle(secret, fb::Access::kOwner, now).empty());
    for (const Json& step : scenario["steps"]) {
      const std::string caller = step.value("as", "");
      const std::string request = step["request"];
      const Json answer = caller.empty() || caller == "nobody"
                              ? ask(body, node, request, now)
                              : Json::parse(node.device().handle(request, access_of(caller), now));
      EXPECT_IN(scenario["name"].get<std::string>() + " " + request + " " + answer.dump(),
                answer == filled(step["response"], answer));
    }
  }
}

FB_TEST("takes exactly the ids of ids.json") {
  for (const Json& c : vectors("ids.json"))
    EXPECT_IN(c["name"].get<std::string>(), fb::is_device_id(c["id"].get<std::string>()) == (c["expect"] == "ok"));
}

FB_TEST("wherever the power goes during an act, it is never done twice nor guessed") {
  // Every write of the act, cut at every byte.
  for (size_t write = 0; write < 2; write++) {
    for (size_t bytes = 0; bytes < 140; bytes++) {
      FakeBody body;
      auto node = boot(body);
      body.cut_write = body.writes + write;
      body.cut_bytes = bytes;
      const Json first = ask(body, *node, kSwitchOn);
      const bool acted = node->lamp().duty() > 0;
      body.power_back();
      node = boot(body);
      const Json second = ask(body, *node, kSwitchOn);
      const bool acted_again = node->lamp().duty() > 0;
      EXPECT(!(acted && acted_again));
      if (acted && second.contains("error")) EXPECT(second["error"]["code"] == -32006);
      if (!acted) EXPECT(first["error"]["code"] == -32005);
    }
  }
}

FB_TEST("wherever the power goes while configuration is saved, the old or the new one stands") {
  const std::string set =
      R"({"jsonrpc":"2.0","id":"s","method":"config.set","params":{"components":[{"id":"climate","config":{"base_c":-5}}]}})";
  const std::string get = R"({"jsonrpc":"2.0","id":"g","method":"config.get"})";
  for (size_t bytes = 0; bytes < 400; bytes += 3) {
    FakeBody body;
    auto node = boot(body);
    body.cut_write = body.writes + 1;  // the journal's begin comes before it
    body.cut_bytes = bytes;
    ask(body, *node, set);
    body.power_back();
    node = boot(body);
    const Json config = ask(body, *node, get)["result"]["components"][0]["config"];
    EXPECT(config["base_c"] == 21 || config["base_c"] == -5);
    EXPECT(config["period_ms"] == 2000);
  }
}

FB_TEST("remembers 32 acts, and the 33rd takes the place of the oldest") {
  FakeBody body;
  const auto node = boot(body);
  const auto request = [](int i, const char* on) {
    return R"({"jsonrpc":"2.0","id":"id)" + std::to_string(i) +
           R"(","method":"components.execute","params":{"id":"led","input":{"on":)" + on + "}}}";
  };
  for (int i = 0; i < 33; i++) ask(body, *node, request(i, "true"));
  EXPECT(ask(body, *node, request(1, "false"))["result"]["output"]["on"] == true);
  EXPECT(ask(body, *node, request(0, "false"))["result"]["output"]["on"] == false);
}

FB_TEST("any damage to its flash leaves a device that starts") {
  FakeBody fresh;
  ask(fresh, *boot(fresh), kSwitchOn);
  for (const auto& [key, bytes] : fresh.records) {
    for (size_t at = 0; at < bytes.size(); at++) {
      FakeBody body;
      body.records = fresh.records;
      body.records[key][at] = static_cast<char>(body.records[key][at] ^ 0x10);
      const auto node = boot(body);
      EXPECT(ask(body, *node, R"({"jsonrpc":"2.0","id":"g","method":"config.get"})")["result"]["components"].size() == 2);
    }
  }
}

FB_TEST("publishes status and shadow, retained, whenever the link comes up") {
  FakeBody body;
  const auto node = boot(body);
  EXPECT(body.sent.size() == 2 && body.sent[0].retain && body.sent[1].retain);
  const Json status = Json::parse(body.sent[0].payload);
  EXPECT(status["state"] == "online" && status["boot"] == 1 && status["sim"] == true && status["api"] == 1);
  EXPECT(body.sent[1].payload == R"({"led":{"on":false,"brightness":100}})");
  node->device().set_link(false, {3000, kUnixMs});
  node->device().set_link(true, {4000, kUnixMs});
  EXPECT(body.sent.size() == 4);
}

FB_TEST("a shadow that was not taken is published at the next step") {
  FakeBody body;
  const auto node = boot(body);
  body.link_refuses = true;
  ask(body, *node, kSwitchOn);
  body.link_refuses = false;
  node->device().step({3000, kUnixMs});
  bool seen = false;
  for (const FakeBody::Message& m : body.sent) seen |= m.payload == R"({"led":{"on":true,"brightness":100}})";
  EXPECT(seen);
}

FB_TEST("a lamp that is to be as before is, after the power was cut; another is off") {
  const auto configured = [](FakeBody& body, fb::VirtualNode& node, bool restore) {
    const std::string set = R"({"jsonrpc":"2.0","id":"s","method":"config.set","params":{"components":[{"id":"led","config":{"restore":)";
    ask(body, node, set + (restore ? "true" : "false") + "}}]}}");
    ask(body, node, R"({"jsonrpc":"2.0","id":"c","method":"config.confirm"})");
  };
  for (const bool restore : {true, false}) {
    FakeBody body;
    auto node = boot(body);
    configured(body, *node, restore);
    ask(body, *node, kSwitchOn);
    node->device().step({3000, kUnixMs});
    const size_t before = body.writes;
    // It waits until the lamp has rested, and then writes once.
    EXPECT(!restore || node->device().step({7000, kUnixMs}) <= 8000);
    EXPECT(body.writes == before);
    node->device().step({8000, kUnixMs});
    node->device().step({9000, kUnixMs});
    EXPECT(body.writes == before + (restore ? 1 : 0));
    node = boot(body);
    EXPECT((node->lamp().duty() > 0) == restore);
  }
}

FB_TEST("states are written at most once a minute, and before a restart that was asked for") {
  FakeBody body;
  auto node = boot(body);
  ask(body, *node, R"({"jsonrpc":"2.0","id":"s","method":"config.set","params":{"components":[{"id":"led","config":{"restore":true}}]}})");
  ask(body, *node, R"({"jsonrpc":"2.0","id":"c","method":"config.confirm"})");
  const auto dim = [&](int brightness, fb::Millis at) {
    const std::string input = R"({"on":true,"brightness":)" + std::to_string(brightness) + "}";
    EXPECT(node->device().execute("led", input, {at, kUnixMs}) == fb::Status::kOk);
    node->device().step({at, kUnixMs});
  };
  const size_t before = body.writes;
  dim(10, 10'000);
  node->device().step({15'000, kUnixMs});
  EXPECT(body.writes == before + 1);
  dim(20, 20'000);
  node->device().step({30'000, kUnixMs});
  EXPECT(body.writes == before + 1);
  node->device().step({75'000, kUnixMs});
  EXPECT(body.writes == before + 2);
  dim(30, 76'000);
  node->device().want_restart();
  node->device().step({76'100, kUnixMs});
  EXPECT(body.writes == before + 3);
  node = boot(body);
  EXPECT(node->lamp().duty() > 0.29 && node->lamp().duty() < 0.31);
}

FB_TEST("a member that nobody knows is refused by its name") {
  const struct { const char* params; const char* path; } slips[] = {
      {R"({"components":[{"id":"led","config":{"brightnes":50}}]})", "components[0].config.brightnes"},
      {R"({"components":[{"id":"led","enabled":true,"schedule":{"prio":1}}]})", "components[0].schedule.prio"},
      {R"({"sytem":{},"components":[{"id":"led","enabled":true}]})", "sytem"},
      {R"({"system":{"timzone":"UTC0"}})", "system.timzone"},
      {R"({"system":{"timezone":"this is no tz"}})", "system.timezone"},
      {R"({"system":{"version":99}})", "system.version"},
      {R"({"telemetry":{"batch":5}})", "telemetry.batch"}};
  FakeBody body;
  auto node = boot(body);
  for (const auto& slip : slips) {
    const Json answer = ask(body, *node, std::string(R"({"jsonrpc":"2.0","id":")") + slip.path + R"(","method":"config.set","params":)" + slip.params + "}");
    EXPECT_IN(answer.dump(), answer["error"]["code"] == -32602 && answer["error"].dump().find(slip.path) != std::string::npos);
  }
  for (const char* zone : {"", "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30"}) {
    const Json answer = ask(body, *node, std::string(R"({"jsonrpc":"2.0","id":"z)") + zone + R"(","method":"config.set","params":{"system":{"version":1,"timezone":")" + zone + R"("}}})");
    EXPECT_IN(answer.dump(), answer.contains("result"));
  }
}

FB_TEST("a component that cannot be made stays in the configuration, through changes of others, until it is removed") {
  FakeBody body;
  char scratch[1024];
  fb::TwoSlotRecord record(body, "cfg", scratch, sizeof scratch);
  (void)record.load();
  const std::string odd = R"({"id":"odd","type":"of-another-firmware","enabled":true,"config":{"x":[1,2]}})";
  EXPECT(record.save(R"({"system":{"version":1},"components":[{"id":"led","type":"led","enabled":true,"config":{}},)" + odd + "]}") == fb::Status::kOk);
  auto node = boot(body);
  const auto present = [&](const char* id) { return ask(body, *node, std::string(R"({"jsonrpc":"2.0","id":")") + id + R"(","method":"config.get"})")["result"]["components"]; };
  EXPECT(present("a").size() == 2);
  const Json set = ask(body, *node, R"({"jsonrpc":"2.0","id":"s","method":"config.set","params":{"components":[{"id":"led","config":{"fade_ms":5}}]}})");
  EXPECT_IN(set.dump(), set.contains("result"));
  node = boot(body);
  EXPECT(present("b")[1] == Json::parse(odd));
  EXPECT(ask(body, *node, R"({"jsonrpc":"2.0","id":"r","method":"components.remove","params":{"id":"odd"}})").contains("result"));
  node = boot(body);
  EXPECT(present("c").size() == 1);
}
