#pragma once

#include "boards/board_pins.h"

namespace fb {

/// ESP32-C3-DevKitM-1. GPIO 11–17 are the flash's, 18 and 19 USB, 20 and 21 the console, and 2, 8 and 9 are read at a start
/// (ESP32-C3 datasheet, strapping pins): a relay there could keep it from starting. That leaves one pin for a relay.
inline constexpr BoardPins kC3DevkitM = {
    /*led*/ 10,     /*boot_button*/ 9, /*i2c_sda*/ 5,             /*i2c_scl*/ 6,           /*dht*/ 4, /*adc*/ 3,
    /*rs485_tx*/ 0, /*rs485_rx*/ 1,    /*rs485_direction*/ kNoPin, /*relays*/ {{7, kNoPin, kNoPin, kNoPin}}};

}  // namespace fb
