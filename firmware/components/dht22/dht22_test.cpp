#include "components/dht22/dht22.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

/// The datasheet's example: 65.2 %, 35.1 °C.
constexpr uint8_t kExample[5] = {0x02, 0x8c, 0x01, 0x5f, 0xee};

std::vector<fb::Pulse> pulses_of(const uint8_t (&bytes)[5]) {
  std::vector<fb::Pulse> pulses = {{true, 30}, {false, 80}, {true, 80}};
  for (const uint8_t byte : bytes) {
    for (int bit = 7; bit >= 0; bit--) {
      pulses.push_back({false, 50});
      pulses.push_back({true, (byte >> bit & 1) != 0 ? 70u : 26u});
    }
  }
  pulses.push_back({false, 50});
  return pulses;
}

fb::Status decoded(const std::vector<fb::Pulse>& pulses, uint8_t (&bytes)[5]) {
  return fb::dht22_bytes(pulses.data(), pulses.size(), bytes);
}

/// A line that gives what it is told to, after so many polls in vain.
class Dht22Line final : public fb::PulseCapture {
 public:
  fb::Status begin(uint32_t low_us) override {
    if (busy) return fb::Status::kUnavailable;
    woken_us.push_back(low_us);
    return fb::Status::kOk;
  }
  fb::Expected<size_t> poll(fb::Pulse* out, size_t capacity) override {
    if (in_vain > 0) {
      in_vain--;
      return fb::Status::kUnavailable;
    }
    const size_t count = std::min(answer.size(), capacity);
    std::copy(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(count), out);
    return count;
  }
  std::vector<fb::Pulse> answer = pulses_of(kExample);
  std::vector<uint32_t> woken_us;
  int in_vain = 0;
  bool busy = false;
};

class Dht22Taken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now& now) override {
    EXPECT(count == 2 && metrics[0].name == "temperature" && metrics[1].name == "humidity");
    temperature_c = metrics[0].value;
    humidity_pct = metrics[1].value;
    at.push_back(now.mono);
  }
  double temperature_c = 0, humidity_pct = 0;
  std::vector<fb::Millis> at;
};

void dht22_init(fb::Dht22& sensor, const std::string& json, fb::Millis mono) {
  fb::JsonToken tokens[8];
  fb::JsonDocument document(tokens, 8);
  EXPECT_IN(json, document.parse(json).ok());
  sensor.init(document.root(), {mono, 0});
}

/// Calls it whenever it wants to be, until then or a failure.
fb::Status dht22_run(fb::Dht22& sensor, fb::Millis& t, fb::Millis end) {
  while (t <= end) {
    const fb::Expected<fb::Millis> next = sensor.execute({t, 0});
    if (!next.ok()) return next.status();
    t = std::max(t + 1, next.value());
  }
  return fb::Status::kOk;
}

/// So that the sum fits.
fb::Expected<fb::Dht22Reading> decode(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  const uint8_t bytes[5] = {a, b, c, d, static_cast<uint8_t>(a + b + c + d)};
  return fb::dht22_decode(bytes);
}

}  // namespace

FB_TEST("dht22 decodes the datasheets example") {
  uint8_t bytes[5] = {};
  EXPECT(decoded(pulses_of(kExample), bytes) == fb::Status::kOk);
  EXPECT(std::equal(bytes, bytes + 5, kExample));
  EXPECT(fb::dht22_decode(bytes).value().temperature_c == 35.1);
  EXPECT(fb::dht22_decode(bytes).value().humidity_pct == 65.2);
}

FB_TEST("dht22 temperatures below zero are a sign and an amount") {
  EXPECT(decode(0, 0, 0x80, 0x65).value().temperature_c == -10.1);
  EXPECT(decode(0, 0, 0x80, 0x01).value().temperature_c == -0.1);
  EXPECT(decode(0, 0, 0x81, 0x90).value().temperature_c == -40);
}

