#pragma once

#include "core/status.h"

namespace fb {

/// One analogue input, calibrated by the body.
class AdcIn {
 public:
  virtual ~AdcIn() = default;
  /// mV at the pin, one conversion. kUnavailable: not now; kStorage never.
  virtual Expected<double> millivolts() = 0;
};

}  // namespace fb
