#pragma once

#include "boards/board_pins.h"

namespace fb {

/// ESP32-DevKitC V4 and what is like it. GPIO 6–11 are the flash's, 34–39 can only be read, and 0, 2, 5, 12 and 15 are
/// read at a start (ESP32 datasheet, strapping pins): 2 has the lamp, which pulls it the way it must be. Modules
/// with PSRAM (WROVER) have 16 and 17 in use: there the RS-485 pins must be moved.
inline constexpr BoardPins kDevkitC = {
    /*led*/ 2,        /*boot_button*/ 0, /*i2c_sda*/ 21,        /*i2c_scl*/ 22,         /*dht*/ 4, /*adc*/ 34,
    /*rs485_tx*/ 17, /*rs485_rx*/ 16,   /*rs485_direction*/ 18, /*relays*/ {{25, 26, 27, 33}}};

}  // namespace fb