FB_TEST("dht22 gives no reading beyond what a sensor measures") {
  EXPECT(decode(0x03, 0xe8, 0, 0).value().humidity_pct == 100);
  EXPECT(decode(0x03, 0xe9, 0, 0).status() == fb::Status::kCorrupt);
  EXPECT(decode(0, 0, 0x81, 0x91).status() == fb::Status::kCorrupt);
  EXPECT(decode(0, 0, 0x04, 0xe2).value().temperature_c == 125);
  EXPECT(decode(0, 0, 0x04, 0xe3).status() == fb::Status::kCorrupt);
}

FB_TEST("dht22 notices any one flipped bit") {
  for (int bit = 0; bit < 40; bit++) {
    uint8_t bytes[5];
    std::copy(kExample, kExample + 5, bytes);
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
    EXPECT_IN(std::to_string(bit), fb::dht22_decode(bytes).status() == fb::Status::kCorrupt);
  }
}

FB_TEST("dht22 pulses that end too soon are damaged, and none are nobody") {
  const std::vector<fb::Pulse> whole = pulses_of(kExample);
  for (size_t size = 0; size < whole.size(); size++) {
    uint8_t bytes[5] = {};
    const std::vector<fb::Pulse> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const fb::Status wanted = size < 3                   ? fb::Status::kNotFound
                              : size == whole.size() - 1 ? fb::Status::kOk  // but for the low that ends them
                                                         : fb::Status::kCorrupt;
    EXPECT_IN(std::to_string(size), decoded(part, bytes) == wanted);
  }
}

FB_TEST("dht22 pulses may be as far from the datasheet as lines make them, and no farther") {
  const auto after = [](auto change) {
    std::vector<fb::Pulse> pulses = pulses_of(kExample);
    change(pulses);
    uint8_t bytes[5] = {};
    const fb::Status status = decoded(pulses, bytes);
    return status == fb::Status::kOk ? fb::dht22_decode(bytes).status() : status;
  };
  EXPECT(after([](auto& p) { for (fb::Pulse& pulse : p) pulse.us += pulse.high ? 9u : 0u; }) == fb::Status::kOk);
  EXPECT(after([](auto& p) { for (fb::Pulse& pulse : p) pulse.us -= pulse.high ? 9u : 0u; }) == fb::Status::kOk);
  EXPECT(after([](auto& p) { p[19].us = 85; }) == fb::Status::kOk);  // a pause between bytes
  EXPECT(after([](auto& p) { p.erase(p.begin()); }) == fb::Status::kOk);  // no rest before the answer
  EXPECT(after([](auto& p) { p.insert(p.begin(), {{false, 3}, {true, 5}}); }) == fb::Status::kOk);
  EXPECT(after([](auto& p) { p[20].us = 4; }) == fb::Status::kCorrupt);
  EXPECT(after([](auto& p) { p[20].us = 400; }) == fb::Status::kCorrupt);
  EXPECT(after([](auto& p) { p[1].us = 30; }) == fb::Status::kCorrupt);
  EXPECT(after([](auto& p) { p.erase(p.begin() + 40); }) == fb::Status::kCorrupt);
}

