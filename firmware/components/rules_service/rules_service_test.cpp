#include "components/rules_service/rules_service.h"

#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

using fb::Millis;
using fb::Status;

class RuleTestActor final : public fb::RuleActor {
 public:
  Status execute(std::string_view component, std::string_view input, const fb::Now&) override {
    acts.push_back(std::string(component) + " " + std::string(input));
    if (on_execute != nullptr) on_execute->heard(&echo, 1, {now, 0});
    return execute_status;
  }
  Status alert(const fb::RuleAlert& alert, const fb::Now&) override {
    if (alert_status == Status::kUnavailable) {
      refused++;
      return alert_status;
    }
    acts.push_back(std::string(alert.raised ? "raise " : "over ") + std::string(alert.rule) + " " + std::string(alert.text) +
                   " " + std::string(fb::severity_name(alert.severity)));
    return alert_status;
  }
  void wake(fb::Component&, const fb::Now&) override { wakes++; }

  std::vector<std::string> acts;
  Status execute_status = Status::kOk;
  Status alert_status = Status::kOk;
  int refused = 0;
  int wakes = 0;
  fb::SampleListeners* on_execute = nullptr;
  fb::Metric echo{};
  Millis now = 0;
};

struct RuleServiceBench {
  RuleTestActor actor;
  fb::SampleListeners samples;
  fb::RulesService rules{actor, samples};
  std::vector<fb::JsonToken> tokens = std::vector<fb::JsonToken>(512);
  char buffer[4096];
  fb::Fault fault;
  std::string answer;

  explicit RuleServiceBench(const std::string& list) {
    fb::JsonDocument document(tokens.data(), tokens.size());
    const std::string config = R"({"rules":[)" + list + "]}";
    EXPECT_IN(config, document.parse(config).ok());
    fb::JsonWriter out(buffer, sizeof buffer);
    EXPECT_IN(config, rules.plan_config(document.root(), out, fault) == Status::kOk);
    rules.init(document.root(), {0, 0});
    (void)rules.execute({0, 0}).value();
  }
  void hear(double temperature, Millis now) {
    const fb::Metric metric[] = {{"t", temperature}};
    samples.heard(metric, 1, {now, 0});
  }
  Millis turn(Millis now) {
    actor.now = now;
    return rules.execute({now, 0}).value();
  }
  std::vector<std::string> acts() { return std::move(actor.acts); }
  Status ask(const std::string& input, Millis now) {
    fb::JsonDocument document(tokens.data(), tokens.size());
    EXPECT(document.parse(input).ok());
    fb::JsonWriter out(buffer, 512);
    fault = {};
    const Status status = rules.execute_now(document.root(), out, fault, {now, 0});
    answer = std::string(out.finish().value_or(""));
    return status;
  }
  std::string state() {
    fb::JsonWriter out(buffer, sizeof buffer);
    rules.write_state(out);
    return std::string(out.finish().value());
  }
};

const std::string kHotRule =
    R"({"id":"hot","when":{"metric":"t","op":">","value":30},"cooldown_s":0,)"
    R"("then":[{"execute":"fan","input":{"on":true}},{"alert":"Too \"warm\"","severity":"critical"}]})";
using Acts = std::vector<std::string>;

}  // namespace

