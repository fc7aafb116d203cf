#include "core/model_runner.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "ports/host/test.h"

using Oracle = nlohmann::json;

namespace {

Oracle model_vectors() {
  std::ifstream in(FB_VECTORS "/model.json");
  return Oracle::parse(in);
}

struct ModelBench {
  std::vector<fb::JsonToken> tokens = std::vector<fb::JsonToken>(4096);
  std::vector<char> text;
  std::vector<char> buffer = std::vector<char>(32'768);
  fb::JsonDocument document{tokens.data(), tokens.size()};
  fb::ModelRunner runner;
  fb::Fault fault;
  std::string planned;

  fb::JsonValue read(const std::string& json) {
    text.assign(json.begin(), json.end());
    EXPECT_IN(json.substr(0, 80), document.parse({text.data(), text.size()}).ok());
    return document.root();
  }
  fb::Status plan(const std::string& model) {
    fault = {};
    fb::JsonWriter out(buffer.data(), buffer.size());
    const fb::Status status = fb::ModelRunner::plan(read(model), out, fault);
    planned = std::string(out.finish().value_or(""));
    return status;
  }
  std::string written() {
    fb::JsonWriter out(buffer.data(), buffer.size());
    runner.write(out);
    return std::string(out.finish().value());
  }
};

}  // namespace

FB_TEST("model runner computes what model.json says, from what it wrote itself too") {
  size_t runs = 0;
  size_t most = 0;
  for (const Oracle& c : model_vectors()) {
    const std::string name = c["name"];
    ModelBench bench;
    if (c.contains("refused")) {
      EXPECT_IN(name, bench.plan(c["model"].dump()) == fb::Status::kInvalid);
      EXPECT_IN(name + ": " + std::string(bench.fault.field), "model." + std::string(bench.fault.field) == c["refused"]);
      continue;
    }
    EXPECT_IN(name, bench.plan(c["model"].dump()) == fb::Status::kOk);
    bench.runner.take(bench.read(bench.planned));
    EXPECT_IN(name, bench.runner.ready());
    EXPECT_IN(name, bench.written() == bench.planned);
    most = std::max(most, bench.runner.weight_count());
    for (const Oracle& run : c["runs"]) {
      const std::vector<double> values = run["in"];
      std::vector<double> results(bench.runner.output_count());
      EXPECT_IN(name, bench.runner.run(values.data(), results.data()) == fb::Status::kOk);
      for (size_t i = 0; i < results.size(); i++) {
        const double wanted = run["out"][i];
        EXPECT_IN(name + " at " + run["in"].dump() + ": " + std::to_string(results[i]) + ", not " + std::to_string(wanted),
                  std::abs(results[i] - wanted) <= 2e-5 * std::max(1.0, std::abs(wanted)));
        runs++;
      }
    }
  }
  EXPECT(runs > 60);
  EXPECT(most == fb::ModelRunner::kMaxWeights);
}

FB_TEST("model runner has no result beyond every float, and none without a model") {
  ModelBench bench;
  double result = 0;
  const double huge[] = {1e300};
  EXPECT(bench.runner.run(huge, &result) == fb::Status::kInvalid);
  EXPECT(bench.written() == "null");
  bench.runner.take(bench.read(R"({"inputs":[{"metric":"x"}],"layers":[{"activation":"linear","units":[[2,0]]}],"outputs":[{"name":"y"}]})"));
  EXPECT(bench.runner.run(huge, &result) == fb::Status::kInvalid);
  const double one[] = {1};
  EXPECT(bench.runner.run(one, &result) == fb::Status::kOk && result == 2);
  bench.runner.take(bench.read("null"));
  EXPECT(!bench.runner.ready());
}

FB_TEST("model runner is total on damaged models") {
  std::mt19937 random(9);
  std::vector<std::string> models;
  for (const Oracle& c : model_vectors())
    if (c["model"].dump().size() < 3000) models.push_back(c["model"].dump());
  ModelBench bench;
  int taken = 0;
  for (int round = 0; round < 20'000; round++) {
    std::string text = models[random() % models.size()];
    for (unsigned i = random() % 3 + 1; i > 0; i--) {
      const size_t at = random() % text.size();
      if (random() % 2) text[at] = "{}[],:\"0x.e-A=951"[random() % 17];
      else text.erase(at, random() % 12);
      if (text.empty()) text = "{";
    }
    const std::vector<char> exact(text.begin(), text.end());
    fb::JsonDocument document(bench.tokens.data(), bench.tokens.size());
    if (!document.parse({exact.data(), exact.size()}).ok()) continue;
    fb::JsonWriter out(bench.buffer.data(), bench.buffer.size());
    fb::Fault fault;
    bench.runner.take(document.root());
    // What is planned is what is kept.
    const bool fits = fb::ModelRunner::plan(document.root(), out, fault) == fb::Status::kOk;
    EXPECT_IN(text, fits == bench.runner.ready());
    if (!fits) continue;
    EXPECT_IN(text, out.finish().ok());
    double values[fb::ModelRunner::kMaxInputs] = {1, -1, 1e9};
    double results[fb::ModelRunner::kMaxOutputs];
    (void)bench.runner.run(values, results);
    taken++;
  }
  EXPECT(taken > 300);
}
