#pragma once

#include <array>

namespace fb {

/// No pin: the part is not there.
inline constexpr int kNoPin = -1;

/// What hangs on which GPIO of a board, as far as a part is switched on in the build's settings.
struct BoardPins {
  int led = kNoPin;          ///< a plain LED with its resistor; the WS2812 of some boards is not one
  int boot_button = kNoPin;  ///< low while it is pressed
  int i2c_sda = kNoPin;
  int i2c_scl = kNoPin;
  int dht = kNoPin;  ///< data line of a DHT22
  int adc = kNoPin;  ///< of ADC1: Wi-Fi holds ADC2 on the first ESP32
  int rs485_tx = kNoPin;
  int rs485_rx = kNoPin;
  int rs485_direction = kNoPin;  ///< high while sending; none where the transceiver turns by itself
  std::array<int, 4> relays{kNoPin, kNoPin, kNoPin, kNoPin};
};

}  // namespace fb
