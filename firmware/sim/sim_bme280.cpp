#include "sim/sim_bme280.h"

#include <algorithm>
#include <cmath>

namespace fb {
namespace {

// Registers and bits as in the datasheet, §5.3 and §5.4.
constexpr uint8_t kSimBmeId = 0xd0;
constexpr uint8_t kSimBmeReset = 0xe0;
constexpr uint8_t kSimBmeCtrlHum = 0xf2;
constexpr uint8_t kSimBmeStatus = 0xf3;
constexpr uint8_t kSimBmeCtrlMeas = 0xf4;
constexpr uint8_t kSimBmeConfig = 0xf5;
constexpr uint8_t kSimBmeData = 0xf7;
constexpr int32_t kSimBmeSkipped = 0x80000;

// Errors of one conversion, about those of a real chip at rest.
constexpr double kSimBmeNoiseC = 0.005;
constexpr double kSimBmeNoisePct = 0.07;
constexpr double kSimBmeNoiseHpa = 0.033;

/// 0, 1, 2, 4, 8 or 16 conversions.
int conversions_of(uint8_t code) { return code == 0 ? 0 : 1 << (std::min<int>(code, 5) - 1); }

/// The input of a rising function at which it is nearest to `wanted`.
template <typename Function>
int32_t inverse_of(Function rising, double wanted, int32_t low, int32_t high) {
  while (high - low > 1) {
    const int32_t middle = low + (high - low) / 2;
    (rising(middle) < wanted ? low : high) = middle;
  }
  return wanted - rising(low) < rising(high) - wanted ? low : high;
}

/// 16 bits of one conversion and one more for each doubling (§3.4, without a filter).
int32_t at_resolution(int32_t raw, uint8_t code) {
  const int32_t step = 1 << (4 - (std::clamp<int>(code, 1, 5) - 1));
  return std::min((raw + step / 2) / step * step, 0xfffff);
}

void put_le(uint8_t* out, int value) {
  out[0] = static_cast<uint8_t>(value & 0xff);
  out[1] = static_cast<uint8_t>(value >> 8 & 0xff);
}

/// As bme280_calibration() takes them apart.
void put_trimming(const Bme280Calibration& chip, uint8_t* registers) {
  const int low[] = {chip.t1, chip.t2, chip.t3, chip.p1, chip.p2, chip.p3,
                     chip.p4, chip.p5, chip.p6, chip.p7, chip.p8, chip.p9};
  for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) put_le(registers + 0x88 + 2 * i, low[i]);
  registers[0xa1] = chip.h1;
  put_le(registers + 0xe1, chip.h2);
  registers[0xe3] = chip.h3;
  registers[0xe4] = static_cast<uint8_t>(chip.h4 >> 4);
  registers[0xe5] = static_cast<uint8_t>((chip.h4 & 0x0f) | (chip.h5 & 0x0f) << 4);
  registers[0xe6] = static_cast<uint8_t>(chip.h5 >> 4);
  registers[0xe7] = static_cast<uint8_t>(chip.h6);
}

/// Trimming values as chips have them, a little different for each seed.
Bme280Calibration trimmed(SeededNoise& noise) {
  const auto about = [&](int middle, int spread) {
    return middle + static_cast<int>(std::floor((2 * spread + 1) * noise.uniform())) - spread;
  };
  Bme280Calibration chip;
  chip.t1 = static_cast<uint16_t>(about(27'900, 500));
  chip.t2 = static_cast<int16_t>(about(26'400, 300));
  chip.t3 = 50;
  chip.p1 = static_cast<uint16_t>(about(37'000, 800));
  chip.p2 = static_cast<int16_t>(about(-10'600, 100));
  chip.p3 = 3'024;
  chip.p4 = static_cast<int16_t>(about(6'000, 2'000));
  chip.p5 = static_cast<int16_t>(about(0, 150));
  chip.p6 = -7;
  chip.p7 = 9'900;
  chip.p8 = -10'230;
  chip.p9 = 4'285;
  chip.h1 = 75;
  chip.h2 = static_cast<int16_t>(about(365, 10));
  chip.h3 = 0;
  chip.h4 = static_cast<int16_t>(about(315, 15));
  chip.h5 = static_cast<int16_t>(about(0, 50));
  chip.h6 = 30;
  return chip;
}

}  // namespace

SimBme280::SimBme280(const World& world, const Now& clock, uint8_t address)
    : world_(world),
      clock_(clock),
      address_(address),
      noise_(world.seed_for(address == 0x76 ? "bme280 at 0x76" : "bme280 at 0x77")) {
  chip_ = trimmed(noise_);
  reset();
}

void SimBme280::reset() {
  std::fill(registers_, registers_ + sizeof registers_, uint8_t{0});
  put_trimming(chip_, registers_);
  registers_[kSimBmeId] = 0x60;
  registers_[kSimBmeData] = registers_[kSimBmeData + 3] = registers_[kSimBmeData + 6] = 0x80;
  humidity_code_ = 0;
  measuring_ = false;
}

Status SimBme280::write(uint8_t address, const uint8_t* bytes, size_t size) {
  if (address != address_) return Status::kNotFound;
  if (size == 0) return Status::kOk;
  at_ = bytes[0];
  // After the first, registers and values take turns (§6.2.1).
  for (size_t i = 0; i + 1 < size; i += 2) write_register(bytes[i], bytes[i + 1]);
  return Status::kOk;
}

void SimBme280::write_register(uint8_t at, uint8_t value) {
  if (at == kSimBmeReset) {
    if (value == 0xb6) reset();
    return;
  }
  if (at != kSimBmeCtrlHum && at != kSimBmeCtrlMeas && at != kSimBmeConfig) return;
  registers_[at] = value;
  if (at != kSimBmeCtrlMeas) return;
  humidity_code_ = registers_[kSimBmeCtrlHum] & 7;
  const int mode = value & 3;
  if (measuring_ || (mode != 1 && mode != 2)) return;
  const int t = conversions_of(value >> 5);
  const int p = conversions_of(value >> 2 & 7);
  const int h = conversions_of(humidity_code_);
  // The typical time (§9.1), since the longest is the driver's affair.
  const double takes_ms = 1 + 2 * t + (p > 0 ? 2 * p + 0.5 : 0) + (h > 0 ? 2 * h + 0.5 : 0);
  measuring_ = true;
  ready_ = clock_.mono + static_cast<Millis>(std::ceil(takes_ms));
}

Status SimBme280::read(uint8_t address, uint8_t* out, size_t size) {
  if (address != address_) return Status::kNotFound;
  if (measuring_ && clock_.mono >= ready_) finish_measurement();
  registers_[kSimBmeStatus] = measuring_ ? 0x08 : 0;
  for (size_t i = 0; i < size; i++) out[i] = registers_[at_++];
  return Status::kOk;
}

void SimBme280::finish_measurement() {
  const Conditions world = world_.at(clock_);
  const uint8_t t_code = registers_[kSimBmeCtrlMeas] >> 5;
  const uint8_t p_code = registers_[kSimBmeCtrlMeas] >> 2 & 7;
  const double noise = world_.scenario().noise;
  const auto error = [&](double of_one, uint8_t code) {
    return noise * of_one * noise_.normal() / std::sqrt(std::max(1, conversions_of(code)));
  };
  const double temperature_c = std::clamp(world.temperature_c + error(kSimBmeNoiseC, t_code), -40.0, 85.0);
  const double pressure_hpa = std::clamp(world.pressure_hpa + error(kSimBmeNoiseHpa, p_code), 300.0, 1100.0);
  const double humidity_pct = std::clamp(world.humidity_pct + error(kSimBmeNoisePct, humidity_code_), 0.0, 100.0);

  const auto celsius = [&](int32_t raw) { return bme280_fine_temperature(chip_, raw) / 5120.0; };
  const int32_t t_raw = at_resolution(inverse_of(celsius, temperature_c, 0, 0xfffff), t_code);
  const int32_t fine = bme280_fine_temperature(chip_, t_raw);
  // The converter's number falls as the pressure rises; what the formula refuses is beyond one end or the other.
  const auto hectopascals = [&](int32_t fallen) {
    const Expected<int64_t> q8 = bme280_pressure_q8(chip_, fine, 0xfffff - fallen);
    return q8.ok() ? static_cast<double>(q8.value()) / 25'600 : (fallen < 0x80000 ? 0.0 : 1e9);
  };
  const int32_t p_raw = at_resolution(0xfffff - inverse_of(hectopascals, pressure_hpa, 0, 0xfffff), p_code);
  const auto percent = [&](int32_t raw) { return bme280_humidity_q10(chip_, fine, raw) / 1024.0; };
  const int32_t h_raw = inverse_of(percent, humidity_pct, 0, 0xffff);

  const auto put20 = [this](size_t at, int32_t raw) {
    registers_[at] = static_cast<uint8_t>(raw >> 12);
    registers_[at + 1] = static_cast<uint8_t>(raw >> 4);
    registers_[at + 2] = static_cast<uint8_t>(raw << 4);
  };
  put20(kSimBmeData, p_code == 0 ? kSimBmeSkipped : p_raw);
  put20(kSimBmeData + 3, t_code == 0 ? kSimBmeSkipped : t_raw);
  const int32_t humidity = humidity_code_ == 0 ? 0x8000 : h_raw;
  registers_[kSimBmeData + 6] = static_cast<uint8_t>(humidity >> 8);
  registers_[kSimBmeData + 7] = static_cast<uint8_t>(humidity);
  measuring_ = false;
  registers_[kSimBmeCtrlMeas] = registers_[kSimBmeCtrlMeas] & 0xfc;  // forced mode ends in sleep
}

}  // namespace fb
