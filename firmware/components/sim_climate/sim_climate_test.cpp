#include "components/sim_climate/sim_climate.h"

#include <array>
#include <cmath>
#include <vector>

#include "ports/host/test.h"

namespace {

constexpr int64_t kMidnightMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr fb::Millis kHourMs = 3'600'000;

struct ClimateSamples final : fb::SampleSink {
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    EXPECT(count == 3 && metrics[0].name == "temperature" && metrics[1].name == "humidity" && metrics[2].name == "pressure");
    taken.push_back({metrics[0].value, metrics[1].value, metrics[2].value});
  }
  std::vector<std::array<double, 3>> taken;
};

/// A week, asked each hour.
std::vector<std::array<double, 3>> climate_week(uint64_t seed) {
  ClimateSamples samples;
  fb::SimClimate climate(samples, seed);
  for (fb::Millis at = 0; at < 7 * 24 * kHourMs; at += kHourMs)
    EXPECT(climate.execute({at, kMidnightMs + static_cast<int64_t>(at)}).ok());
  return samples.taken;
}

}  // namespace

FB_TEST("simulated climate gives one sample a turn, and none in between") {
  ClimateSamples samples;
  fb::SimClimate climate(samples, 7);
  climate.init(fb::JsonValue(), {1000, kMidnightMs});
  EXPECT(climate.execute({1000, kMidnightMs}).value() == 3000);
  EXPECT(climate.execute({2000, kMidnightMs}).value() == 3000);
  EXPECT(samples.taken.size() == 1);
  EXPECT(climate.execute({3000, kMidnightMs}).value() == 5000);
  EXPECT(samples.taken.size() == 2);
}

FB_TEST("simulated climate is the same for the same seed and times, and another for another seed") {
  EXPECT(climate_week(7) == climate_week(7));
  EXPECT(climate_week(7) != climate_week(8));
}

FB_TEST("simulated climate is warmer and drier in the afternoon than before dawn, within bounds") {
  double warmer = 0, drier = 0;
  const auto week = climate_week(7);
  for (size_t hour = 0; hour < week.size(); hour++) {
    const auto& [temperature, humidity, pressure] = week[hour];
    EXPECT(temperature > 10 && temperature < 32 && humidity >= 1 && humidity <= 100);
    EXPECT(pressure > 960 && pressure < 1070);
    if (hour % 24 == 15) warmer += temperature / 7, drier -= humidity / 7;
    if (hour % 24 == 3) warmer -= temperature / 7, drier += humidity / 7;
  }
  EXPECT(warmer > 4 && drier > 8);
}

FB_TEST("simulated climate has nothing to execute, and says so") {
  ClimateSamples samples;
  fb::SimClimate climate(samples, 7);
  char text[64];
  fb::JsonWriter out(text, sizeof text);
  fb::Fault fault;
  EXPECT(climate.execute_now(fb::JsonValue(), out, fault, {0, 0}) == fb::Status::kRefused && fault.code == 1);
}
