#pragma once

#include "sdkconfig.h"
#if CONFIG_IDF_TARGET_ESP32
#include "boards/devkitc.h"
#elif CONFIG_IDF_TARGET_ESP32S3
#include "boards/s3_devkitc.h"
#elif CONFIG_IDF_TARGET_ESP32C3
#include "boards/c3_devkitm.h"
#elif CONFIG_IDF_TARGET_ESP32C6
#include "boards/c6_devkitc.h"
#else
#error "No board of this chip: add one to firmware/boards"
#endif

namespace fb {

#if CONFIG_IDF_TARGET_ESP32
inline constexpr BoardPins kTargetBoard = kDevkitC;
#elif CONFIG_IDF_TARGET_ESP32S3
inline constexpr BoardPins kTargetBoard = kS3DevkitC;
#elif CONFIG_IDF_TARGET_ESP32C3
inline constexpr BoardPins kTargetBoard = kC3DevkitM;
#else
inline constexpr BoardPins kTargetBoard = kC6DevkitC;
#endif

/// A pin of Kconfig: −2 is the board's own, −1 none.
constexpr int chosen_pin(int setting, int of_board) { return setting == -2 ? of_board : setting; }

/// What this build has on which pin; kNoPin for what is switched off.
constexpr BoardPins chosen_pins() {
  BoardPins pins;
  pins.led = chosen_pin(CONFIG_FIELDBENCH_LED_GPIO, kTargetBoard.led);
  pins.boot_button = chosen_pin(CONFIG_FIELDBENCH_BUTTON_GPIO, kTargetBoard.boot_button);
#if CONFIG_FIELDBENCH_I2C
  pins.i2c_sda = chosen_pin(CONFIG_FIELDBENCH_I2C_SDA_GPIO, kTargetBoard.i2c_sda);
  pins.i2c_scl = chosen_pin(CONFIG_FIELDBENCH_I2C_SCL_GPIO, kTargetBoard.i2c_scl);
#endif
#if CONFIG_FIELDBENCH_DHT22
  pins.dht = chosen_pin(CONFIG_FIELDBENCH_DHT22_GPIO, kTargetBoard.dht);
#endif
#if CONFIG_FIELDBENCH_ADC
  pins.adc = chosen_pin(CONFIG_FIELDBENCH_ADC_GPIO, kTargetBoard.adc);
#endif
#if CONFIG_FIELDBENCH_RS485
  pins.rs485_tx = chosen_pin(CONFIG_FIELDBENCH_RS485_TX_GPIO, kTargetBoard.rs485_tx);
  pins.rs485_rx = chosen_pin(CONFIG_FIELDBENCH_RS485_RX_GPIO, kTargetBoard.rs485_rx);
  pins.rs485_direction = chosen_pin(CONFIG_FIELDBENCH_RS485_DIRECTION_GPIO, kTargetBoard.rs485_direction);
#endif
#if CONFIG_FIELDBENCH_RELAYS
  pins.relays = {chosen_pin(CONFIG_FIELDBENCH_RELAY_1_GPIO, kTargetBoard.relays[0]),
                 chosen_pin(CONFIG_FIELDBENCH_RELAY_2_GPIO, kTargetBoard.relays[1]),
                 chosen_pin(CONFIG_FIELDBENCH_RELAY_3_GPIO, kTargetBoard.relays[2]),
                 chosen_pin(CONFIG_FIELDBENCH_RELAY_4_GPIO, kTargetBoard.relays[3])};
#endif
  return pins;
}

inline constexpr BoardPins kPins = chosen_pins();

}  // namespace fb
