#include "components/chip_health/chip_health.h"

#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

class ChipMemory final : public fb::Memory {
 public:
  size_t free_bytes() override { return free; }
  size_t free = 180'000;
};

class ChipThermometer final : public fb::Thermometer {
 public:
  fb::Expected<double> temperature_c() override { return reading; }
  fb::Expected<double> reading = 41.5;
};

struct ChipSamples final : fb::SampleSink {
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    taken.emplace_back();
    for (size_t i = 0; i < count; i++)
      taken.back() += std::string(metrics[i].name) + "=" + std::to_string(static_cast<int>(metrics[i].value * 10)) + " ";
  }
  std::vector<std::string> taken;
};

std::string chip_state(const fb::ChipHealth& chip) {
  char text[128];
  fb::JsonWriter out(text, sizeof text);
  chip.write_state(out);
  return std::string(out.finish().value());
}

struct ChipBench {
  ChipMemory memory;
  ChipThermometer thermometer;
  ChipSamples samples;
  fb::ChipHealth chip{memory, thermometer, samples};
};

}  // namespace

FB_TEST("chip health is a sample of free heap and temperature each five seconds") {
  ChipBench bench;
  bench.chip.init(fb::JsonValue(), {1000, 0});
  EXPECT(bench.chip.execute({1000, 0}).value() == 6000);
  EXPECT(bench.samples.taken == std::vector<std::string>{"heap_free=1800000 chip_temperature=415 "});
  EXPECT(bench.chip.execute({3000, 0}).value() == 6000);
  EXPECT(bench.samples.taken.size() == 1);
  bench.memory.free = 90'000;
  EXPECT(bench.chip.execute({6000, 0}).value() == 11'000);
  EXPECT(bench.samples.taken.back() == "heap_free=900000 chip_temperature=415 ");
  EXPECT(chip_state(bench.chip) == R"({"heap_free":90000,"chip_temperature":41.5})");
}

FB_TEST("chip health of a chip without a thermometer is its heap alone, and no temperature is made up") {
  ChipBench bench;
  bench.thermometer.reading = fb::Status::kUnavailable;
  EXPECT(bench.chip.execute({0, 0}).ok());
  EXPECT(bench.samples.taken == std::vector<std::string>{"heap_free=1800000 "});
  EXPECT(chip_state(bench.chip) == R"({"heap_free":180000})");
}
