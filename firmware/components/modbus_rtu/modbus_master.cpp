#include "components/modbus_rtu/modbus_master.h"

#include <algorithm>
#include <cstring>

namespace fb {
namespace {

/// An answer may reach us in pieces: a UART hands over what its FIFO holds, a USB adapter what came in 16 ms. Only after
/// this long without a byte is one that is not whole taken for damaged.
constexpr Millis kModbusGapMs = 40;
/// How long we wait for a line on which something talks without end, or for room in the port.
constexpr Millis kModbusLineBusyMs = 1000;

constexpr uint8_t kModbusAcknowledge = 5;
constexpr uint8_t kModbusBusy = 6;

}  // namespace

Status ModbusMaster::configure(const SerialFormat& format, Patience patience) {
  phase_ = Phase::kIdle;
  const Status status = port_.configure(format);
  if (status != Status::kOk) return status;
  baud_ = format.baud;
  patience_ = patience;
  // 3.5 characters of 11 bits; above 19,200 baud a fixed 1.75 ms (§2.5.1.1). One more, as our clock ticks in ms.
  silence_ms_ = baud_ > 19'200 ? 3 : (35 * 11 * 100 + baud_ - 1) / baud_ + 1;
  return Status::kOk;
}

void ModbusMaster::abandon(const Now& now) {
  const bool may_answer = phase_ == Phase::kAnswer || (phase_ == Phase::kSilence && may_come_late_);
  if (may_answer) quiet_until_ = now.mono + patience_.timeout_ms;
  phase_ = Phase::kIdle;
}

void ModbusMaster::begin(const ModbusRequest& request, const Now& now) {
  request_ = request;
  answer_ = {};
  attempts_left_ = patience_.retries;
  may_come_late_ = false;
  heard_at_ = now.mono;
  await_silence(now);
}

void ModbusMaster::await_silence(const Now& now) {
  phase_ = Phase::kSilence;
  size_ = 0;
  give_up_at_ = std::max(now.mono, quiet_until_) + kModbusLineBusyMs;
  due_ = std::max({quiet_until_, heard_at_ + silence_ms_, now.mono + 1});
}

bool ModbusMaster::step(const Now& now) {
  switch (phase_) {
    case Phase::kIdle: return false;
    case Phase::kSilence: return step_silence(now);
    case Phase::kAnswer: return step_answer(now);
  }
  return false;
}

/// Takes what the line gave; true where it gave something. What does not fit pushes the oldest out.
bool ModbusMaster::read_line(const Now& now) {
  bool heard = false;
  // Bounded: a port that always has more must not hold us.
  for (int reads = 0; reads < 4; reads++) {
    if (size_ == sizeof bytes_) {
      size_ = sizeof bytes_ / 2;
      std::memmove(bytes_, bytes_ + sizeof bytes_ - size_, size_);
    }
    const size_t taken = port_.read(bytes_ + size_, sizeof bytes_ - size_);
    if (taken == 0) break;
    size_ += taken;
    heard = true;
    if (phase_ == Phase::kAnswer) {
      answer_ = ModbusAnswer::find(request_, bytes_, size_);
      if (answer_.kind > ModbusAnswer::Kind::kUnfinished) break;
    }
  }
  if (heard) heard_at_ = now.mono;
  return heard;
}

bool ModbusMaster::step_silence(const Now& now) {
  (void)read_line(now);
  size_ = 0;
  const Millis silent_at = std::max(quiet_until_, heard_at_ + silence_ms_);
  if (now.mono >= silent_at) {
    const Status sent = port_.write(request_.bytes());
    if (sent == Status::kOk) {
      phase_ = Phase::kAnswer;
      answer_ = {};
      sent_at_ = now.mono + on_line_ms(request_.bytes().size());
      if (!may_come_late_) first_sent_at_ = now.mono;
      give_up_at_ = sent_at_ + patience_.timeout_ms + on_line_ms(request_.answer_size());
      due_ = sent_at_;
      return false;
    }
    if (now.mono >= give_up_at_) return end(ModbusOutcome::kLineBusy, now);
    due_ = now.mono + silence_ms_;
    return false;
  }
  if (now.mono >= give_up_at_) return end(ModbusOutcome::kLineBusy, now);
  due_ = silent_at;
  return false;
}

bool ModbusMaster::step_answer(const Now& now) {
  (void)read_line(now);
  switch (answer_.kind) {
    case ModbusAnswer::Kind::kWords: return end(ModbusOutcome::kAnswered, now);
    case ModbusAnswer::Kind::kException:
      if ((answer_.exception == kModbusAcknowledge || answer_.exception == kModbusBusy) && attempts_left_ > 0) {
        quiet_until_ = now.mono + patience_.timeout_ms;
        return attempt_failed(ModbusOutcome::kException, now);
      }
      return end(ModbusOutcome::kException, now);
    case ModbusAnswer::Kind::kUnfinished:
      if (now.mono >= std::min(give_up_at_, heard_at_ + kModbusGapMs)) return attempt_failed(ModbusOutcome::kDamaged, now);
      break;
    case ModbusAnswer::Kind::kNone:
      if (now.mono >= give_up_at_) return attempt_failed(ModbusOutcome::kNoAnswer, now);
      break;
  }
  due_ = std::min(now.mono + silence_ms_, std::max(give_up_at_, now.mono + 1));
  return false;
}

bool ModbusMaster::attempt_failed(ModbusOutcome outcome, const Now& now) {
  if (outcome == ModbusOutcome::kNoAnswer) unanswered_++;
  if (outcome == ModbusOutcome::kDamaged) damaged_++;
  if (outcome != ModbusOutcome::kException) may_come_late_ = true;
  answer_.words = nullptr;
  if (attempts_left_ == 0) return end(outcome, now);
  attempts_left_--;
  retried_++;
  await_silence(now);
  return false;
}

bool ModbusMaster::end(ModbusOutcome outcome, const Now& now) {
  // The answer to another attempt may still come, and a read's answer does not say which addresses it is of: it would be
  // taken for that of the next request. So we wait as long as this slave may take, and throw away what comes.
  if (may_come_late_) {
    const bool answered = outcome == ModbusOutcome::kAnswered || outcome == ModbusOutcome::kException;
    const Millis slowest = answered ? now.mono - first_sent_at_ : (patience_.retries + 1) * patience_.timeout_ms;
    quiet_until_ = std::max(sent_at_ + slowest, now.mono) + patience_.timeout_ms;
  }
  phase_ = Phase::kIdle;
  outcome_ = outcome;
  return true;
}

std::string_view ModbusMaster::outcome_name() const {
  switch (outcome_) {
    case ModbusOutcome::kAnswered: return "answered";
    case ModbusOutcome::kException: return modbus_exception_name(answer_.exception);
    case ModbusOutcome::kNoAnswer: return "no answer";
    case ModbusOutcome::kDamaged: return "damaged answer";
    case ModbusOutcome::kLineBusy: return "line busy";
  }
  return {};
}

Millis ModbusMaster::longest_ms(const ModbusRequest& request) const {
  const Millis on_line = on_line_ms(request.bytes().size()) + on_line_ms(request.answer_size());
  const Millis attempt = kModbusLineBusyMs + 2 * silence_ms_ + on_line + 2 * patience_.timeout_ms;
  return (patience_.retries + 1) * (attempt + patience_.timeout_ms);
}

}  // namespace fb
