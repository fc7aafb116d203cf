#pragma once

#include <cstdint>

#include "components/modbus_rtu/modbus_frame.h"
#include "core/time.h"
#include "hal/serial_port.h"

namespace fb {

/// How an exchange ended.
enum class ModbusOutcome : uint8_t { kAnswered, kException, kNoAnswer, kDamaged, kLineBusy };

/// One exchange at a time with slaves on a serial line (Modbus over Serial Line 1.02, §2.4): waits for 3.5 characters of
/// silence, sends, waits for the answer, tries again. Nothing blocks: begin(), then step() when due. Whatever comes from
/// the line, each exchange ends: `longest_ms()` says when at the latest, if step() is called as it asks.
class ModbusMaster {
 public:
  struct Patience {
    Millis timeout_ms = 500;  ///< for the first byte of an answer, after the request is on the line
    unsigned retries = 2;
  };

  explicit ModbusMaster(SerialPort& port) : port_(port) {}

  /// Forgets what is under way. kInvalid: the port cannot be set up so.
  Status configure(const SerialFormat& format, Patience patience);
  /// Forgets what is under way; a late answer to it is kept from the next exchange.
  void abandon(const Now& now);

  bool busy() const { return phase_ != Phase::kIdle; }
  /// Not while busy().
  void begin(const ModbusRequest& request, const Now& now);
  /// Goes on. True: the exchange has ended.
  bool step(const Now& now);
  /// When step() must be called next; kNever where nothing is under way.
  Millis due() const { return busy() ? due_ : kNever; }

  /// Of the last exchange.
  ModbusOutcome outcome() const { return outcome_; }
  std::string_view outcome_name() const;
  /// The words of an answer to a read, big endian, until the next begin(); null of a write or without an answer.
  const uint8_t* words() const { return answer_.words; }

  /// The longest that one exchange of `request` takes.
  Millis longest_ms(const ModbusRequest& request) const;
  uint32_t retried() const { return retried_; }
  uint32_t unanswered() const { return unanswered_; }
  uint32_t damaged() const { return damaged_; }

 private:
  enum class Phase : uint8_t { kIdle, kSilence, kAnswer };

  Millis on_line_ms(size_t bytes) const { return (bytes * 11 * 1000 + baud_ - 1) / baud_; }
  void await_silence(const Now& now);
  bool step_silence(const Now& now);
  bool step_answer(const Now& now);
  bool attempt_failed(ModbusOutcome outcome, const Now& now);
  bool end(ModbusOutcome outcome, const Now& now);
  bool read_line(const Now& now);

  SerialPort& port_;
  Patience patience_;
  uint32_t baud_ = 9600;
  Millis silence_ms_ = 5;

  Phase phase_ = Phase::kIdle;
  ModbusRequest request_;
  ModbusAnswer answer_;
  ModbusOutcome outcome_ = ModbusOutcome::kNoAnswer;
  unsigned attempts_left_ = 0;
  bool may_come_late_ = false;  ///< an attempt of this exchange had no whole answer
  Millis due_ = 0;
  Millis heard_at_ = 0;     ///< when bytes last came
  Millis first_sent_at_ = 0;  ///< of the first attempt whose answer may still come
  Millis sent_at_ = 0;
  Millis quiet_until_ = 0;  ///< nothing is sent before
  Millis give_up_at_ = 0;   ///< of this phase
  uint32_t retried_ = 0;
  uint32_t unanswered_ = 0;
  uint32_t damaged_ = 0;
  size_t size_ = 0;
  uint8_t bytes_[2 * (5 + 2 * kModbusMostRead)] = {};
};

}  // namespace fb
