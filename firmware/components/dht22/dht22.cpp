#include "components/dht22/dht22.h"

#include <algorithm>

namespace fb {
namespace {

/// How long the line is held low to wake the sensor: 0.8…20 ms (AM2302 datasheet, table 6).
constexpr uint32_t kDht22WakeUs = 1'200;
/// Waking, an answer of at most 5.3 ms and the quiet after it.
constexpr Millis kDht22AnswerMs = 8;
constexpr Millis kDht22AskAgainMs = 5;
constexpr Millis kDht22PatienceMs = 100;
/// After power comes, a sensor is not to be woken for a second (DHT22 datasheet, operating specifications).
constexpr Millis kDht22SettleMs = 1'000;
/// The pulses of an answer are 83; the line's rests come before and after.
constexpr size_t kDht22MostPulses = 96;

}  // namespace

Fields Dht22::fields() const {
  static constexpr Field kFields[] = {number_field("period_ms", "Interval (ms)", offsetof(Dht22Config, period_ms),
                                                   static_cast<double>(kShortestMs), 3'600'000)};
  return {kFields, 1};
}

void Dht22::configured(const Now& now) {
  listening_ = false;  // an answer that is under way is let go
  due_ = ever_woken_ ? std::max(now.mono, woken_ + kShortestMs) : now.mono + kDht22SettleMs;
  turn_ = due_;
  damaged_in_a_row_ = 0;
}

Expected<Millis> Dht22::execute(const Now& now) {
  if (now.mono < due_) return due_;
  const Expected<Millis> next = listening_ ? listen(now) : wake(now);
  if (next.ok()) {
    due_ = next.value();
  } else {
    listening_ = false;
    due_ = turn_ = std::max(now.mono, woken_ + kShortestMs);
  }
  return next;
}

Expected<Millis> Dht22::wake(const Now& now) {
  woken_ = now.mono;
  ever_woken_ = true;
  const Status begun = line_.begin(kDht22WakeUs);
  if (begun != Status::kOk) return begun;
  listening_ = true;
  return now.mono + kDht22AnswerMs;
}

Expected<Millis> Dht22::listen(const Now& now) {
  const Expected<Dht22Reading> reading = take_answer();
  if (reading.status() == Status::kUnavailable && now.mono - woken_ < kDht22PatienceMs)
    return now.mono + kDht22AskAgainMs;
  if (reading.status() == Status::kCorrupt) {
    damaged_++;
    if (++damaged_in_a_row_ >= kMostDamaged) {
      damaged_in_a_row_ = 0;
      return Status::kCorrupt;
    }
  } else if (!reading.ok()) {
    return reading.status();
  } else {
    last_ = reading.value();
    measured_ = true;
    damaged_in_a_row_ = 0;
    const Metric metrics[] = {{"temperature", last_.temperature_c}, {"humidity", last_.humidity_pct}};
    samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
  }
  listening_ = false;
  turn_ = std::max(next_turn(turn_, config_.period_ms, now), woken_ + kShortestMs);
  return turn_;
}

Expected<Dht22Reading> Dht22::take_answer() {
  Pulse pulses[kDht22MostPulses];
  const Expected<size_t> count = line_.poll(pulses, kDht22MostPulses);
  if (!count.ok()) return count.status();
  uint8_t bytes[5] = {};
  const Status status = dht22_bytes(pulses, count.value(), bytes);
  if (status != Status::kOk) return status;
  return dht22_decode(bytes);
}

void Dht22::write_state(JsonWriter& out) const {
  out.begin_object();
  if (measured_) {
    out.key("temperature").number(last_.temperature_c);
    out.key("humidity").number(last_.humidity_pct);
  }
  out.key("damaged").number(damaged_).end_object();
}

}  // namespace fb