FB_TEST("dht22 leaves the sensor alone for a second, wakes it and takes its answer in another turn") {
  Dht22Line line;
  Dht22Taken taken;
  fb::Dht22 sensor(line, taken);
  dht22_init(sensor, "{}", 500);
  EXPECT(sensor.execute({500, 0}).value() == 1500);
  EXPECT(line.woken_us.empty());
  EXPECT(sensor.execute({1500, 0}).value() == 1508);
  EXPECT(line.woken_us.size() == 1 && line.woken_us[0] >= 1000 && line.woken_us[0] <= 20'000);
  line.in_vain = 1;
  EXPECT(sensor.execute({1508, 0}).value() == 1513);
  EXPECT(taken.at.empty());
  EXPECT(sensor.execute({1513, 0}).value() == 4500);
  EXPECT(taken.at.size() == 1);
  EXPECT(taken.temperature_c == 35.1 && taken.humidity_pct == 65.2);
}

FB_TEST("dht22 is never woken twice within two seconds, whatever fails and whoever configures") {
  Dht22Line line;
  Dht22Taken taken;
  fb::Dht22 sensor(line, taken);
  dht22_init(sensor, R"({"period_ms":2000})", 0);
  size_t woken = 0;
  fb::Millis last = 0;
  for (fb::Millis t = 1000; t < 120'000; t += 3) {
    if (t % 700 == 0) dht22_init(sensor, R"({"period_ms":2000})", t);
    line.answer = t / 9'000 % 2 == 0 ? pulses_of(kExample) : std::vector<fb::Pulse>();
    (void)sensor.execute({t, 0});
    if (line.woken_us.size() == woken) continue;
    if (woken > 0) EXPECT_IN(std::to_string(t), t - last >= 2000);
    woken = line.woken_us.size();
    last = t;
  }
  EXPECT(woken > 30);
  EXPECT(taken.at.size() > 15);
}

FB_TEST("dht22 lets an answer go that was under way when it stopped") {
  Dht22Line line;
  Dht22Taken taken;
  fb::Dht22 sensor(line, taken);
  dht22_init(sensor, "{}", 0);
  (void)sensor.execute({1000, 0});
  dht22_init(sensor, "{}", 50'000);
  (void)sensor.execute({50'000, 0});
  EXPECT(taken.at.empty());
  EXPECT(line.woken_us.size() == 2);
}

FB_TEST("dht22 refuses a period shorter than the sensor's") {
  Dht22Line line;
  Dht22Taken taken;
  const fb::Dht22 sensor(line, taken);
  fb::JsonToken tokens[8];
  fb::JsonDocument document(tokens, 8);
  EXPECT(document.parse(R"({"period_ms":1999})").ok());
  char buffer[128];
  fb::JsonWriter out(buffer, sizeof buffer);
  fb::Fault fault;
  EXPECT(sensor.plan_config(document.root(), out, fault) == fb::Status::kInvalid);
  EXPECT(fault.field == "period_ms");
}

FB_TEST("dht22 drops and counts a damaged answer, and fails at the third in a row") {
  Dht22Line line;
  Dht22Taken taken;
  fb::Dht22 sensor(line, taken);
  const auto state = [&] {
    static char buffer[128];
    fb::JsonWriter out(buffer, sizeof buffer);
    sensor.write_state(out);
    return std::string(out.finish().value());
  };
  EXPECT(state() == R"({"damaged":0})");
  line.answer[10].us = 400;
  fb::Millis t = 0;
  EXPECT(dht22_run(sensor, t, 5'000) == fb::Status::kOk);
  EXPECT(taken.at.empty());
  EXPECT(state() == R"({"damaged":2})");
  line.answer = pulses_of(kExample);
  EXPECT(dht22_run(sensor, t, 8'000) == fb::Status::kOk);
  EXPECT(taken.at.size() == 1);
  line.answer[10].us = 400;
  EXPECT(dht22_run(sensor, t, 20'000) == fb::Status::kCorrupt);
  EXPECT(state() == R"({"temperature":35.1,"humidity":65.2,"damaged":5})");
}

FB_TEST("dht22 says that nobody answers, and that a capture does not end") {
  Dht22Line line;
  Dht22Taken taken;
  fb::Dht22 sensor(line, taken);
  line.answer.clear();
  fb::Millis t = 0;
  EXPECT(dht22_run(sensor, t, 5'000) == fb::Status::kNotFound);
  line.answer = pulses_of(kExample);
  line.in_vain = 1'000;
  t += sensor.retry_after_ms();
  const fb::Millis from = t;
  EXPECT(dht22_run(sensor, t, t + 5'000) == fb::Status::kUnavailable);
  EXPECT(t - from < 200);
  line.in_vain = 0;
  line.busy = true;
  t += sensor.retry_after_ms();
  EXPECT(dht22_run(sensor, t, t + 1'000) == fb::Status::kUnavailable);
  line.busy = false;
  t += sensor.retry_after_ms();
  EXPECT(dht22_run(sensor, t, t + 1'000) == fb::Status::kOk);
  EXPECT(taken.at.size() == 1);
}
