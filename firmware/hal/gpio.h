#pragma once

#include "core/status.h"

namespace fb {

/// One digital output.
class DigitalOut {
 public:
  virtual ~DigitalOut() = default;
  virtual void set(bool high) = 0;
};

}  // namespace fb
