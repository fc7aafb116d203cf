#pragma once

#include "components/modbus_rtu/modbus_master.h"
#include "components/modbus_rtu/modbus_registers.h"
#include "core/factory.h"
#include "core/fields.h"

namespace fb {

/// The member `port` of the configuration.
struct ModbusPort {
  double baud = 9600;
  double parity = 0;  ///< none, even, odd
  double stop_bits = 1;

  static Fields fields();
  SerialFormat format() const;
};

/// The plain members of the configuration.
struct ModbusPolling {
  double slave = 1;
  double period_ms = 2000;
  double timeout_ms = 500;
  double retries = 2;

  static Fields fields();
};

/// Polls the registers of one slave on a serial bus, all of them each period as one sample, and writes registers when told.
/// Told to read, it reads at once, and its next period begins there.
/// A write is only begun by execute_now(); how it ended is in the state, under the number that execute_now() gave.
/// A block of registers that the slave refuses leaves its values out; a slave that gives nothing at all is a failed turn.
class ModbusRtu final : public Component {
 public:
  static constexpr std::string_view kType = "modbus-rtu";

  ModbusRtu(SerialPort& port, SampleSink& samples);

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  /// `bus.modbus`, and `measure.<name>` of each register.
  std::string_view capabilities() const override { return capabilities_.view(); }
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override;
  void init(const JsonValue& config, const Now& now) override;
  Expected<Millis> execute(const Now& now) override;
  void cleanup(const Now& now) override;
  Millis retry_after_ms() const override { return static_cast<Millis>(polling_.period_ms); }
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  void write_execute_options(JsonWriter& out) const override;
  void write_config_schema(JsonWriter& out) const override;

 private:
  enum class Doing : uint8_t { kNothing, kReading, kWriting };
  enum class WriteState : uint8_t { kNone, kPending, kDone, kFailed };
  /// The last write that was asked for.
  struct Write {
    uint32_t number = 0;
    WriteState state = WriteState::kNone;
    uint16_t address = 0;
    std::string_view fault;
    ModbusRequest request;
  };

  static Status plan_registers(const JsonValue& change, JsonWriter& whole, Fault& fault);
  void configured();
  void set_write(WriteState state, std::string_view fault);
  void write_outcome(JsonWriter& out) const;
  bool begin_next(const Now& now);
  void block_ended();
  /// The values from this place of the order of reading on are not known any more.
  void forget(size_t from, size_t until);
  /// Hands over the sample, and says what the whole round came to.
  Status round_ended(const Now& now);

  SampleSink& samples_;
  ModbusPort port_;
  ModbusPolling polling_;
  ModbusRegisterMap registers_;
  ModbusMaster master_;
  SmallString<10 + ModbusRegisterMap::kMost * 33> capabilities_;
  Write write_;

  bool port_ready_ = false;
  Millis due_ = 0;
  Doing doing_ = Doing::kNothing;
  bool in_round_ = false;
  ModbusBlock block_;           ///< the next to be read in this round, or the one that is being read
  Status lost_ = Status::kOk;   ///< why the slave was given up in this round
  std::string_view new_fault_;  ///< the first of this round
  std::string_view fault_;      ///< of the last round; empty: every block was answered
  std::array<double, ModbusRegisterMap::kMost> values_{};  ///< NaN where there is none
};

using ModbusRtuFactory = FactoryOf<ModbusRtu, SerialPort, SampleSink>;

}  // namespace fb
