#include "core/rules.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "core/rules_engine.h"
#include "ports/host/test.h"

using Oracle = nlohmann::json;

namespace {

Oracle rule_vectors() {
  std::ifstream in(FB_VECTORS "/rules.json");
  return Oracle::parse(in);
}

/// A table, its engine, and what it takes to give them JSON.
struct RuleBench {
  std::vector<char> text;
  std::vector<fb::JsonToken> tokens = std::vector<fb::JsonToken>(2048);
  fb::JsonDocument document{tokens.data(), 2048};
  std::vector<char> whole = std::vector<char>(16'384);
  fb::RuleTable table;
  fb::RulesEngine engine{table};
  fb::Fault fault;

  fb::JsonValue read(const std::string& json) {
    text.assign(json.begin(), json.end());
    EXPECT_IN(json, document.parse({text.data(), text.size()}).ok());
    return document.root();
  }
  fb::Status plan(const std::string& change) {
    fault = {};
    fb::JsonWriter out(whole.data(), whole.size());
    const fb::Status status = table.plan(read(change), out, fault);
    planned = out.finish().ok() ? std::string(out.finish().value()) : "";
    return status;
  }
  /// Plans and takes what was planned, as the configuration does.
  void set(const std::string& change, fb::Millis now) {
    EXPECT_IN(change, plan(change) == fb::Status::kOk);
    table.take(read(planned));
    text.assign(text.size(), '#');  // nothing may be left of the document
    engine.begin({now, 0});
  }
  std::vector<std::string> names(uint16_t bits) const {
    std::vector<std::string> all;
    for (size_t r = 0; r < table.size(); r++)
      if (bits >> r & 1) all.emplace_back(table.at(r).id);
    return all;
  }
  std::string planned;
};

void run_rule_steps(RuleBench& bench, const Oracle& c) {
  for (const Oracle& step : c["steps"]) {
    const std::string where = c["name"].get<std::string>() + " at " + step["at_ms"].dump();
    const fb::Now now{step["at_ms"].get<fb::Millis>(), step.value("unix_ms", int64_t{0})};
    const Oracle heard = step.value("hear", Oracle::object());
    for (const auto& [component, values] : heard.items()) {
      std::vector<std::string> names;
      std::vector<fb::Metric> metrics;
      for (const auto& [name, value] : values.items()) names.push_back(name);
      for (const std::string& name : names) metrics.push_back({name, values[name].get<double>()});
      bench.engine.hear(component, metrics.data(), metrics.size(), now);
    }
    const fb::RulesEngine::Edges edges = bench.engine.evaluate(now);
    EXPECT_IN(where, bench.names(edges.fired) == step.value("fires", std::vector<std::string>()));
    EXPECT_IN(where, bench.names(edges.cleared) == step.value("clears", std::vector<std::string>()));
    if (step.contains("next_ms")) {
      const fb::Millis wanted = step["next_ms"].is_null() ? fb::kNever : step["next_ms"].get<fb::Millis>();
      EXPECT_IN(where + " next " + std::to_string(bench.engine.next_due(now)), bench.engine.next_due(now) == wanted);
    }
    const Oracle phases = step.value("phases", Oracle::object());
    for (size_t r = 0; r < bench.table.size(); r++) {
      const auto phase = phases.find(std::string(bench.table.at(r).id));
      if (phase != phases.end()) EXPECT_IN(where, fb::phase_name(bench.engine.phase(r)) == phase->get<std::string>());
    }
  }
}

}  // namespace

FB_TEST("rules mean what rules.json says") {
  int refused = 0;
  for (const Oracle& c : rule_vectors()) {
    const std::string name = c["name"];
    RuleBench bench;
    if (c.contains("refused")) {
      EXPECT_IN(name, bench.plan(c["config"].dump()) == fb::Status::kInvalid);
      EXPECT_IN(name + ": " + std::string(bench.fault.field), bench.fault.field == c["refused"]["field"].get<std::string>());
      EXPECT_IN(name + ": " + std::string(bench.fault.description),
                bench.fault.description == c["refused"]["member"].get<std::string>());
      refused++;
      continue;
    }
    bench.set(c["config"].dump(), c.value("begin_ms", fb::Millis{0}));
    if (c.contains("whole")) EXPECT_IN(name + ": " + bench.planned, Oracle::parse(bench.planned) == c["whole"]);
    // What was taken is written as it was read.
    const std::string first = bench.planned;
    EXPECT_IN(name, bench.plan("{}") == fb::Status::kOk);
    EXPECT_IN(name + ": " + bench.planned, bench.planned == first);
    run_rule_steps(bench, c);
  }
  EXPECT(refused > 20);
}

FB_TEST("rules fit sixteen and their texts two kilobytes, and no more") {
  RuleBench bench;
  const auto rules = [](int count, size_t text) {
    std::string all = R"({"rules":[)";
    for (int i = 0; i < count; i++)
      all += std::string(i > 0 ? "," : "") + R"({"id":"r)" + std::to_string(i) +
             R"(","when":{"metric":"c.t","silent_s":1},"then":[{"alert":")" + std::string(text, 'x') + R"("}]})";
    return all + "]}";
  };
  EXPECT(bench.plan(rules(16, 90)) == fb::Status::kOk);
  EXPECT(bench.plan(rules(17, 1)) == fb::Status::kInvalid);
  EXPECT(bench.fault.field == "rules");
  std::string long_inputs = R"({"rules":[)";
  for (int i = 0; i < 4; i++) {
    long_inputs += std::string(i > 0 ? "," : "") + R"({"id":"r)" + std::to_string(i) +
                   R"(","when":{"metric":"c.t","silent_s":1},"then":[)";
    for (int act = 0; act < 4; act++)
      long_inputs += std::string(act > 0 ? "," : "") + R"({"execute":"x","input":{"a":")" + std::string(120, 'y') + R"("}})";
    long_inputs += "]}";
  }
  EXPECT(bench.plan(long_inputs + "]}") == fb::Status::kInvalid);
  EXPECT(bench.fault.field == "rules");
}

