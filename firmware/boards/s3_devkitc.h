#pragma once

#include "boards/board_pins.h"

namespace fb {

/// ESP32-S3-DevKitC-1. GPIO 26–37 may be the flash's and the PSRAM's, 19 and 20 are USB, and 0, 3, 45 and 46 are read at a
/// start (ESP32-S3 datasheet, strapping pins). Its own lamp is a WS2812; 4 is free for a plain one.
inline constexpr BoardPins kS3DevkitC = {
    /*led*/ 4,        /*boot_button*/ 0, /*i2c_sda*/ 8,         /*i2c_scl*/ 9,          /*dht*/ 5, /*adc*/ 6,
    /*rs485_tx*/ 17, /*rs485_rx*/ 18,   /*rs485_direction*/ 16, /*relays*/ {{10, 11, 12, 13}}};

}  // namespace fb
