#include "sim/sim_inverter.h"

#include <algorithm>
#include <cmath>

#include "components/modbus_rtu/modbus_frame.h"
#include "sim/near_math.h"

namespace fb {
namespace {

constexpr uint8_t kInverterSlave = 1;
constexpr uint32_t kInverterBaud = 9600;
constexpr uint16_t kInverterLimitRegister = 8;

constexpr double kInverterModulesW = 3300;  // at 1000 W/m² and 25 °C
constexpr double kInverterModuleLossPerK = 0.004;
constexpr double kInverterModuleKPerW = 0.03;  // of W/m²
constexpr double kInverterEfficiency = 0.97;
constexpr double kInverterOwnW = 8;
constexpr double kInverterFallsAsleepW = 15;
constexpr double kInverterHeatSinkKPerW = 0.01;
constexpr double kInverterHeatSinkFollowsS = 900;
constexpr double kInverterLineVPerW = 0.0015;

/// The sun is looked at this often to count the energy of a time that nobody asked about, and at most so many times.
constexpr double kInverterStepS = 60;
constexpr double kInverterMostSteps = 240;

constexpr uint8_t kInverterIllegalFunction = 1;
constexpr uint8_t kInverterIllegalAddress = 2;
constexpr uint8_t kInverterIllegalValue = 3;

uint16_t inverter_word(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

uint16_t inverter_u16(double value) { return static_cast<uint16_t>(std::lround(std::clamp(value, 0.0, 65'535.0))); }

}  // namespace

SimInverter::SimInverter(const World& world)
    : world_(world),
      noise_(world.seed_for("inverter")),
      voltage_(world.seed_for("inverter voltage"), 1.5, 600),
      frequency_(world.seed_for("inverter frequency"), 0.015, 120),
      energy_kwh_(std::floor(1000 + 4000 * noise_.uniform())) {}

void SimInverter::set_fault(Fault fault, uint8_t exception) {
  fault_ = fault;
  exception_ = exception;
}

Status SimInverter::configure(const SerialFormat& format) {
  hears_ = format.baud == kInverterBaud && format.data_bits == 8 && format.parity == 'N' && format.stop_bits == 1;
  answer_size_ = 0;
  answer_taken_ = 0;
  return Status::kOk;
}

/// The world knows the room's temperature; the roof's is taken for the same, which is wrong by a few percent of power.
double SimInverter::power_w(const Conditions& conditions) const {
  const double module_c = conditions.temperature_c + kInverterModuleKPerW * conditions.irradiance_w_m2;
  const double warm = 1 - kInverterModuleLossPerK * (module_c - 25);
  const double direct_w = kInverterModulesW * conditions.irradiance_w_m2 / 1000 * warm;
  const double grid_w = direct_w * kInverterEfficiency - kInverterOwnW;
  if (grid_w < kInverterFallsAsleepW) return 0;
  return std::min(grid_w, kRatedW * limit_pct_ / 100);
}

/// Counts energy and warmth from the last request to now.
void SimInverter::catch_up() {
  if (!begun_) {
    begun_ = true;
    measured_at_ = now_;
    const Conditions conditions = world_.at(now_);
    power_w_ = power_w(conditions);
    heat_sink_c_ = conditions.temperature_c + kInverterHeatSinkKPerW * power_w_;
    return;
  }
  const double elapsed_s = static_cast<double>(now_.mono - measured_at_.mono) / 1000;
  const double steps = std::clamp(std::ceil(elapsed_s / kInverterStepS), 1.0, kInverterMostSteps);
  for (double step = 1; step <= steps; step++) {
    const double left_ms = elapsed_s * 1000 * (steps - step) / steps;
    Now at = now_;
    at.mono -= static_cast<Millis>(left_ms);
    if (at.clock_set()) at.unix_ms -= static_cast<int64_t>(left_ms);
    const Conditions conditions = world_.at(at);
    const double before_w = power_w_;
    power_w_ = power_w(conditions);
    const double step_s = elapsed_s / steps;
    energy_kwh_ += (before_w + power_w_) / 2 * step_s / 3'600'000;
    const double goal_c = conditions.temperature_c + kInverterHeatSinkKPerW * power_w_;
    heat_sink_c_ = goal_c + (heat_sink_c_ - goal_c) * near_exp(-step_s / kInverterHeatSinkFollowsS);
  }
  measured_at_ = now_;
}

void SimInverter::measure(uint16_t (&registers)[kRegisters]) {
  catch_up();
  const double noise = world_.scenario().noise;
  const double t_s = static_cast<double>(now_.clock_set() ? now_.unix_ms : static_cast<int64_t>(now_.mono)) / 1000;
  const double shown_w = power_w_ <= 0 ? 0 : std::min(power_w_ * (1 + 0.002 * noise * noise_.normal()), kRatedW);
  const double voltage_v = 230 + voltage_.at(t_s) + kInverterLineVPerW * power_w_ + 0.1 * noise * noise_.normal();
  const auto power = static_cast<uint32_t>(std::lround(10 * shown_w));
  const auto energy = static_cast<uint32_t>(100 * energy_kwh_);
  registers[0] = inverter_u16(10 * voltage_v);
  registers[1] = inverter_u16(100 * shown_w / voltage_v);
  registers[2] = static_cast<uint16_t>(power >> 16);
  registers[3] = static_cast<uint16_t>(power & 0xffff);
  registers[4] = inverter_u16(100 * (50 + frequency_.at(t_s) + 0.005 * noise * noise_.normal()));
  registers[5] = static_cast<uint16_t>(std::lround(10 * (heat_sink_c_ + 0.1 * noise * noise_.normal())));
  registers[6] = static_cast<uint16_t>(energy >> 16);
  registers[7] = static_cast<uint16_t>(energy & 0xffff);
  registers[8] = limit_pct_;
}

void SimInverter::put_word(uint16_t word) {
  put(static_cast<uint8_t>(word >> 8));
  put(static_cast<uint8_t>(word & 0xff));
}

void SimInverter::refuse(uint8_t exception) {
  answer_[1] = static_cast<uint8_t>(answer_[1] | 0x80);
  answer_size_ = 2;
  put(exception);
}

void SimInverter::read_registers(const uint8_t* frame, size_t size) {
  const size_t address = inverter_word(frame + 2);
  const size_t count = inverter_word(frame + 4);
  if (size != 6 || count == 0 || count > 125) return refuse(kInverterIllegalValue);
  if (address + count > kRegisters) return refuse(kInverterIllegalAddress);
  uint16_t registers[kRegisters];
  measure(registers);
  put(static_cast<uint8_t>(2 * count));
  for (size_t i = 0; i < count; i++) put_word(registers[address + i]);
}

void SimInverter::write_registers(const uint8_t* frame, size_t size) {
  const bool several = frame[1] == static_cast<uint8_t>(ModbusFunction::kWriteSeveral);
  const uint16_t address = inverter_word(frame + 2);
  if (!several && size != 6) return refuse(kInverterIllegalValue);
  if (several && (size < 9 || size != 7u + frame[6] || frame[6] != 2 * inverter_word(frame + 4)))
    return refuse(kInverterIllegalValue);
  const bool one = !several || inverter_word(frame + 4) == 1;
  if (address != kInverterLimitRegister || !one) return refuse(kInverterIllegalAddress);
  const uint16_t value = inverter_word(frame + (several ? 7 : 4));
  if (value > 100) return refuse(kInverterIllegalValue);
  catch_up();
  limit_pct_ = value;
  power_w_ = power_w(world_.at(now_));
  for (size_t i = 2; i < 6; i++) put(frame[i]);
}

/// @param size without the CRC, at least 6
void SimInverter::answer_to(const uint8_t* frame, size_t size) {
  put(frame[0]);
  put(frame[1]);
  if (fault_ == Fault::kException) return refuse(exception_);
  switch (static_cast<ModbusFunction>(frame[1])) {
    case ModbusFunction::kReadHolding:
    case ModbusFunction::kReadInput: return read_registers(frame, size);
    case ModbusFunction::kWriteOne:
    case ModbusFunction::kWriteSeveral: return write_registers(frame, size);
  }
  refuse(kInverterIllegalFunction);
}

Status SimInverter::write(std::string_view bytes) {
  // Whatever it was about to say, a new request ends it.
  answer_size_ = 0;
  answer_taken_ = 0;
  const auto* const frame = reinterpret_cast<const uint8_t*>(bytes.data());
  // Noise, a damaged request, and what is for another slave get no answer.
  if (!hears_ || fault_ == Fault::kSilence || bytes.size() < 8 || frame[0] != kInverterSlave) return Status::kOk;
  const size_t size = bytes.size() - 2;
  const uint16_t asked = modbus_crc(frame, size);
  if (frame[size] != (asked & 0xff) || frame[size + 1] != asked >> 8) return Status::kOk;
  answer_to(frame, size);
  uint16_t crc = modbus_crc(answer_, answer_size_);
  if (fault_ == Fault::kBadCrc) crc ^= 1;
  put(static_cast<uint8_t>(crc & 0xff));
  put(static_cast<uint8_t>(crc >> 8));
  answer_at_ = now_.mono + kThinksMs + bytes.size() * 11'000 / kInverterBaud;
  return Status::kOk;
}

/// Byte by byte, as fast as the line is.
size_t SimInverter::read(uint8_t* out, size_t capacity) {
  if (now_.mono < answer_at_) return 0;
  const size_t arrived = std::min<size_t>(answer_size_, (now_.mono - answer_at_) * kInverterBaud / 11'000);
  const size_t size = std::min(capacity, arrived > answer_taken_ ? arrived - answer_taken_ : 0);
  for (size_t i = 0; i < size; i++) out[i] = answer_[answer_taken_ + i];
  answer_taken_ += size;
  return size;
}

}  // namespace fb
