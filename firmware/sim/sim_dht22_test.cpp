#include "sim/sim_dht22.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "components/dht22/dht22.h"
#include "ports/host/test.h"

namespace {

struct Dht22Sample final : fb::SampleSink {
  void take(const fb::Metric* metrics, size_t, const fb::Now& now) override {
    temperature_c = metrics[0].value;
    humidity_pct = metrics[1].value;
    at = now;
    count++;
  }
  double temperature_c = 0, humidity_pct = 0;
  fb::Now at;
  int count = 0;
};

void dht22_world(fb::World& world, const std::string& scenario) {
  fb::JsonToken tokens[16];
  fb::JsonDocument document(tokens, 16);
  fb::Fault fault;
  EXPECT_IN(scenario, document.parse(scenario).ok() && world.configure(document.root(), fault) == fb::Status::kOk);
}

}  // namespace

FB_TEST("the dht22 driver over its twin tells the world in tenths, frost too") {
  for (const char* base : {"-15", "0", "21", "50"}) {
    fb::World world(11);
    dht22_world(world, std::string(R"({"noise":0,"people":4,"base_c":)") + base + "}");
    fb::Now clock;
    fb::SimDht22 line(world, clock);
    Dht22Sample sample;
    fb::Dht22 sensor(line, sample);
    for (int turn = 0; turn < 4'000; turn++) {
      const fb::Expected<fb::Millis> next = sensor.execute(clock);
      const std::string which = std::string(base) + " at " + std::to_string(clock.mono);
      EXPECT_IN(which, next.ok());
      const fb::Conditions truth = world.at(sample.at);
      if (sample.count > 0) {
        EXPECT_IN(which, std::abs(sample.temperature_c - truth.temperature_c) <= 0.0501);
        EXPECT_IN(which, std::abs(sample.humidity_pct - std::min(truth.humidity_pct, 99.9)) <= 0.0501);
      }
      clock.mono = std::max(clock.mono + 1, next.value_or(0));
      if (turn % 2 == 1) clock.mono += 40'000;
    }
    EXPECT(sample.count >= 1'990);
  }
}

FB_TEST("the dht22 twin's answers are damaged now and then, as the scenario's noise says") {
  const auto damaged = [](const char* scenario) {
    fb::World world(5);
    dht22_world(world, scenario);
    fb::Now clock;
    fb::SimDht22 line(world, clock);
    int count = 0;
    for (int i = 0; i < 3'000; i++, clock.mono += 2'000) {
      EXPECT(line.begin(1'200) == fb::Status::kOk);
      clock.mono += 10;
      fb::Pulse pulses[fb::SimDht22::kPulses];
      const fb::Expected<size_t> taken = line.poll(pulses, fb::SimDht22::kPulses);
      uint8_t bytes[5] = {};
      EXPECT(taken.ok() && fb::dht22_bytes(pulses, taken.value(), bytes) == fb::Status::kOk);
      if (!fb::dht22_decode(bytes).ok()) count++;
    }
    return count;
  };
  EXPECT(damaged(R"({"noise":0})") == 0);
  EXPECT(damaged(R"({"noise":1})") > 35 && damaged(R"({"noise":1})") < 85);
  EXPECT(damaged(R"({"noise":2})") > 85);
}

FB_TEST("the dht22 twin does not answer who is hasty or too brief") {
  const fb::World world(1);
  fb::Now clock;
  fb::SimDht22 line(world, clock);
  fb::Pulse pulses[fb::SimDht22::kPulses];
  const auto answer = [&](uint32_t low_us) {
    EXPECT(line.begin(low_us) == fb::Status::kOk);
    clock.mono += 30;
    return line.poll(pulses, fb::SimDht22::kPulses).value_or(99);
  };
  EXPECT(answer(500) == 0);
  EXPECT(answer(1'000) == fb::SimDht22::kPulses);
  clock.mono += 1'900;
  EXPECT(answer(1'000) == 0);
  clock.mono += 2'000;
  EXPECT(answer(18'000) == fb::SimDht22::kPulses);
}

FB_TEST("the dht22 twin takes as long as a capture does") {
  const fb::World world(1);
  fb::Now clock;
  fb::SimDht22 line(world, clock);
  fb::Pulse pulses[fb::SimDht22::kPulses];
  EXPECT(line.poll(pulses, 1).status() == fb::Status::kUnavailable);
  EXPECT(line.begin(1'200) == fb::Status::kOk);
  EXPECT(line.begin(1'200) == fb::Status::kUnavailable);
  clock.mono = 5;
  EXPECT(line.poll(pulses, fb::SimDht22::kPulses).status() == fb::Status::kUnavailable);
  clock.mono = 8;
  EXPECT(line.poll(pulses, fb::SimDht22::kPulses).ok());
  EXPECT(line.poll(pulses, fb::SimDht22::kPulses).status() == fb::Status::kUnavailable);
  // What is done and was never taken makes room.
  clock.mono = 5'000;
  EXPECT(line.begin(1'200) == fb::Status::kOk);
  clock.mono = 8'000;
  EXPECT(line.begin(1'200) == fb::Status::kOk);
}
