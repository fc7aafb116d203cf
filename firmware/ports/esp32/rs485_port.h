#pragma once

#include "hal/serial_port.h"

namespace fb::esp32 {

/// UART 1 behind an RS-485 transceiver. With a direction pin the UART itself drives it (its half duplex mode: RTS is high
/// while it sends, and what it hears of itself is dropped); without one the transceiver turns by itself, or it is plain
/// RS-232.
class Rs485Port final : public SerialPort {
 public:
  /// @param direction_gpio below 0: none
  Status begin(int tx_gpio, int rx_gpio, int direction_gpio);
  Status configure(const SerialFormat& format) override;
  Status write(std::string_view bytes) override;
  size_t read(uint8_t* out, size_t capacity) override;

 private:
  bool begun_ = false;
};

}  // namespace fb::esp32
