#include "ports/esp32/rs485_port.h"

#include "driver/uart.h"

namespace fb::esp32 {
namespace {

constexpr uart_port_t kPort = UART_NUM_1;
/// Two of the longest Modbus RTU frames, 256 bytes.
constexpr int kRingBytes = 512;
/// What the driver's ring spends on an item besides its bytes, generously.
constexpr size_t kItemOverhead = 64;
/// Quiet symbols after which the driver hands over what it has. Modbus RTU ends a frame at 3.5 (its serial line guide 1.02,
/// §2.5.1.1); the driver's own default of 10 would add 7 ms at 9600 baud.
constexpr uint8_t kQuietSymbols = 3;

}  // namespace

Status Rs485Port::begin(int tx_gpio, int rx_gpio, int direction_gpio) {
  if (tx_gpio < 0 || rx_gpio < 0) return Status::kInvalid;
  if (uart_driver_install(kPort, kRingBytes, kRingBytes, 0, nullptr, 0) != ESP_OK) return Status::kUnavailable;
  begun_ = true;
  const Status configured = configure({});
  if (configured != Status::kOk) return configured;
  const int direction = direction_gpio < 0 ? UART_PIN_NO_CHANGE : direction_gpio;
  const uart_mode_t mode = direction_gpio < 0 ? UART_MODE_UART : UART_MODE_RS485_HALF_DUPLEX;
  if (uart_set_pin(kPort, tx_gpio, rx_gpio, direction, UART_PIN_NO_CHANGE) != ESP_OK ||
      uart_set_mode(kPort, mode) != ESP_OK || uart_set_rx_timeout(kPort, kQuietSymbols) != ESP_OK)
    return Status::kInvalid;
  return Status::kOk;
}

Status Rs485Port::configure(const SerialFormat& format) {
  if (!begun_) return Status::kUnavailable;
  if (format.data_bits < 5 || format.data_bits > 8 || format.stop_bits < 1 || format.stop_bits > 2) return Status::kInvalid;
  uart_config_t config{};
  config.baud_rate = static_cast<int>(format.baud);
  config.data_bits = static_cast<uart_word_length_t>(format.data_bits - 5);
  static_assert(UART_DATA_5_BITS == 0 && UART_DATA_8_BITS == 3);
  switch (format.parity) {
    case 'N':
      config.parity = UART_PARITY_DISABLE;
      break;
    case 'E':
      config.parity = UART_PARITY_EVEN;
      break;
    case 'O':
      config.parity = UART_PARITY_ODD;
      break;
    default:
      return Status::kInvalid;
  }
  config.stop_bits = format.stop_bits == 1 ? UART_STOP_BITS_1 : UART_STOP_BITS_2;
  config.flow_ctrl = UART_HW_FLOWCTRL_DISABLE;
  config.source_clk = UART_SCLK_DEFAULT;
  if (uart_param_config(kPort, &config) != ESP_OK) return Status::kInvalid;
  (void)uart_flush_input(kPort);  // what came at another speed is noise
  return Status::kOk;
}

Status Rs485Port::write(std::string_view bytes) {
  if (!begun_) return Status::kUnavailable;
  size_t free = 0;  // uart_write_bytes waits where the ring is full, so it is asked before
  if (uart_get_tx_buffer_free_size(kPort, &free) != ESP_OK || free < bytes.size() + kItemOverhead)
    return Status::kUnavailable;
  return uart_write_bytes(kPort, bytes.data(), bytes.size()) == static_cast<int>(bytes.size()) ? Status::kOk
                                                                                                : Status::kUnavailable;
}

size_t Rs485Port::read(uint8_t* out, size_t capacity) {
  if (!begun_) return 0;
  const int size = uart_read_bytes(kPort, out, static_cast<uint32_t>(capacity), 0);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

}  // namespace fb::esp32
