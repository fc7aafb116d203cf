#include "components/bme280/bme280.h"

#include <cmath>

namespace fb {
namespace {

// Registers (BME280 datasheet BST-BME280-DS002, §5.3, table 18).
constexpr uint8_t kBme280TrimLow = 0x88;
constexpr uint8_t kBme280Id = 0xd0;
constexpr uint8_t kBme280TrimHigh = 0xe1;
constexpr uint8_t kBme280CtrlHum = 0xf2;
constexpr uint8_t kBme280Status = 0xf3;
constexpr uint8_t kBme280CtrlMeas = 0xf4;

constexpr uint8_t kBme280ChipId = 0x60;     // §5.4.1
constexpr uint8_t kBme280Measuring = 0x08;  // §5.4.4
constexpr uint8_t kBme280Trimming = 0x01;
constexpr uint8_t kBme280Forced = 0x01;     // §5.4.5

/// The wait before a chip that is still busy is asked again, and how often it is.
constexpr Millis kBme280AskAgainMs = 5;
constexpr int kBme280MostAsked = 8;

/// The longest that a measurement takes (§9.1), of the same oversampling for all three quantities.
Millis bme280_conversion_ms(size_t choice) {
  const double conversions = 1 << choice;
  return static_cast<Millis>(std::ceil(1.25 + 2.3 * conversions + 2 * (2.3 * conversions + 0.575)));
}

}  // namespace

Fields Bme280::fields() const {
  static constexpr Field kFields[] = {
      number_field("period_ms", "Interval (ms)", offsetof(Bme280Config, period_ms), 200, 3'600'000),
      integer_field("address", "I²C address", offsetof(Bme280Config, address), 0x76, 0x77),
      choice_field("oversampling", "Conversions a measurement", offsetof(Bme280Config, oversampling), "1 2 4 8 16")};
  return {kFields, 3};
}

void Bme280::configured(const Now& now) {
  phase_ = Phase::kIdentify;
  asked_in_vain_ = 0;
  due_ = turn_ = now.mono;
}

Expected<Millis> Bme280::execute(const Now& now) {
  if (now.mono < due_) return due_;
  const Expected<Millis> next = advance(now);
  if (next.ok()) {
    due_ = next.value();
  } else {
    phase_ = Phase::kIdentify;
    asked_in_vain_ = 0;
    turn_ = now.mono;
  }
  return next;
}

Expected<Millis> Bme280::advance(const Now& now) {
  Status failed = Status::kOk;
  switch (phase_) {
    case Phase::kIdentify:
      failed = identify();
      if (failed != Status::kOk) return failed;
      phase_ = Phase::kCalibrate;
      return now.mono;

    case Phase::kCalibrate: {
      const Expected<bool> done = calibrate();
      if (!done.ok()) return done.status();
      if (!done.value()) break;
      phase_ = Phase::kStart;
      asked_in_vain_ = 0;
      return now.mono;
    }

    case Phase::kStart:
      failed = start();
      if (failed != Status::kOk) return failed;
      phase_ = Phase::kFetch;
      return now.mono + bme280_conversion_ms(static_cast<size_t>(config_.oversampling));

    case Phase::kFetch: {
      const Expected<bool> done = fetch();
      if (!done.ok()) return done.status();
      if (!done.value()) break;
      phase_ = Phase::kStart;
      asked_in_vain_ = 0;
      const Metric metrics[] = {
          {"temperature", at_resolution(last_.temperature_c, 100)},
          {"humidity", at_resolution(last_.humidity_pct, 100)},
          {"pressure", at_resolution(last_.pressure_hpa, 1000)}};
      samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
      turn_ = next_turn(turn_, config_.period_ms, now);
      return turn_;
    }
  }
  if (++asked_in_vain_ >= kBme280MostAsked) return Status::kUnavailable;
  return now.mono + kBme280AskAgainMs;
}

Status Bme280::identify() {
  uint8_t id = 0;
  const Status status = read_registers(kBme280Id, &id, 1);
  if (status != Status::kOk) return status;
  // A BMP280 (0x58) and a BME680 (0x61) have the same addresses.
  return id == kBme280ChipId ? Status::kOk : Status::kNotFound;
}

/// False: the chip is still taking its trimming values out of its memory (§5.4.4).
Expected<bool> Bme280::calibrate() {
  uint8_t busy = 0;
  uint8_t low[26];
  uint8_t high[7];
  Status status = read_registers(kBme280Status, &busy, 1);
  if (status == Status::kOk && (busy & kBme280Trimming) != 0) return false;
  if (status == Status::kOk) status = read_registers(kBme280TrimLow, low, sizeof low);
  if (status == Status::kOk) status = read_registers(kBme280TrimHigh, high, sizeof high);
  if (status != Status::kOk) return status;
  const Expected<Bme280Calibration> chip = bme280_calibration(low, high);
  if (!chip.ok()) return chip.status();
  chip_ = chip.value();
  return true;
}

Status Bme280::start() {
  // What is written to ctrl_hum counts from the next write to ctrl_meas (§5.4.3), which the same transaction brings.
  const auto code = static_cast<unsigned>(config_.oversampling) + 1;
  const uint8_t bytes[] = {kBme280CtrlHum, static_cast<uint8_t>(code), kBme280CtrlMeas,
                           static_cast<uint8_t>(code << 5 | code << 2 | kBme280Forced)};
  return bus_.write(static_cast<uint8_t>(config_.address), bytes, sizeof bytes);
}

/// False: the chip is still measuring.
Expected<bool> Bme280::fetch() {
  // From the status on in one burst, during which the chip keeps to the numbers of one measurement (§4).
  uint8_t bytes[12];
  const Status status = read_registers(kBme280Status, bytes, sizeof bytes);
  if (status != Status::kOk) return status;
  if ((bytes[0] & kBme280Measuring) != 0) return false;
  uint8_t numbers[8];
  for (size_t i = 0; i < sizeof numbers; i++) numbers[i] = bytes[4 + i];
  const Expected<Bme280Reading> reading = bme280_compensate(chip_, bme280_raw(numbers));
  if (!reading.ok()) return reading.status();
  last_ = reading.value();
  measured_ = true;
  return true;
}

Status Bme280::read_registers(uint8_t first, uint8_t* out, size_t size) {
  const auto address = static_cast<uint8_t>(config_.address);
  const Status status = bus_.write(address, &first, 1);
  return status == Status::kOk ? bus_.read(address, out, size) : status;
}

void Bme280::write_state(JsonWriter& out) const {
  out.begin_object();
  if (measured_) {
    out.key("temperature").number(last_.temperature_c);
    out.key("humidity").number(last_.humidity_pct);
    out.key("pressure").number(last_.pressure_hpa);
  }
  out.end_object();
}

}  // namespace fb
