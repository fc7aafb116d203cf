#include "sim/sim_bme280.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "components/bme280/bme280.h"
#include "ports/host/test.h"

namespace {

struct Bme280Sample final : fb::SampleSink {
  void take(const fb::Metric* metrics, size_t, const fb::Now& now) override {
    temperature_c = metrics[0].value;
    humidity_pct = metrics[1].value;
    pressure_hpa = metrics[2].value;
    at = now;
    count++;
  }
  double temperature_c = 0, humidity_pct = 0, pressure_hpa = 0;
  fb::Now at;
  int count = 0;
};

/// A world, its chip and the driver over it.
struct Bench {
  Bench(uint64_t seed, const std::string& scenario, const std::string& config)
      : world(seed), bus(world, clock), sensor(bus, sample) {
    fb::JsonToken tokens[16];
    fb::JsonDocument document(tokens, 16);
    fb::Fault fault;
    EXPECT_IN(scenario, document.parse(scenario).ok() && world.configure(document.root(), fault) == fb::Status::kOk);
    EXPECT_IN(config, document.parse(config).ok());
    sensor.init(document.root(), {0, 0});
  }
  void run_until(fb::Millis end) {
    while (clock.mono < end) {
      const fb::Expected<fb::Millis> next = sensor.execute(clock);
      EXPECT(next.ok());
      clock.mono = std::max(clock.mono + 1, next.value_or(clock.mono + 1000));
    }
  }
  fb::World world;
  fb::Now clock;
  Bme280Sample sample;
  fb::SimBme280 bus;
  fb::Bme280 sensor;
};

}  // namespace

FB_TEST("the bme280 driver over its twin tells the world, within the chip's resolution") {
  for (const uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    for (const char* base : {"-20", "3", "21", "45"}) {
      Bench bench(seed, std::string(R"({"noise":0,"people":5,"base_c":)") + base + "}", R"({"period_ms":900000})");
      for (fb::Millis hour = 0; hour < 24; hour++) {
        bench.run_until(hour * 3'600'000 + 50);
        const std::string which = std::to_string(seed) + " " + base + " " + std::to_string(hour);
        const fb::Conditions truth = bench.world.at(bench.sample.at);
        EXPECT_IN(which, std::abs(bench.sample.temperature_c - truth.temperature_c) <= 0.011);
        EXPECT_IN(which, std::abs(bench.sample.humidity_pct - truth.humidity_pct) <= 0.02);
        // A step of 16 bits is 2.6 Pa, and up to 3.2 of a chip whose slope is great.
        EXPECT_IN(which, std::abs(bench.sample.pressure_hpa - truth.pressure_hpa) <= 0.02);
      }
      EXPECT(bench.sample.count > 90);
    }
  }
}

FB_TEST("the bme280 twin resolves finer with more conversions") {
  const auto worst = [](const char* config) {
    Bench bench(3, R"({"noise":0})", config);
    double error = 0;
    for (fb::Millis minute = 1; minute < 200; minute++) {
      bench.run_until(minute * 60'000);
      error = std::max(error, std::abs(bench.sample.pressure_hpa - bench.world.at(bench.sample.at).pressure_hpa));
    }
    return error;
  };
  EXPECT(worst(R"({"oversampling":"1"})") > 0.010);
  EXPECT(worst(R"({"oversampling":"16"})") < 0.002);
}

FB_TEST("the bme280 twin errs as the scenario says, and less with more conversions") {
  const auto deviation = [](const char* scenario, const char* config) {
    Bench bench(3, scenario, config);
    double squares = 0;
    for (fb::Millis turn = 1; turn <= 500; turn++) {
      bench.run_until(turn * 2'000);
      const double error = bench.sample.humidity_pct - bench.world.at(bench.sample.at).humidity_pct;
      squares += error * error;
    }
    return std::sqrt(squares / 500);
  };
  const double normal = deviation(R"({"noise":1})", R"({"oversampling":"1"})");
  EXPECT(normal > 0.05 && normal < 0.09);
  const double twice = deviation(R"({"noise":2})", R"({"oversampling":"1"})");
  EXPECT(twice > 1.7 * normal && twice < 2.3 * normal);
  const double often = deviation(R"({"noise":1})", R"({"oversampling":"16"})");
  EXPECT(often < 0.35 * normal);
}

FB_TEST("the bme280 twin measures only when told, and takes its time") {
  const fb::World world(1);
  fb::Now clock{1000, 0};
  fb::SimBme280 bus(world, clock);
  const auto read = [&](uint8_t from) {
    uint8_t byte = 0;
    EXPECT(bus.write(0x76, &from, 1) == fb::Status::kOk);
    EXPECT(bus.read(0x76, &byte, 1) == fb::Status::kOk);
    return byte;
  };
  EXPECT(read(0xd0) == 0x60);
  EXPECT(read(0xfa) == 0x80);
  const uint8_t forced[] = {0xf2, 0x01, 0xf4, 0x25};
  EXPECT(bus.write(0x76, forced, 4) == fb::Status::kOk);
  EXPECT(read(0xf3) == 0x08);
  clock.mono += 7;
  EXPECT(read(0xf3) == 0x08);
  clock.mono += 2;
  EXPECT(read(0xf3) == 0x00);
  EXPECT(read(0xf4) == 0x24);
  const uint8_t first = read(0xfb);
  clock.mono += 3'600'000;
  EXPECT(read(0xfb) == first);
  const uint8_t reset[] = {0xe0, 0xb6};
  EXPECT(bus.write(0x76, reset, 2) == fb::Status::kOk);
  EXPECT(read(0xfa) == 0x80 && read(0xf4) == 0);
}

FB_TEST("the bme280 twin leaves out what has no conversions") {
  const fb::World world(1);
  fb::Now clock;
  fb::SimBme280 bus(world, clock);
  const uint8_t no_pressure[] = {0xf2, 0x00, 0xf4, 0x21};
  EXPECT(bus.write(0x76, no_pressure, 4) == fb::Status::kOk);
  clock.mono = 50;
  const uint8_t from = 0xf7;
  uint8_t bytes[8];
  EXPECT(bus.write(0x76, &from, 1) == fb::Status::kOk);
  EXPECT(bus.read(0x76, bytes, 8) == fb::Status::kOk);
  const fb::Bme280Raw raw = fb::bme280_raw(bytes);
  EXPECT(raw.pressure == 0x80000 && raw.humidity == 0x8000 && raw.temperature != 0x80000);
}

FB_TEST("the bme280 twin answers at its own address alone") {
  const fb::World world(1);
  const fb::Now clock;
  fb::SimBme280 bus(world, clock, 0x77);
  uint8_t byte = 0xd0;
  EXPECT(bus.write(0x76, &byte, 1) == fb::Status::kNotFound);
  EXPECT(bus.read(0x76, &byte, 1) == fb::Status::kNotFound);
  EXPECT(bus.write(0x77, &byte, 1) == fb::Status::kOk);
}

FB_TEST("no two bme280 twins are trimmed alike") {
  const fb::World one(1), other(2);
  const fb::Now clock;
  fb::SimBme280 a(one, clock), b(other, clock);
  const uint8_t from = 0x88;
  uint8_t of_a[26], of_b[26];
  EXPECT(a.write(0x76, &from, 1) == fb::Status::kOk && a.read(0x76, of_a, 26) == fb::Status::kOk);
  EXPECT(b.write(0x76, &from, 1) == fb::Status::kOk && b.read(0x76, of_b, 26) == fb::Status::kOk);
  EXPECT(!std::equal(of_a, of_a + 26, of_b));
}
