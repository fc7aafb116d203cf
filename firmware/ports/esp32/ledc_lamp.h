#pragma once

#include "hal/pwm.h"

namespace fb::esp32 {

/// A lamp on one pin, dimmed by LEDC channel 0 at 5 kHz with 13 bits.
class LedcLamp final : public PwmOut {
 public:
  /// @param gpio below 0: no lamp, set_duty does nothing; @param active_low the lamp lights while the pin is low
  void begin(int gpio, bool active_low);
  void set_duty(double duty) override;

 private:
  bool begun_ = false;
};

}  // namespace fb::esp32
