#pragma once

#include <cstddef>
#include <cstdint>

#include "hal/serial_port.h"
#include "sim/world.h"

namespace fb {

/// A grid-tied solar inverter behind a serial port, Modbus RTU slave 1 at 9600 8N1. Registers, by functions 3 and 4:
///
///     0    u16  V × 10        4    u16  Hz × 100
///     1    u16  A × 100       5    i16  °C × 10, of its heat sink
///     2–3  u32  W × 10        6–7  u32  kWh × 100, made since ever
///     8    u16  %, export limit, writable 0…100 by functions 6 and 16
///
/// Its power is what the world's sun gives the modules on the roof; its counter begins anew, at a reading of its own, with
/// each start. To a port that is set up otherwise it does not answer, as on a real line.
class SimInverter final : public SerialPort {
 public:
  static constexpr double kRatedW = 3000;
  static constexpr Millis kThinksMs = 15;
  static constexpr size_t kRegisters = 9;
  enum class Fault : uint8_t { kNone, kSilence, kBadCrc, kException };

  explicit SimInverter(const World& world);

  /// The time from now on; a port is not told it. Call it before the component's turn.
  void advance(const Now& now) { now_ = now; }
  /// From now on; `exception` is that of Fault::kException.
  void set_fault(Fault fault, uint8_t exception = 4);

  Status configure(const SerialFormat& format) override;
  Status write(std::string_view bytes) override;
  size_t read(uint8_t* out, size_t capacity) override;

 private:
  double power_w(const Conditions& conditions) const;
  void catch_up();
  void measure(uint16_t (&registers)[kRegisters]);
  void answer_to(const uint8_t* frame, size_t size);
  void read_registers(const uint8_t* frame, size_t size);
  void write_registers(const uint8_t* frame, size_t size);
  void refuse(uint8_t exception);
  void put(uint8_t byte) { answer_[answer_size_++] = byte; }
  void put_word(uint16_t word);

  const World& world_;
  SeededNoise noise_;
  Drift voltage_;    // V: what else the street draws
  Drift frequency_;  // Hz: the whole grid
  Now now_;
  bool hears_ = false;
  Fault fault_ = Fault::kNone;
  uint8_t exception_ = 4;

  bool begun_ = false;
  Now measured_at_;
  double power_w_ = 0;
  double energy_kwh_;
  double heat_sink_c_ = 0;
  uint16_t limit_pct_ = 100;

  uint8_t answer_[5 + 2 * kRegisters];
  size_t answer_size_ = 0;
  size_t answer_taken_ = 0;
  Millis answer_at_ = 0;
};

}  // namespace fb
