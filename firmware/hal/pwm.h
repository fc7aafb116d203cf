#pragma once

namespace fb {

/// One output whose mean can be set.
class PwmOut {
 public:
  virtual ~PwmOut() = default;
  /// @param duty 0 (off) … 1 (fully on)
  virtual void set_duty(double duty) = 0;
};

}  // namespace fb
