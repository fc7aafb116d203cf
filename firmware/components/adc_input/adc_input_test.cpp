#include "components/adc_input/adc_input.h"

#include <cmath>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

/// Gives its millivolts in turn, over and over.
class AdcPin final : public fb::AdcIn {
 public:
  fb::Expected<double> millivolts() override {
    const size_t turn = asked++;
    if (turn == fails_at) return fb::Status::kUnavailable;
    return values[turn % values.size()];
  }
  std::vector<double> values = {1'000};
  size_t asked = 0;
  size_t fails_at = SIZE_MAX;
};

class AdcTaken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now& now) override {
    EXPECT(count == 1);
    name = std::string(metrics[0].name);
    value = metrics[0].value;
    at.push_back(now.mono);
  }
  std::string name;
  double value = 0;
  std::vector<fb::Millis> at;
};

/// kOk where the configuration was taken on; else the field that does not fit is in `field`.
fb::Status adc_configure(fb::AdcInput& sensor, const std::string& json, std::string& field, fb::Millis mono = 0) {
  fb::JsonToken tokens[32];
  fb::JsonDocument change(tokens, 32);
  if (!change.parse(json).ok()) return fb::Status::kCorrupt;
  char buffer[512];
  fb::JsonWriter out(buffer, sizeof buffer);
  fb::Fault fault;
  const fb::Status status = sensor.plan_config(change.root(), out, fault);
  field = std::string(fault.field);
  if (status != fb::Status::kOk) return status;
  fb::JsonToken whole_tokens[32];
  fb::JsonDocument whole(whole_tokens, 32);
  EXPECT_IN(json, whole.parse(out.finish().value()).ok());
  sensor.init(whole.root(), {mono, 0});
  return fb::Status::kOk;
}

std::string adc_state(const fb::AdcInput& sensor) {
  char buffer[256];
  fb::JsonWriter out(buffer, sizeof buffer);
  sensor.write_state(out);
  return std::string(out.finish().value());
}

/// A pin, a component and what it took.
struct AdcBench {
  explicit AdcBench(const std::string& json) {
    std::string field;
    EXPECT_IN(json, adc_configure(sensor, json, field) == fb::Status::kOk);
  }
  AdcPin pin;
  AdcTaken taken;
  fb::AdcInput sensor{pin, taken};
};

}  // namespace

FB_TEST("adc-input gives volts as they are when nothing else is said") {
  AdcBench bench("{}");
  bench.pin.values = {1'234};
  EXPECT(bench.sensor.execute({0, 0}).value() == 1'000);
  EXPECT(bench.taken.name == "voltage");
  EXPECT(std::abs(bench.taken.value - 1.234) < 1e-12);
}

FB_TEST("adc-input scales and shifts, under a name and with a unit of one's own") {
  AdcBench bench(R"({"metric":"tank level","unit":"cm","scale":-50,"offset":180})");
  bench.pin.values = {2'000};
  EXPECT(bench.sensor.execute({0, 0}).ok());
  EXPECT(bench.taken.name == "tank level");
  EXPECT(bench.taken.value == 80);
  EXPECT(adc_state(bench.sensor) == R"({"metric":"tank level","unit":"cm","value":80})");
}

FB_TEST("adc-input averages as many conversions as it is told") {
  AdcBench bench(R"({"samples":4})");
  bench.pin.values = {1'000, 1'010, 990, 1'040};
  EXPECT(bench.sensor.execute({0, 0}).ok());
  EXPECT(bench.pin.asked == 4);
  EXPECT(std::abs(bench.taken.value - 1.010) < 1e-12);
}

FB_TEST("adc-input keeps to its grid, late or not") {
  AdcBench bench(R"({"period_ms":100})");
  EXPECT(bench.sensor.execute({0, 0}).value() == 100);
  EXPECT(bench.sensor.execute({50, 0}).value() == 100);
  EXPECT(bench.sensor.execute({130, 0}).value() == 200);
  EXPECT(bench.sensor.execute({5'000, 0}).value() == 5'100);
  EXPECT(bench.taken.at == std::vector<fb::Millis>({0, 130, 5'000}));
}

FB_TEST("adc-input gives no sample beyond its limits, and says what it saw") {
  AdcBench bench(R"({"scale":10,"unit":"bar","lowest":5,"highest":20})");
  bench.pin.values = {500};
  EXPECT(bench.sensor.execute({0, 0}).ok());
  bench.pin.values = {2'000};
  EXPECT(bench.sensor.execute({1'000, 0}).ok());
  EXPECT(bench.taken.at.size() == 2);
  bench.pin.values = {499};
  EXPECT(bench.sensor.execute({2'000, 0}).status() == fb::Status::kCorrupt);
  EXPECT(adc_state(bench.sensor) == R"({"metric":"voltage","unit":"bar","beyond":4.99})");
  bench.pin.values = {2'001};
  EXPECT(bench.sensor.execute({3'000, 0}).status() == fb::Status::kCorrupt);
  EXPECT(bench.taken.at.size() == 2);
  bench.pin.values = {1'000};
  EXPECT(bench.sensor.execute({4'000, 0}).ok());
  EXPECT(adc_state(bench.sensor) == R"({"metric":"voltage","unit":"bar","value":10})");
}

FB_TEST("adc-input fails as its input does, without a sample of the rest") {
  AdcBench bench(R"({"samples":8})");
  bench.pin.fails_at = 5;
  EXPECT(bench.sensor.execute({0, 0}).status() == fb::Status::kUnavailable);
  EXPECT(bench.taken.at.empty());
  EXPECT(bench.sensor.execute({1'000, 0}).ok());
}

FB_TEST("adc-input refuses what does not fit and names it") {
  AdcPin pin;
  AdcTaken taken;
  fb::AdcInput sensor(pin, taken);
  const auto refused = [&](const std::string& json) {
    std::string field;
    EXPECT_IN(json, adc_configure(sensor, json, field) == fb::Status::kInvalid);
    return field;
  };
  EXPECT(refused(R"({"metric":""})") == "metric");
  EXPECT(refused(R"({"metric":"123456789012345678901234567890123"})") == "metric");
  EXPECT(refused(R"({"unit":"12345678901234567"})") == "unit");
  EXPECT(refused(R"({"lowest":5,"highest":5})") == "highest");
  EXPECT(refused(R"({"samples":0})") == "samples");
  EXPECT(refused(R"({"samples":65})") == "samples");
  EXPECT(refused(R"({"samples":1.5})") == "samples");
  EXPECT(refused(R"({"period_ms":49})") == "period_ms");
  EXPECT(sensor.execute({0, 0}).ok());
  EXPECT(taken.name == "voltage");
}

FB_TEST("adc-input keeps a metric's name of 32 bytes for the length of the call") {
  AdcBench bench(R"({"metric":"12345678901234567890123456789°C"})");
  EXPECT(bench.sensor.execute({0, 0}).ok());
  EXPECT(bench.taken.name == "12345678901234567890123456789°C");
  EXPECT(bench.taken.name.size() == 32);
}

FB_TEST("adc-input forgets a value of another unit") {
  AdcBench bench("{}");
  EXPECT(bench.sensor.execute({0, 0}).ok());
  std::string field;
  EXPECT(adc_configure(bench.sensor, R"({"unit":"bar"})", field, 10) == fb::Status::kOk);
  EXPECT(adc_state(bench.sensor) == R"({"metric":"voltage","unit":"bar"})");
}
