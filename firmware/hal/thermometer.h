#pragma once

#include "core/status.h"

namespace fb {

/// The thermometer inside the chip.
class Thermometer {
 public:
  virtual ~Thermometer() = default;
  /// kUnavailable: this chip has none, or it gave nothing.
  virtual Expected<double> temperature_c() = 0;
};

}  // namespace fb
