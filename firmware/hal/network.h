#pragma once

#include "core/time.h"

namespace fb {

/// What the radio or cable says of itself.
class Network {
 public:
  virtual ~Network() = default;
  /// Signal strength in dBm, or 0 where there is none to measure.
  virtual int rssi_dbm(Millis now) = 0;
};

}  // namespace fb
