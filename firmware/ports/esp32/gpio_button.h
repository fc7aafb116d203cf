#pragma once

#include "core/time.h"

namespace fb::esp32 {

/// A button to ground, such as BOOT.
class GpioButton {
 public:
  static constexpr Millis kHoldMs = 3'000;

  /// @param gpio below 0: none
  void begin(int gpio);
  /// True once, when it has been held for kHoldMs. Called every few milliseconds; a bounce begins the count anew.
  bool held(Millis now);

 private:
  int gpio_ = -1;
  Millis since_ = kNever;
  bool told_ = false;
};

}  // namespace fb::esp32
