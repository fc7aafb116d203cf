#include "components/model_service/model_service.h"

#include <map>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

using fb::Millis;
using fb::Status;

class ModelTestSink final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now& now) override {
    samples.emplace_back();
    for (size_t i = 0; i < count; i++) samples.back()[std::string(metrics[i].name)] = metrics[i].value;
    if (echo_to != nullptr) echo_to->heard(metrics, count, now);
  }
  std::vector<std::map<std::string, double>> samples;
  fb::SampleListeners* echo_to = nullptr;
};

class ModelTestStopwatch final : public fb::Stopwatch {
 public:
  uint64_t micros() override { return at += 7; }
  uint64_t at = 0;
};

struct ModelServiceBench {
  ModelTestSink sink;
  fb::SampleListeners samples;
  ModelTestStopwatch stopwatch;
  fb::ModelService service{sink, samples, stopwatch};
  std::vector<fb::JsonToken> tokens = std::vector<fb::JsonToken>(256);
  char buffer[2048];
  fb::Fault fault;

  Status plan(const std::string& change, std::string& planned) {
    fb::JsonDocument document(tokens.data(), tokens.size());
    EXPECT_IN(change, document.parse(change).ok());
    fb::JsonWriter out(buffer, sizeof buffer);
    fault = {};
    const Status status = service.plan_config(document.root(), out, fault);
    planned = std::string(out.finish().value_or(""));
    return status;
  }
  void set(const std::string& change, Millis now) {
    std::string planned;
    EXPECT_IN(change, plan(change, planned) == Status::kOk);
    fb::JsonDocument document(tokens.data(), tokens.size());
    EXPECT_IN(planned, document.parse(planned).ok());
    service.init(document.root(), {now, 0});
  }
  void hear(std::string_view name, double value, Millis now) {
    const fb::Metric metric[] = {{name, value}};
    samples.heard(metric, 1, {now, 0});
  }
  Millis turn(Millis now) { return service.execute({now, 0}).value(); }
  std::string state() {
    fb::JsonWriter out(buffer, sizeof buffer);
    service.write_state(out);
    return std::string(out.finish().value());
  }
  Status ask(const std::string& input, std::string& answer) {
    fb::JsonDocument document(tokens.data(), tokens.size());
    EXPECT(document.parse(input).ok());
    fb::JsonWriter out(buffer, 512);
    fault = {};
    const Status status = service.execute_now(document.root(), out, fault, {0, 0});
    answer = std::string(out.finish().value_or(""));
    return status;
  }
};

const std::string kSumModel =
    R"({"model":{"inputs":[{"metric":"a"},{"metric":"b"}],"layers":[{"activation":"linear","units":[[1,2,0.5]]}],)"
    R"("outputs":[{"name":"sum"}]}})";

}  // namespace

