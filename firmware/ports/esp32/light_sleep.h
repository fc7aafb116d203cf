#pragma once

namespace fb::esp32 {

/// ESP-IDF's automatic light sleep: while it is allowed, the chip sleeps whenever every task waits, and Wi-Fi wakes it for
/// its beacons. What comes over a UART meanwhile is lost, and the chip's own USB is away. Does nothing without
/// CONFIG_PM_ENABLE and CONFIG_FREERTOS_USE_TICKLESS_IDLE.
class LightSleep {
 public:
  void allow(bool allowed);

 private:
  bool allowed_ = false;
};

}  // namespace fb::esp32
