#include "sim/sim_adc.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "components/adc_input/adc_input.h"
#include "ports/host/test.h"

namespace {

struct AdcSample final : fb::SampleSink {
  void take(const fb::Metric* metrics, size_t, const fb::Now&) override { value = metrics[0].value; }
  double value = 0;
};

/// Wednesday, 21 June 2023, 00:00 UTC.
constexpr int64_t kAdcMidsummer = 1'687'305'600'000;

fb::Now adc_at(int minute) {
  const auto ms = static_cast<int64_t>(minute) * 60'000;
  return {static_cast<fb::Millis>(ms), kAdcMidsummer + ms};
}

/// A world with an input and the component over it; both are told their part as JSON.
struct AdcTwin {
  AdcTwin(const std::string& scenario, const std::string& config, fb::SimAdc::Source source)
      : world(6), input(world, clock, source), sensor(input, sample) {
    fb::JsonToken tokens[32];
    fb::JsonDocument document(tokens, 32);
    fb::Fault fault;
    EXPECT_IN(scenario, document.parse(scenario).ok() && world.configure(document.root(), fault) == fb::Status::kOk);
    EXPECT_IN(config, document.parse(config).ok());
    sensor.init(document.root(), {0, 0});
  }
  double measured(int minute) {
    clock = adc_at(minute);
    EXPECT(sensor.execute(clock).ok());
    return sample.value;
  }
  fb::World world;
  fb::Now clock;
  fb::SimAdc input;
  AdcSample sample;
  fb::AdcInput sensor;
};

constexpr double kStepMv = fb::SimAdc::kFullMv / fb::SimAdc::kSteps;

}  // namespace

FB_TEST("adc-input over its twin tells the world's temperature within half a step") {
  AdcTwin twin(R"({"noise":0})", R"({"scale":100,"offset":-50})", fb::SimAdc::Source::kThermometer);
  for (int minute = 1; minute < 1440; minute += 11) {
    const double off = twin.measured(minute) - twin.world.at(twin.clock).temperature_c;
    EXPECT_IN(std::to_string(minute), std::abs(off) <= kStepMv / 2 / 10 + 1e-9);
  }
}

FB_TEST("adc-input over its twin tells the sun, and no less than none") {
  AdcTwin twin(R"({"noise":0,"latitude":20})", R"({"scale":500})", fb::SimAdc::Source::kPyranometer);
  double brightest = 0;
  for (int minute = 1; minute < 1440; minute += 3) {
    const double value = twin.measured(minute);
    const double off = value - twin.world.at(twin.clock).irradiance_w_m2;
    EXPECT_IN(std::to_string(minute), std::abs(off) <= kStepMv / 2 / 2 + 1e-9);
    brightest = std::max(brightest, value);
  }
  EXPECT(brightest > 800);
  EXPECT(twin.measured(1440) == 0);
}

FB_TEST("a mean of many noisy conversions is nearer to the world than one") {
  const auto error = [](const char* config) {
    AdcTwin twin(R"({"noise":1})", config, fb::SimAdc::Source::kThermometer);
    double squares = 0;
    for (int minute = 1; minute <= 600; minute++) {
      const double value = twin.measured(minute);
      const double off = value - twin.world.at(twin.clock).temperature_c;
      squares += off * off;
    }
    return std::sqrt(squares / 600);
  };
  const double of_one = error(R"({"scale":100,"offset":-50,"samples":1})");
  const double of_many = error(R"({"scale":100,"offset":-50,"samples":64})");
  EXPECT(of_one > 0.35 && of_one < 0.45);
  EXPECT(of_many > of_one / 11 && of_many < of_one / 6);
}

FB_TEST("the adc twin stays within its range") {
  AdcTwin cold(R"({"base_c":-40,"swing_c":30})", "{}", fb::SimAdc::Source::kThermometer);
  bool at_its_end = false;
  for (int minute = 1; minute < 1440; minute++) {
    const double value = cold.measured(minute);
    EXPECT(value >= 0 && value <= 3.1);
    at_its_end = at_its_end || value == 0;
  }
  EXPECT(at_its_end);
}
