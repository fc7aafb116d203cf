#pragma once

#include "boards/board_pins.h"

namespace fb {

/// ESP32-C6-DevKitC-1. GPIO 24–30 are the flash's, 12 and 13 USB, 16 and 17 the console, and 4, 5, 8, 9 and 15 are read at a
/// start (ESP32-C6 datasheet, strapping pins): 15 has the lamp, and matters only while USB-JTAG is fused off.
inline constexpr BoardPins kC6DevkitC = {
    /*led*/ 15,      /*boot_button*/ 9, /*i2c_sda*/ 6,         /*i2c_scl*/ 7,           /*dht*/ 10, /*adc*/ 2,
    /*rs485_tx*/ 18, /*rs485_rx*/ 19,   /*rs485_direction*/ 20, /*relays*/ {{0, 1, 3, 11}}};

}  // namespace fb
