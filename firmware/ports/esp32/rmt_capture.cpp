#include "ports/esp32/rmt_capture.h"

#include "driver/gpio.h"

namespace fb::esp32 {
namespace {

constexpr uint32_t kHz = 1'000'000;
/// Shorter ones are the edges of a long wire.
constexpr uint32_t kGlitchNs = 1'000;
/// The quiet that ends a capture.
constexpr uint32_t kQuietNs = 1'000'000;

}  // namespace

Status RmtCapture::begin_on(int gpio) {
  if (gpio < 0 || !GPIO_IS_VALID_OUTPUT_GPIO(gpio)) return Status::kInvalid;
  rmt_rx_channel_config_t config{};
  config.gpio_num = static_cast<gpio_num_t>(gpio);
  config.clk_src = RMT_CLK_SRC_DEFAULT;
  config.resolution_hz = kHz;
  config.mem_block_symbols = SOC_RMT_MEM_WORDS_PER_CHANNEL;
  static_assert(SOC_RMT_MEM_WORDS_PER_CHANNEL >= kMaxSymbols);
  const rmt_rx_event_callbacks_t callbacks = {received};
  esp_timer_create_args_t timer{};
  timer.callback = release;
  timer.arg = this;
  timer.name = "one_wire";
  if (rmt_new_rx_channel(&config, &channel_) != ESP_OK ||
      rmt_rx_register_event_callbacks(channel_, &callbacks, this) != ESP_OK ||
      esp_timer_create(&timer, &timer_) != ESP_OK)
    return Status::kUnavailable;
  // RMT made the pin an input; only now may it be pulled low as well.
  const auto pin = static_cast<gpio_num_t>(gpio);
  (void)gpio_set_level(pin, 1);
  if (gpio_set_direction(pin, GPIO_MODE_INPUT_OUTPUT_OD) != ESP_OK ||
      gpio_set_pull_mode(pin, GPIO_PULLUP_ONLY) != ESP_OK)
    return Status::kUnavailable;
  gpio_ = gpio;
  return Status::kOk;
}

Status RmtCapture::begin(uint32_t low_us) {
  if (gpio_ < 0) return Status::kUnavailable;
  const int64_t now_us = esp_timer_get_time();
  const State state = state_;
  if (state == State::kWaking || state == State::kListening) {
    if (now_us - begun_us_ < kLongestUs) return Status::kUnavailable;
    (void)esp_timer_stop(timer_);
  }
  rest();  // a reception that never began, or was never polled
  if (rmt_enable(channel_) != ESP_OK) return Status::kUnavailable;
  enabled_ = true;
  begun_us_ = now_us;
  count_ = 0;
  state_ = State::kWaking;
  (void)gpio_set_level(static_cast<gpio_num_t>(gpio_), 0);
  if (esp_timer_start_once(timer_, low_us) == ESP_OK) return Status::kOk;
  (void)gpio_set_level(static_cast<gpio_num_t>(gpio_), 1);
  rest();
  return Status::kUnavailable;
}

void RmtCapture::rest() {
  if (enabled_) (void)rmt_disable(channel_);
  enabled_ = false;
  state_ = State::kIdle;
}

void RmtCapture::release(void* self) {
  RmtCapture& capture = *static_cast<RmtCapture*>(self);
  rmt_receive_config_t config{};
  config.signal_range_min_ns = kGlitchNs;
  config.signal_range_max_ns = kQuietNs;
  capture.state_ = State::kListening;
  // Armed before the line is let go, so that the rise is the first edge.
  const esp_err_t armed = rmt_receive(capture.channel_, capture.symbols_, sizeof capture.symbols_, &config);
  (void)gpio_set_level(static_cast<gpio_num_t>(capture.gpio_), 1);
  if (armed != ESP_OK) capture.state_ = State::kDone;  // without a pulse: nobody answered
}

/// In an interrupt. It runs from flash: one that comes while flash is written waits, and RMT keeps what it has.
bool RmtCapture::received(rmt_channel_handle_t, const rmt_rx_done_event_data_t* event, void* self) {
  RmtCapture& capture = *static_cast<RmtCapture*>(self);
  capture.count_ = event->num_symbols;
  capture.state_ = State::kDone;
  return false;
}

Expected<size_t> RmtCapture::poll(Pulse* out, size_t capacity) {
  if (state_ != State::kDone) return Status::kUnavailable;
  size_t pulses = 0;
  const auto add = [&](uint32_t level, uint32_t us) {
    if (us == 0 || pulses >= capacity) return false;  // RMT ends a capture by a length of 0
    out[pulses++] = {level != 0, us};
    return true;
  };
  for (size_t i = 0; i < count_; i++) {
    const rmt_symbol_word_t& symbol = symbols_[i];
    if (!add(symbol.level0, symbol.duration0) || !add(symbol.level1, symbol.duration1)) break;
  }
  rest();
  return pulses;
}

}  // namespace fb::esp32
