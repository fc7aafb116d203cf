// Times each turn of a device with fifty components in which one of them is due, in simulated time, and writes how many µs they
// took: a number a line.
// Its parts are simulated ones behind the real drivers; what it publishes goes nowhere, and its flash is memory.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "apps/virtual_node/virtual_node.h"
#include "ports/host/fake_slots.h"
#include "ports/mbedtls/mbedtls_crypto.h"

namespace {

using Clock = std::chrono::steady_clock;

class BenchBody final : public fb::Storage,
                        public fb::Rng,
                        public fb::MqttOut,
                        public fb::Log,
                        public fb::Memory,
                        public fb::Stopwatch,
                        public fb::Power,
                        public fb::Signal {
 public:
  fb::Expected<size_t> read(std::string_view key, char* out, size_t capacity) override {
    const auto found = records.find(key);
    if (found == records.end()) return fb::Status::kNotFound;
    if (found->second.size() > capacity) return fb::Status::kNoSpace;
    return found->second.copy(out, capacity);
  }
  fb::Status write(std::string_view key, std::string_view bytes) override {
    records[std::string(key)] = bytes;
    return fb::Status::kOk;
  }
  uint32_t next() override { return random += 0x9e3779b9u; }
  bool publish(std::string_view, std::string_view payload, uint8_t, bool) override {
    published++;
    return !payload.empty();
  }
  void write(fb::LogLevel, std::string_view, std::string_view) override {}
  size_t free_bytes() override { return 1'000'000; }
  uint64_t micros() override {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count());
  }
  fb::ResetReason reset_reason() override { return fb::ResetReason::kPowerOn; }
  int rssi_dbm(fb::Millis) override { return -50; }

  const Clock::time_point began = Clock::now();
  uint32_t random = 1;
  size_t published = 0;
  std::map<std::string, std::string, std::less<>> records;
};

/// Ten each of sensors on I²C and ADC and of lamps, and twenty sensors that are simulated. (A DHT22 has its line to itself.)
std::string fifty_components() {
  static const char* const kTypes[] = {"sim-climate", "bme280", "sim-climate", "adc-input", "led"};
  std::string out = R"({"complete":true,"components":[)";
  for (int i = 0; i < 50; i++) {
    const std::string type = kTypes[i % 5];
    out += (i == 0 ? "" : ",") + (R"({"id":"c)" + std::to_string(i)) + R"(","type":")" + type + R"("})";
  }
  return out + "]}";
}

}  // namespace

int main(int argc, char** argv) {
  const int turns = argc > 1 ? std::atoi(argv[1]) : 100'000;
  BenchBody body;
  fb::MbedtlsCrypto crypto;
  fb::FakePower power;
  fb::SlotFlash telemetry(power, 64 * fb::FlashRegion::kSector);
  fb::FakeSlots slots(power, 16 * fb::FlashRegion::kSector);
  fb::Identity identity;
  if (identity.id.assign("sim-tick") != fb::Status::kOk) return 1;
  const fb::Hal hal = {body, body, body, body, body, body, body, body, crypto, telemetry, slots};
  fb::SimParts parts(7, {});
  fb::Device device(identity, hal);
  fb::SimClimateFactory climate(device.samples(), parts.seed);
  fb::Bme280Factory bme280(parts.bme280, device.samples());
  fb::AdcInputFactory adc(parts.pyranometer, device.samples());
  fb::LedFactory led(parts.lamp);
  fb::ComponentFactory* const factories[] = {&climate, &bme280, &adc, &led};
  for (fb::ComponentFactory* factory : factories)
    if (device.add_type(*factory) != fb::Status::kOk) return 1;
  fb::Now now{1000, 1'767'225'600'000};
  parts.advance(now);
  if (device.start(fifty_components(), "", now) != fb::Status::kOk) return 1;
  device.set_link(true, now);
  for (int i = 0; i < 50; i++)
    if (device.execute("c" + std::to_string(i), "{}", now) == fb::Status::kNotFound) return 2;
  std::vector<float> took;
  took.reserve(static_cast<size_t>(turns));
  while (took.size() < static_cast<size_t>(turns)) {
    parts.advance(now);
    const uint32_t before = device.orchestrator().turns().count();
    const Clock::time_point began = Clock::now();
    const fb::Millis next = device.step(now);
    const Clock::time_point ended = Clock::now();
    if (next == fb::kNever) return 3;
    if (device.orchestrator().turns().count() != before)
      took.push_back(std::chrono::duration<float, std::micro>(ended - began).count());
    const fb::Millis wait = next > now.mono ? next - now.mono : 1;
    now.unix_ms += static_cast<int64_t>(wait);
    now.mono += wait;
  }
  if (body.published < took.size() / 2) return 4;
  for (const float us : took) std::printf("%.2f\n", static_cast<double>(us));
}
