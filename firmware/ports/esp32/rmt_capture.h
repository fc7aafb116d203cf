#pragma once

#include <atomic>

#include "driver/rmt_rx.h"
#include "esp_timer.h"
#include "hal/pulse_capture.h"

namespace fb::esp32 {

/// A one-wire line on an open-drain pin: a timer ends the low that wakes the sensor, and RMT records what comes back at
/// 1 µs. Its interrupt and the timer's task only move `state_` on.
class RmtCapture final : public PulseCapture {
 public:
  Status begin_on(int gpio);
  /// A capture that is finished and was never polled is let go.
  Status begin(uint32_t low_us) override;
  Expected<size_t> poll(Pulse* out, size_t capacity) override;

 private:
  enum class State : uint8_t { kIdle, kWaking, kListening, kDone };

  /// A channel that is on keeps the chip from sleeping lightly.
  void rest();
  static void release(void* self);
  static bool received(rmt_channel_handle_t channel, const rmt_rx_done_event_data_t* event, void* self);

  /// An answer of a DHT22 is 42 symbols; one channel's memory has 48 on the smallest chip.
  static constexpr size_t kMaxSymbols = 48;
  /// Longer than any answer: a line that is shorted to ground never gives RMT an edge.
  static constexpr int64_t kLongestUs = 100'000;

  int gpio_ = -1;
  rmt_channel_handle_t channel_ = nullptr;
  esp_timer_handle_t timer_ = nullptr;
  rmt_symbol_word_t symbols_[kMaxSymbols] = {};
  std::atomic<size_t> count_{0};
  std::atomic<State> state_{State::kIdle};
  int64_t begun_us_ = 0;
  bool enabled_ = false;
};

}  // namespace fb::esp32