FB_TEST("model service runs when all its inputs were heard, and its output is a metric") {
  ModelServiceBench bench;
  bench.set(kSumModel, 0);
  bench.hear("a", 1, 0);
  EXPECT(bench.turn(0) == 5000);
  EXPECT(bench.sink.samples.empty());
  EXPECT(bench.state().find(R"("waits_for":"b")") != std::string::npos);
  bench.hear("b", 10, 1000);
  EXPECT(bench.turn(1000) == 5000);
  EXPECT(bench.sink.samples.empty());
  EXPECT(bench.turn(5000) == 10'000);
  EXPECT(bench.sink.samples.size() == 1);
  EXPECT(bench.sink.samples[0]["sum"] == 21.5);
  EXPECT(bench.state().find("waits_for") == std::string::npos);
}

FB_TEST("model service gives no result where nothing new was heard") {
  ModelServiceBench bench;
  bench.set(kSumModel, 0);
  bench.hear("a", 1, 0);
  bench.hear("b", 1, 0);
  for (Millis now = 0; now <= 20'000; now += 5000) (void)bench.turn(now);
  EXPECT(bench.sink.samples.size() == 1);
  bench.hear("a", 2, 21'000);
  (void)bench.turn(25'000);
  EXPECT(bench.sink.samples.size() == 2);
}

FB_TEST("model service does not run on values that are too old") {
  ModelServiceBench bench;
  bench.set(kSumModel, 0);
  bench.set(R"({"max_age_s":30})", 0);
  bench.hear("a", 1, 0);
  bench.hear("b", 1, 29'000);
  (void)bench.turn(30'000);
  EXPECT(bench.sink.samples.size() == 1);
  bench.hear("b", 1, 31'000);
  (void)bench.turn(35'000);
  EXPECT(bench.sink.samples.size() == 1);
  EXPECT(bench.state().find(R"("waits_for":"a")") != std::string::npos);
}

FB_TEST("model service does not feed on its own output alone") {
  ModelServiceBench bench;
  bench.sink.echo_to = &bench.samples;
  bench.set(R"({"model":{"inputs":[{"metric":"x"}],"layers":[{"activation":"linear","units":[[2,0]]}],"outputs":[{"name":"x"}]}})", 0);
  bench.hear("x", 1, 0);
  for (Millis now = 0; now <= 20'000; now += 5000) (void)bench.turn(now);
  EXPECT(bench.sink.samples.size() == 1);
}

FB_TEST("model service without a model waits for one, and a change of another member keeps the model") {
  ModelServiceBench bench;
  bench.set("{}", 0);
  EXPECT(bench.turn(0) == fb::kNever);
  std::string planned;
  EXPECT(bench.plan("{}", planned) == Status::kOk);
  EXPECT(planned == R"({"period_s":5,"max_age_s":60,"model":null})");
  bench.set(kSumModel, 0);
  bench.set(R"({"period_s":1})", 0);
  bench.hear("a", 1, 0);
  bench.hear("b", 1, 0);
  EXPECT(bench.turn(0) == 1000);
  EXPECT(bench.sink.samples.size() == 1);
  bench.set(R"({"model":null})", 0);
  EXPECT(bench.turn(1000) == fb::kNever);
}

FB_TEST("model service names the member that does not fit") {
  ModelServiceBench bench;
  std::string planned;
  const std::pair<const char*, const char*> cases[] = {{R"({"period_s":0})", "period_s"},
                                                       {R"({"model":1})", "model.inputs"},
                                                       {R"({"model":{"inputs":[{"metric":"a"}]}})", "model.layers"}};
  for (const auto& [change, field] : cases) {
    EXPECT_IN(change, bench.plan(change, planned) == Status::kInvalid);
    EXPECT_IN(change, bench.fault.field == field);
  }
}

FB_TEST("model service tries values without telling anybody, and counts how long a run takes") {
  ModelServiceBench bench;
  std::string answer;
  EXPECT(bench.ask(R"({"values":{}})", answer) == Status::kRefused);
  EXPECT(bench.fault.description == "there is no model");
  bench.set(kSumModel, 0);
  EXPECT(bench.ask(R"({"values":{"a":1,"b":2}})", answer) == Status::kOk);
  EXPECT(answer == R"({"outputs":{"sum":5.5},"us":7})");
  EXPECT(bench.sink.samples.empty());
  EXPECT(bench.ask(R"({"values":{"a":1}})", answer) == Status::kInvalid);
  EXPECT(bench.fault.field == "values");
  EXPECT(bench.ask(R"({"values":{"a":1e308,"b":1e308}})", answer) == Status::kRefused);
  EXPECT(bench.state().find(R"("most_us":7)") != std::string::npos);
}

FB_TEST("model service's schemas are JSON") {
  ModelServiceBench bench;
  bench.set(kSumModel, 0);
  fb::JsonDocument document(bench.tokens.data(), bench.tokens.size());
  fb::JsonWriter schema(bench.buffer, sizeof bench.buffer);
  bench.service.write_config_schema(schema);
  EXPECT(schema.finish().ok() && document.parse(schema.finish().value()).ok());
  fb::JsonWriter options(bench.buffer, sizeof bench.buffer);
  bench.service.write_execute_options(options);
  EXPECT(options.finish().ok() && document.parse(options.finish().value()).ok());
}
