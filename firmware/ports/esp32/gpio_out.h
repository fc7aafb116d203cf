#pragma once

#include "hal/gpio.h"

namespace fb::esp32 {

/// One pin that is driven high or low from the first set() on; before, it floats: which level is "off" is known only to
/// whoever sets it, and what hangs here must not see the other one at every start.
class GpioOut final : public DigitalOut {
 public:
  /// kInvalid: this pin cannot be driven.
  Status begin(int gpio);
  void set(bool high) override;

 private:
  int gpio_ = -1;
  bool driven_ = false;
};

}  // namespace fb::esp32
