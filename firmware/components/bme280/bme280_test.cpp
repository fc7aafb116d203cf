#include "components/bme280/bme280.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

/// The chip of the worked example of Bosch's BMP280 datasheet (BST-BMP280-DS001, §3.12), whose converters and formulas
/// for temperature and pressure are the same; for humidity, the trimming values of a real BME280.
fb::Bme280Calibration example_chip() {
  fb::Bme280Calibration chip;
  chip.t1 = 27504;
  chip.t2 = 26435;
  chip.t3 = -1000;
  chip.p1 = 36477;
  chip.p2 = -10685;
  chip.p3 = 3024;
  chip.p4 = 2855;
  chip.p5 = 140;
  chip.p6 = -7;
  chip.p7 = 15500;
  chip.p8 = -14600;
  chip.p9 = 6000;
  chip.h1 = 75;
  chip.h2 = 360;
  chip.h3 = 3;
  chip.h4 = 325;
  chip.h5 = -50;
  chip.h6 = 30;
  return chip;
}
constexpr int32_t kExampleT = 519'888;
constexpr int32_t kExampleP = 415'148;

/// The datasheet's other formulas, for machines with floating point (appendix A, §8.1).
struct InDoubles {
  InDoubles(const fb::Bme280Calibration& c, const fb::Bme280Raw& raw) {
    const double x = raw.temperature / 131'072.0 - c.t1 / 8'192.0;
    const double fine = (raw.temperature / 16'384.0 - c.t1 / 1'024.0) * c.t2 + x * x * c.t3;
    temperature_c = fine / 5'120;
    const double w = fine / 2 - 64'000;
    const double offset = (w * w * c.p6 / 32'768 + w * c.p5 * 2) / 4 + c.p4 * 65'536.0;
    const double slope = (1 + (c.p3 * w * w / 524'288 + c.p2 * w) / 524'288 / 32'768) * c.p1;
    const double p = (1'048'576 - raw.pressure - offset / 4'096) * 6'250 / slope;
    pressure_pa = p + (c.p9 * p * p / 2'147'483'648.0 + p * c.p8 / 32'768 + c.p7) / 16;
    const double v = fine - 76'800;
    const double h = (raw.humidity - (c.h4 * 64.0 + c.h5 / 16'384.0 * v)) *
                     (c.h2 / 65'536.0 * (1 + c.h6 / 67'108'864.0 * v * (1 + c.h3 / 67'108'864.0 * v)));
    humidity_pct = std::clamp(h * (1 - c.h1 * h / 524'288), 0.0, 100.0);
  }
  double temperature_c, pressure_pa, humidity_pct;
};

/// The registers of example_chip(), written down by hand.
constexpr uint8_t kTrimLow[26] = {0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0, 0x0b, 0x27,
                                  0x0b, 0x8c, 0x00, 0xf9, 0xff, 0x8c, 0x3c, 0xf8, 0xc6, 0x70, 0x17, 0x00, 0x4b};
constexpr uint8_t kTrimHigh[7] = {0x68, 0x01, 0x03, 0x14, 0xe5, 0xfc, 0x1e};

/// A chip that answers registers, and notes what it is asked.
class Bme280Bus final : public fb::I2cBus {
 public:
  Bme280Bus() {
    std::memcpy(registers + 0x88, kTrimLow, sizeof kTrimLow);
    std::memcpy(registers + 0xe1, kTrimHigh, sizeof kTrimHigh);
    registers[0xd0] = 0x60;
    set_numbers(kExampleT, kExampleP, 30'000);
  }
  void set_numbers(int32_t t, int32_t p, int32_t h) {
    const uint8_t bytes[8] = {static_cast<uint8_t>(p >> 12), static_cast<uint8_t>(p >> 4), static_cast<uint8_t>(p << 4),
                              static_cast<uint8_t>(t >> 12), static_cast<uint8_t>(t >> 4), static_cast<uint8_t>(t << 4),
                              static_cast<uint8_t>(h >> 8),  static_cast<uint8_t>(h)};
    std::memcpy(registers + 0xf7, bytes, sizeof bytes);
  }
  fb::Status write(uint8_t address, const uint8_t* bytes, size_t size) override {
    if (address != here) return fb::Status::kNotFound;
    at = bytes[0];
    if (size > 1) written.emplace_back(bytes, bytes + size);
    return fb::Status::kOk;
  }
  fb::Status read(uint8_t address, uint8_t* out, size_t size) override {
    if (address != here) return fb::Status::kNotFound;
    if (at == 0x88) trim_reads++;
    for (size_t i = 0; i < size; i++) out[i] = registers[static_cast<uint8_t>(at + i)];
    return fb::Status::kOk;
  }
  uint8_t here = 0x76;
  uint8_t at = 0;
  uint8_t registers[256] = {};
  std::vector<std::vector<uint8_t>> written;
  int trim_reads = 0;
};

class Bme280Taken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now& now) override {
    values.clear();
    for (size_t i = 0; i < count; i++) values.push_back(metrics[i].value);
    samples++;
    at_ms = now.mono;
  }
  std::vector<double> values;
  int samples = 0;
  fb::Millis at_ms = 0;
};

void configure(fb::Bme280& sensor, const std::string& json, fb::Millis mono) {
  fb::JsonToken tokens[16];
  fb::JsonDocument document(tokens, 16);
  EXPECT_IN(json, document.parse(json).ok());
  sensor.init(document.root(), {mono, 0});
}

/// Calls it whenever it wants to be, until then; what a failure was.
fb::Status run_until(fb::Bme280& sensor, fb::Millis& t, fb::Millis end) {
  while (t <= end) {
    const fb::Expected<fb::Millis> next = sensor.execute({t, 0});
    if (!next.ok()) return next.status();
    t = std::max(t + 1, next.value());
  }
  return fb::Status::kOk;
}

}  // namespace

FB_TEST("bme280 trimming values are taken out of the registers") {
  const fb::Bme280Calibration chip = fb::bme280_calibration(kTrimLow, kTrimHigh).value();
  const fb::Bme280Calibration same = example_chip();
  EXPECT(chip.t1 == same.t1 && chip.t2 == same.t2 && chip.t3 == same.t3);
  EXPECT(chip.p1 == same.p1 && chip.p2 == same.p2 && chip.p3 == same.p3 && chip.p4 == same.p4 && chip.p5 == same.p5);
  EXPECT(chip.p6 == same.p6 && chip.p7 == same.p7 && chip.p8 == same.p8 && chip.p9 == same.p9);
  EXPECT(chip.h1 == same.h1 && chip.h2 == same.h2 && chip.h3 == same.h3 && chip.h6 == same.h6);
  EXPECT(chip.h4 == same.h4);
  EXPECT(chip.h5 == same.h5);
}

FB_TEST("bme280 compensates the datasheets worked example") {
  const fb::Bme280Calibration chip = example_chip();
  const int32_t fine = fb::bme280_fine_temperature(chip, kExampleT);
  EXPECT(fine == 128'422);
  EXPECT(fb::bme280_centi_c(fine) == 2508);
  // The datasheet prints 25767236 (100653.27 Pa); its own integer formula gives 3 less, a hundredth of a pascal.
  const int64_t pressure = fb::bme280_pressure_q8(chip, fine, kExampleP).value();
  EXPECT(pressure == 25'767'233);
  EXPECT(std::abs(static_cast<double>(pressure) / 256 - 100'653.27) < 0.02);
}

FB_TEST("bme280 integer formulas agree with those in floating point over the whole range") {
  const fb::Bme280Calibration chip = example_chip();
  int compared = 0;
  for (int32_t t = 330'000; t < 720'000; t += 7'001) {
    for (int32_t p = 200'000; p < 900'000; p += 13'003) {
      const fb::Bme280Raw raw = {t, p, 18'000 + (t + p) % 30'000};
      const fb::Expected<fb::Bme280Reading> reading = fb::bme280_compensate(chip, raw);
      if (!reading.ok()) continue;
      const InDoubles same(chip, raw);
      compared++;
      const std::string which = std::to_string(t) + " " + std::to_string(p);
      EXPECT_IN(which, std::abs(reading.value().temperature_c - same.temperature_c) < 0.011);
      EXPECT_IN(which, std::abs(reading.value().pressure_hpa * 100 - same.pressure_pa) < 0.6);
      EXPECT_IN(which, std::abs(reading.value().humidity_pct - same.humidity_pct) < 0.05);
    }
  }
  EXPECT(compared > 1000);
}

FB_TEST("bme280 humidity stays from 0 to 100") {
  const fb::Bme280Calibration chip = example_chip();
  EXPECT(fb::bme280_humidity_q10(chip, 128'422, 0) == 0);
  EXPECT(fb::bme280_humidity_q10(chip, 128'422, 0xffff) == 100 * 1024);
}

FB_TEST("bme280 gives no reading for what was not measured or cannot be") {
  const fb::Bme280Calibration chip = example_chip();
  EXPECT(fb::bme280_compensate(chip, {0x80000, 0x80000, 0x8000}).status() == fb::Status::kCorrupt);
  EXPECT(fb::bme280_compensate(chip, {0, kExampleP, 30'000}).status() == fb::Status::kCorrupt);
  EXPECT(fb::bme280_compensate(chip, {0xfffff, kExampleP, 30'000}).status() == fb::Status::kCorrupt);
  EXPECT(fb::bme280_compensate(chip, {kExampleT, 0, 30'000}).status() == fb::Status::kCorrupt);
  EXPECT(fb::bme280_compensate(chip, {kExampleT, 0xfffff, 30'000}).status() == fb::Status::kCorrupt);
}

FB_TEST("bme280 takes the middle of a converter's range for what it is: a number") {
  const fb::Bme280Calibration chip = example_chip();
  EXPECT(fb::bme280_compensate(chip, {0x80000, kExampleP, 30'000}).ok());
  EXPECT(fb::bme280_compensate(chip, {kExampleT, kExampleP, 0x8000}).ok());
}

FB_TEST("bme280 survives any bytes as trimming values and numbers") {
  uint32_t state = 1;
  const auto any = [&] { return static_cast<uint8_t>((state = state * 1'664'525 + 1'013'904'223) >> 24); };
  for (int round = 0; round < 200'000; round++) {
    uint8_t low[26], high[7], numbers[8];
    // Ends of the scale are where sums overflow.
    for (uint8_t& byte : low) byte = any() % 3 == 0 ? 0xff : any() % 3 == 0 ? 0x7f : any() % 5 == 0 ? 0x80 : any();
    for (uint8_t& byte : high) byte = any();
    for (uint8_t& byte : numbers) byte = any();
    const fb::Expected<fb::Bme280Calibration> chip = fb::bme280_calibration(low, high);
    if (!chip.ok()) continue;
    const fb::Expected<fb::Bme280Reading> reading = fb::bme280_compensate(chip.value(), fb::bme280_raw(numbers));
    if (reading.ok()) EXPECT(reading.value().pressure_hpa >= 300 && reading.value().pressure_hpa <= 1100);
  }
}

FB_TEST("bme280 refuses the trimming values of an empty bus") {
  uint8_t low[26], high[7];
  for (const int fill : {0x00, 0xff}) {
    std::memset(low, fill, sizeof low);
    std::memset(high, fill, sizeof high);
    EXPECT(fb::bme280_calibration(low, high).status() == fb::Status::kCorrupt);
  }
}

FB_TEST("bme280 starts in one turn, fetches in another and gives one sample") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  configure(sensor, "{}", 1000);
  EXPECT(sensor.execute({1000, 0}).value() == 1000);
  EXPECT(sensor.execute({1000, 0}).value() == 1000);
  EXPECT(bus.written.empty());
  EXPECT(sensor.execute({1000, 0}).value() == 1010);
  EXPECT(bus.written.size() == 1);
  EXPECT(bus.written[0] == std::vector<uint8_t>({0xf2, 0x01, 0xf4, 0x25}));
  EXPECT(sensor.execute({1005, 0}).value() == 1010);
  EXPECT(taken.samples == 0);
  EXPECT(sensor.execute({1010, 0}).value() == 3000);
  EXPECT(taken.samples == 1);
  EXPECT(taken.values.size() == 3);
  EXPECT(taken.values[0] == 25.08);
  EXPECT(std::abs(taken.values[2] - 1006.5327) < 0.001);
}

FB_TEST("bme280 waits as long as its oversampling takes and asks for it") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  configure(sensor, R"({"oversampling":"16","address":119,"period_ms":500})", 0);
  bus.here = 0x77;
  (void)sensor.execute({0, 0});
  (void)sensor.execute({0, 0});
  EXPECT(sensor.execute({0, 0}).value() == 113);
  EXPECT(bus.written.size() == 1);
  EXPECT(bus.written[0] == std::vector<uint8_t>({0xf2, 0x05, 0xf4, 0xb5}));
  EXPECT(sensor.execute({120, 0}).value() == 500);
}

FB_TEST("bme280 keeps to its period without drifting, and reads the trimming values once") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  configure(sensor, R"({"period_ms":1000})", 0);
  fb::Millis t = 0;
  EXPECT(run_until(sensor, t, 60'500) == fb::Status::kOk);
  EXPECT(taken.samples == 61);
  // The first came later by the turns in which the chip is identified.
  EXPECT(taken.at_ms >= 60'010 && taken.at_ms <= 60'012);
  EXPECT(bus.trim_reads == 1);
}

FB_TEST("bme280 takes no other chip for its own") {
  for (const int id : {0x58, 0x61, 0x00, 0xff}) {
    Bme280Bus bus;
    Bme280Taken taken;
    bus.registers[0xd0] = static_cast<uint8_t>(id);
    fb::Bme280 sensor(bus, taken);
    EXPECT_IN(std::to_string(id), sensor.execute({0, 0}).status() == fb::Status::kNotFound);
    EXPECT_IN(std::to_string(id), bus.written.empty());
  }
}

FB_TEST("bme280 that is not there is not found, and found once it is") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  bus.here = 0x40;
  EXPECT(sensor.execute({0, 0}).status() == fb::Status::kNotFound);
  bus.here = 0x76;
  fb::Millis t = 1000;
  EXPECT(run_until(sensor, t, 1100) == fb::Status::kOk);
  EXPECT(taken.samples == 1);
}

FB_TEST("bme280 reads the trimming values anew after it was away") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  fb::Millis t = 0;
  EXPECT(run_until(sensor, t, 100) == fb::Status::kOk);
  bus.here = 0x40;
  EXPECT(run_until(sensor, t, 2'100) == fb::Status::kNotFound);
  bus.here = 0x76;
  bus.registers[0x89]++;  // another chip
  t = 4'000;
  EXPECT(run_until(sensor, t, 4'100) == fb::Status::kOk);
  EXPECT(bus.trim_reads == 2);
  EXPECT(taken.samples == 2);
  EXPECT(taken.values[0] != 25.08);
}

FB_TEST("bme280 that is still measuring is asked again, and not for ever") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  fb::Millis t = 0;
  bus.registers[0xf3] = 0x08;
  EXPECT(run_until(sensor, t, 20) == fb::Status::kOk);
  EXPECT(taken.samples == 0);
  bus.registers[0xf3] = 0;
  EXPECT(run_until(sensor, t, 30) == fb::Status::kOk);
  EXPECT(taken.samples == 1);
  bus.registers[0xf3] = 0x08;
  EXPECT(run_until(sensor, t, 3'000) == fb::Status::kUnavailable);
  EXPECT(t < 2'100);
}

FB_TEST("bme280 waits for the chip to have its trimming values") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  fb::Millis t = 0;
  bus.registers[0xf3] = 0x01;
  EXPECT(run_until(sensor, t, 8) == fb::Status::kOk);
  EXPECT(bus.trim_reads == 0);
  bus.registers[0xf3] = 0;
  EXPECT(run_until(sensor, t, 40) == fb::Status::kOk);
  EXPECT(bus.trim_reads == 1);
  EXPECT(taken.samples == 1);
}

FB_TEST("bme280 gives no sample of numbers that cannot be") {
  Bme280Bus bus;
  Bme280Taken taken;
  fb::Bme280 sensor(bus, taken);
  bus.set_numbers(0x80000, 0x80000, 0x8000);
  fb::Millis t = 0;
  EXPECT(run_until(sensor, t, 100) == fb::Status::kCorrupt);
  EXPECT(taken.samples == 0);
}