FB_TEST("rules service acts in its own turn, not while a sample is heard") {
  RuleServiceBench bench(kHotRule);
  bench.hear(31, 1000);
  EXPECT(bench.actor.wakes == 1);
  EXPECT(bench.acts().empty());
  EXPECT(bench.turn(1000) == fb::kNever);
  EXPECT(bench.acts() == Acts({R"(fan {"on":true})", R"(raise hot "Too \"warm\"" critical)"}));
  bench.hear(32, 2000);
  EXPECT(bench.actor.wakes == 1);
  (void)bench.turn(2000);
  EXPECT(bench.acts().empty());
  bench.hear(20, 3000);
  (void)bench.turn(3000);
  EXPECT(bench.acts() == Acts({R"(over hot "Too \"warm\"" critical)"}));
}

FB_TEST("rules service comes back when time alone makes a rule fire") {
  RuleServiceBench bench(R"({"id":"a","when":{"metric":"t","op":">","value":30},"for_s":60,"then":[{"alert":"x"}]})");
  bench.hear(31, 1000);
  EXPECT(bench.actor.wakes == 1);
  EXPECT(bench.turn(1000) == 61'000);
  bench.hear(31, 2000);
  EXPECT(bench.actor.wakes == 1);
  (void)bench.turn(61'000);
  EXPECT(bench.acts() == Acts({R"(raise a "x" warning)"}));
}

FB_TEST("rules service tells an alert once it can, raised before it is over") {
  RuleServiceBench bench(kHotRule);
  bench.actor.alert_status = Status::kUnavailable;
  bench.hear(31, 1000);
  EXPECT(bench.turn(1000) == 6000);
  EXPECT(bench.acts() == Acts({R"(fan {"on":true})"}));
  (void)bench.turn(2000);
  EXPECT(bench.actor.refused == 1);
  bench.hear(20, 3000);
  EXPECT(bench.turn(6000) == 11'000);
  EXPECT(bench.actor.refused == 2);
  bench.actor.alert_status = Status::kOk;
  EXPECT(bench.turn(11'000) == fb::kNever);
  EXPECT(bench.acts() == Acts({R"(raise hot "Too \"warm\"" critical)", R"(over hot "Too \"warm\"" critical)"}));
}

FB_TEST("rules service does not tell that an alert is back to who was never told that it was over") {
  RuleServiceBench bench(R"({"id":"a","when":{"metric":"t","op":">","value":30},"cooldown_s":0,"then":[{"alert":"x"}]})");
  bench.hear(31, 1000);
  (void)bench.turn(1000);
  bench.actor.alert_status = Status::kUnavailable;
  bench.hear(20, 2000);
  (void)bench.turn(2000);
  bench.hear(31, 3000);
  bench.actor.alert_status = Status::kOk;
  EXPECT(bench.turn(8000) == fb::kNever);
  EXPECT(bench.acts() == Acts({R"(raise a "x" warning)"}));
}

FB_TEST("rules service does what fired and cleared before its turn came") {
  RuleServiceBench bench(kHotRule);
  bench.hear(31, 1000);
  bench.hear(20, 1000);
  (void)bench.turn(1000);
  EXPECT(bench.acts() == Acts({R"(fan {"on":true})", R"(raise hot "Too \"warm\"" critical)", R"(over hot "Too \"warm\"" critical)"}));
}

FB_TEST("rules service executes once, whatever comes of it, and counts what failed") {
  RuleServiceBench bench(kHotRule);
  bench.actor.execute_status = Status::kNotFound;
  bench.hear(31, 1000);
  (void)bench.turn(1000);
  (void)bench.turn(10'000);
  EXPECT(bench.acts().size() == 2);
  EXPECT(bench.state() == R"({"rules":{"hot":{"phase":"active","fired":1}},"acts":1,"failed":1})");
}

FB_TEST("rules service spreads many acts over turns and loses none") {
  std::string list;
  for (int i = 0; i < 16; i++)
    list += std::string(i > 0 ? "," : "") + R"({"id":"r)" + std::to_string(i) +
            R"(","when":{"metric":"t","op":">","value":30},"then":[{"execute":"a","input":{}},{"alert":"x"}]})";
  RuleServiceBench bench(list);
  bench.hear(31, 1000);
  Millis now = 1000;
  int turns = 0;
  for (Millis next = bench.turn(now); next != fb::kNever && turns < 20; next = bench.turn(now), turns++) {
    EXPECT(bench.actor.acts.size() % 8 == 0);
    now = next;
  }
  EXPECT(turns == 3);
  EXPECT(bench.acts().size() == 32);
}

FB_TEST("rules service hears what its own acts made a component measure") {
  RuleServiceBench bench(kHotRule + R"(,{"id":"b","when":{"metric":"fan","op":"==","value":1},"then":[{"alert":"fan on"}]})");
  bench.actor.on_execute = &bench.samples;
  bench.actor.echo = {"fan", 1};
  bench.hear(31, 1000);
  Millis next = 1000;
  for (int i = 0; i < 3 && next != fb::kNever; i++) next = bench.turn(next);
  const Acts acts = bench.acts();
  EXPECT(acts.size() == 3);
  EXPECT(acts.back() == R"(raise b "fan on" warning)");
}

FB_TEST("rules service answers what would fire and does nothing") {
  RuleServiceBench bench(kHotRule + R"(,{"id":"lasting","when":{"metric":"c.t","op":">","value":30},"for_s":60,"then":[{"alert":"x"}]},)"
                                    R"({"id":"noon","when":{"from":"12:00","to":"13:00"},"then":[{"alert":"x"}]})");
  const uint32_t version = bench.rules.state_version();
  EXPECT(bench.ask(R"({"dry_run":{"values":{"t":31,"c.t":40},"time":"12:30"}})", 1000) == Status::kOk);
  EXPECT(bench.answer == R"({"fires_in_s":{"hot":0,"lasting":60,"noon":0}})");
  EXPECT(bench.ask(R"({"dry_run":{"values":{"t":31},"rule":"lasting"}})", 1000) == Status::kOk);
  EXPECT(bench.answer == R"({"fires_in_s":{}})");
  (void)bench.turn(2000);
  EXPECT(bench.acts().empty());
  EXPECT(bench.rules.state_version() == version);
  bench.hear(31, 3000);
  EXPECT(bench.ask(R"({"dry_run":{}})", 3000) == Status::kOk);
  EXPECT(bench.answer == R"({"fires_in_s":{"hot":null}})");
}

FB_TEST("rules service refuses acts that do not fit, and names what does not") {
  RuleServiceBench bench(kHotRule);
  const std::pair<const char*, const char*> cases[] = {
      {"{}", ""},
      {R"({"run":"hot","dry_run":{}})", ""},
      {R"({"run":"cold"})", "run"},
      {R"({"dry_run":true})", "dry_run"},
      {R"({"dry_run":{"values":[1]}})", "dry_run.values"},
      {R"({"dry_run":{"values":{"t":"1"}}})", "dry_run.values"},
      {R"({"dry_run":{"values":{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1}}})", "dry_run.values"},
      {R"({"dry_run":{"time":"25:00"}})", "dry_run.time"}};
  for (const auto& [input, field] : cases) {
    EXPECT_IN(input, bench.ask(input, 0) == Status::kInvalid);
    EXPECT_IN(input, bench.fault.field == field);
  }
}

FB_TEST("rules service does a rule's acts by hand, and an alert of the hand is over at once") {
  RuleServiceBench bench(kHotRule);
  EXPECT(bench.ask(R"({"run":"hot"})", 1000) == Status::kOk);
  EXPECT(bench.answer == R"({"acts":2})");
  (void)bench.turn(1000);
  EXPECT(bench.acts().size() == 3);
  EXPECT(bench.state().find(R"("hot":{"phase":"idle","fired":0})") != std::string::npos);
  // Where the rule is active, its alert is not over.
  bench.hear(31, 2000);
  (void)bench.turn(2000);
  (void)bench.acts();
  EXPECT(bench.ask(R"({"run":"hot"})", 3000) == Status::kOk);
  (void)bench.turn(3000);
  EXPECT(bench.acts().size() == 2);
}

FB_TEST("rules service hears nothing after it was let go") {
  fb::SampleListeners samples;
  RuleTestActor actor;
  const fb::Metric metric[] = {{"t", 99}};
  fb::JsonToken tokens[64];
  fb::JsonDocument document(tokens, 64);
  const std::string config = R"({"rules":[)" + kHotRule + "]}";
  EXPECT(document.parse(config).ok());
  {
    fb::RulesService gone(actor, samples);
    gone.init(document.root(), {0, 0});
    fb::RulesService rested(actor, samples);
    rested.init(document.root(), {0, 0});
    rested.cleanup({0, 0});
    samples.heard(metric, 1, {0, 0});
    EXPECT(actor.wakes == 1);
  }
  samples.heard(metric, 1, {0, 0});
  EXPECT(actor.wakes == 1);
}

FB_TEST("rules service's schemas are JSON and leave room in an answer") {
  RuleServiceBench bench("");
  fb::JsonWriter schema(bench.buffer, 3200);
  bench.rules.write_config_schema(schema);
  fb::JsonDocument document(bench.tokens.data(), bench.tokens.size());
  EXPECT(schema.finish().ok() && document.parse(schema.finish().value()).ok());
  fb::JsonWriter options(bench.buffer, 3200);
  bench.rules.write_execute_options(options);
  EXPECT(options.finish().ok() && document.parse(options.finish().value()).ok());
}
