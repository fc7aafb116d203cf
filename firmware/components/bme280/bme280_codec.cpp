#include "components/bme280/bme280_codec.h"

#include <algorithm>

namespace fb {
namespace {

// What the converters' registers hold where nothing was measured (§5.4.7…§5.4.9).
constexpr int32_t kBme280Skipped = 0x80000;
constexpr int32_t kBme280SkippedHumidity = 0x8000;

constexpr int32_t kBme280ColdestCentiC = -4'000;
constexpr int32_t kBme280WarmestCentiC = 8'500;
constexpr int64_t kBme280LowestQ8 = int64_t{30'000} * 256;
constexpr int64_t kBme280HighestQ8 = int64_t{110'000} * 256;

uint16_t bme280_u16(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] | bytes[1] << 8); }
int16_t bme280_s16(const uint8_t* bytes) { return static_cast<int16_t>(bme280_u16(bytes)); }

}  // namespace

Expected<Bme280Calibration> bme280_calibration(const uint8_t (&low)[26], const uint8_t (&high)[7]) {
  Bme280Calibration chip;
  chip.t1 = bme280_u16(low);
  chip.t2 = bme280_s16(low + 2);
  chip.t3 = bme280_s16(low + 4);
  chip.p1 = bme280_u16(low + 6);
  chip.p2 = bme280_s16(low + 8);
  chip.p3 = bme280_s16(low + 10);
  chip.p4 = bme280_s16(low + 12);
  chip.p5 = bme280_s16(low + 14);
  chip.p6 = bme280_s16(low + 16);
  chip.p7 = bme280_s16(low + 18);
  chip.p8 = bme280_s16(low + 20);
  chip.p9 = bme280_s16(low + 22);
  chip.h1 = low[25];
  chip.h2 = bme280_s16(high);
  chip.h3 = high[2];
  // Two signed numbers of 12 bits share the byte in the middle.
  chip.h4 = static_cast<int16_t>(static_cast<int8_t>(high[3]) * 16 + (high[4] & 0x0f));
  chip.h5 = static_cast<int16_t>(static_cast<int8_t>(high[5]) * 16 + (high[4] >> 4));
  chip.h6 = static_cast<int8_t>(high[6]);
  const bool blank = (chip.t1 == 0 && chip.p1 == 0) || (chip.t1 == 0xffff && chip.p1 == 0xffff);
  if (blank || chip.t2 == 0 || chip.p1 == 0) return Status::kCorrupt;
  return chip;
}

Bme280Raw bme280_raw(const uint8_t (&bytes)[8]) {
  return {bytes[3] << 12 | bytes[4] << 4 | bytes[5] >> 4, bytes[0] << 12 | bytes[1] << 4 | bytes[2] >> 4,
          bytes[6] << 8 | bytes[7]};
}

// The formulas are those of §4.2.3, with multiplications in the place of shifts of what may be negative, and in 64 bits
// throughout, so that no trimming values or raw ones can overflow.

int32_t bme280_fine_temperature(const Bme280Calibration& chip, int32_t raw) {
  const int64_t coarse = (raw >> 3) - 2 * int64_t{chip.t1};
  const int64_t fine = (raw >> 4) - int64_t{chip.t1};
  return static_cast<int32_t>((coarse * chip.t2 >> 11) + ((fine * fine >> 12) * chip.t3 >> 14));
}

int32_t bme280_centi_c(int32_t fine) { return (fine * 5 + 128) >> 8; }

Expected<int64_t> bme280_pressure_q8(const Bme280Calibration& chip, int32_t fine, int32_t raw) {
  const int64_t warmth = int64_t{fine} - 128'000;
  const int64_t offset = warmth * warmth * chip.p6 + warmth * chip.p5 * (1 << 17) + chip.p4 * (int64_t{1} << 35);
  const int64_t slope = (int64_t{1} << 47) + (warmth * warmth * chip.p3 >> 8) + warmth * chip.p2 * (1 << 12);
  if (chip.p1 == 0 || slope <= 0 || slope > INT64_MAX / chip.p1) return Status::kCorrupt;
  const int64_t divisor = slope * chip.p1 >> 33;
  const int64_t scaled = (int64_t{1'048'576 - raw} * (int64_t{1} << 31)) - offset;
  if (divisor == 0 || scaled <= 0 || scaled > INT64_MAX / 3125) return Status::kCorrupt;
  const int64_t linear = scaled * 3125 / divisor;
  if (linear > 2 * 256 * kBme280HighestQ8) return Status::kCorrupt;
  const int64_t squared = chip.p9 * (linear >> 13) * (linear >> 13) >> 25;
  const int64_t corrected = linear + squared + (chip.p8 * linear >> 19);
  return (corrected >> 8) + chip.p7 * 16;
}

int32_t bme280_humidity_q10(const Bme280Calibration& chip, int32_t fine, int32_t raw) {
  const int64_t warmth = int64_t{fine} - 76'800;
  const int64_t zeroed = (int64_t{raw} * 16'384 - chip.h4 * int64_t{1'048'576} - chip.h5 * warmth + 16'384) >> 15;
  const int64_t bent = (warmth * chip.h6 >> 10) * ((warmth * chip.h3 >> 11) + 32'768) >> 10;
  const int64_t linear = zeroed * (((bent + 2'097'152) * chip.h2 + 8'192) >> 14);
  const int64_t humidity = linear - (((linear >> 15) * (linear >> 15) >> 7) * chip.h1 >> 4);
  return static_cast<int32_t>(std::clamp<int64_t>(humidity, 0, 419'430'400) >> 12);
}

Expected<Bme280Reading> bme280_compensate(const Bme280Calibration& chip, const Bme280Raw& raw) {
  // Each of them alone may be measured: it is the middle of the converter's range.
  if (raw.temperature == kBme280Skipped && raw.pressure == kBme280Skipped && raw.humidity == kBme280SkippedHumidity)
    return Status::kCorrupt;
  const int32_t fine = bme280_fine_temperature(chip, raw.temperature);
  const int32_t centi_c = bme280_centi_c(fine);
  if (centi_c < kBme280ColdestCentiC || centi_c > kBme280WarmestCentiC) return Status::kCorrupt;
  const Expected<int64_t> pressure = bme280_pressure_q8(chip, fine, raw.pressure);
  if (!pressure.ok()) return pressure.status();
  if (pressure.value() < kBme280LowestQ8 || pressure.value() > kBme280HighestQ8) return Status::kCorrupt;
  return Bme280Reading{centi_c / 100.0, bme280_humidity_q10(chip, fine, raw.humidity) / 1024.0,
                       static_cast<double>(pressure.value()) / 25'600};
}

}  // namespace fb
