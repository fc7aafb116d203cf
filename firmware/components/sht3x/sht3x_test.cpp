#include "components/sht3x/sht3x.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "ports/host/test.h"

namespace {

/// A sensor that answers as the datasheet draws it.
class FakeBus final : public fb::I2cBus {
 public:
  fb::Status write(uint8_t address, const uint8_t* bytes, size_t size) override {
    if (address != 0x44) return fb::Status::kNotFound;
    written.assign(bytes, bytes + size);
    return fb::Status::kOk;
  }
  fb::Status read(uint8_t, uint8_t* out, size_t size) override {
    if (size != sizeof answer) return fb::Status::kInvalid;
    std::memcpy(out, answer, size);
    return fb::Status::kOk;
  }
  std::vector<uint8_t> written;
  uint8_t answer[6] = {0x66, 0x66, 0x93, 0x80, 0x00, 0xa2};
};

class Taken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    for (size_t i = 0; i < count; i++) values.push_back(metrics[i].value);
  }
  std::vector<double> values;
};

}  // namespace

FB_TEST("sht3x crc is that of the datasheets example") { EXPECT(fb::sht3x_crc(0xbe, 0xef) == 0x92); }

FB_TEST("sht3x ends of the scale are those of the formula") {
  const uint8_t low[6] = {0, 0, fb::sht3x_crc(0, 0), 0, 0, fb::sht3x_crc(0, 0)};
  const uint8_t high[6] = {255, 255, fb::sht3x_crc(255, 255), 255, 255, fb::sht3x_crc(255, 255)};
  EXPECT(fb::sht3x_decode(low).value().temperature_c == -45);
  EXPECT(fb::sht3x_decode(low).value().humidity_pct == 0);
  EXPECT(fb::sht3x_decode(high).value().temperature_c == 130);
  EXPECT(fb::sht3x_decode(high).value().humidity_pct == 100);
}

FB_TEST("sht3x measures in two steps and gives one sample") {
  FakeBus bus;
  Taken taken;
  bus.answer[2] = fb::sht3x_crc(0x66, 0x66);
  bus.answer[5] = fb::sht3x_crc(0x80, 0x00);
  fb::Sht3x sensor(bus, taken);
  EXPECT(sensor.execute({1000, 0}).value() == 1016);
  EXPECT(bus.written == std::vector<uint8_t>({0x24, 0x00}));
  EXPECT(taken.values.empty());
  EXPECT(sensor.execute({1016, 0}).value() == 3000);
  EXPECT(taken.values.size() == 2);
  EXPECT(std::abs(taken.values[0] - 25.0) < 0.01);
  EXPECT(std::abs(taken.values[1] - 50.0) < 0.01);
}

FB_TEST("sht3x drops a measurement whose crc differs and begins anew") {
  FakeBus bus;
  Taken taken;
  bus.answer[2] = static_cast<uint8_t>(fb::sht3x_crc(0x66, 0x66) ^ 1);
  fb::Sht3x sensor(bus, taken);
  (void)sensor.execute({0, 0});
  EXPECT(sensor.execute({16, 0}).status() == fb::Status::kCorrupt);
  EXPECT(taken.values.empty());
  bus.written.clear();
  (void)sensor.execute({1016, 0});
  EXPECT(!bus.written.empty());
}