FB_TEST("rules that were refused leave those that were there") {
  RuleBench bench;
  bench.set(R"({"rules":[{"id":"a","when":{"metric":"c.t","silent_s":1},"then":[{"alert":"x"}]}]})", 0);
  EXPECT(bench.plan(R"({"rules":[{"id":"B"}]})") == fb::Status::kInvalid);
  EXPECT(bench.table.size() == 1);
  bench.set(R"({"utc_offset_min":-60})", 0);
  EXPECT(bench.table.size() == 1);
  EXPECT(bench.table.utc_offset_min() == -60);
  bench.set(R"({"rules":[]})", 0);
  EXPECT(bench.table.size() == 0);
}

FB_TEST("rules are total on damaged configurations") {
  std::mt19937 random(5);
  std::vector<std::string> configs;
  for (const Oracle& c : rule_vectors()) configs.push_back(c["config"].dump());
  RuleBench bench;
  int taken = 0;
  for (int round = 0; round < 20'000; round++) {
    std::string text = configs[random() % configs.size()];
    for (unsigned i = random() % 2 + 1; i > 0; i--) {
      const size_t at = random() % text.size();
      if (random() % 2) text[at] = "{}[],:\"0x.e-\\195 7"[random() % 18];
      else text.erase(at, random() % 12);
      if (text.empty()) text = "{";
    }
    std::vector<fb::JsonToken> tokens(512);
    fb::JsonDocument document(tokens.data(), tokens.size());
    const std::vector<char> exact(text.begin(), text.end());
    if (!document.parse({exact.data(), exact.size()}).ok()) continue;
    fb::JsonWriter out(bench.whole.data(), bench.whole.size());
    fb::Fault fault;
    if (bench.table.plan(document.root(), out, fault) != fb::Status::kOk) continue;
    // What is planned is whole, and taking it and planning nothing gives the same.
    EXPECT_IN(text, out.finish().ok());
    const std::string first(out.finish().value());
    bench.table.take(bench.read(first));
    EXPECT_IN(text, bench.plan("{}") == fb::Status::kOk && bench.planned == first);
    taken++;
  }
  EXPECT(taken > 300);
}

FB_TEST("rules engine tries out values and times without remembering them") {
  RuleBench bench;
  bench.set(R"({"rules":[{"id":"a","when":{"all":[{"metric":"c.t","op":">","value":30},{"from":"08:00","to":"20:00"}]},)"
            R"("for_s":5,"then":[{"alert":"x"}]}]})",
            0);
  const fb::Now now{1000, 0};
  const fb::RulesEngine::Trial hot[] = {{"c.t", 31}};
  const uint32_t version = bench.engine.version();
  EXPECT(!bench.engine.would_hold(0, hot, 1, -1, now));
  EXPECT(!bench.engine.would_hold(0, hot, 1, 7 * 60 + 59, now));
  EXPECT(bench.engine.would_hold(0, hot, 1, 8 * 60, now));
  EXPECT(!bench.engine.would_hold(0, nullptr, 0, 8 * 60, now));
  EXPECT(bench.engine.fires_in(0, now) == 5000);
  EXPECT(bench.engine.evaluate(now).fired == 0);
  EXPECT(bench.engine.version() == version);
  EXPECT(bench.engine.phase(0) == fb::RulePhase::kIdle);
}

FB_TEST("rules engine does not hear what is no number") {
  RuleBench bench;
  bench.set(R"({"rules":[{"id":"a","when":{"metric":"c.t","op":"!=","value":30},"then":[{"alert":"x"}]}]})", 0);
  const fb::Metric nothing[] = {{"t", std::nan("")}, {"t", HUGE_VAL}};
  bench.engine.hear("c", nothing, 2, {0, 0});
  EXPECT(bench.engine.evaluate({0, 0}).fired == 0);
}
