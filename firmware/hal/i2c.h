#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace fb {

/// A two-wire bus with this device as its master. A transaction takes as long as its bits; nothing waits longer than a
/// few milliseconds.
class I2cBus {
 public:
  virtual ~I2cBus() = default;
  /// @param address 7 bits. kNotFound: nobody acknowledged; kUnavailable: the bus is held.
  virtual Status write(uint8_t address, const uint8_t* bytes, size_t size) = 0;
  virtual Status read(uint8_t address, uint8_t* out, size_t size) = 0;
};

}  // namespace fb
