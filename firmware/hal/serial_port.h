#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace fb {

/// How a port is set up.
struct SerialFormat {
  uint32_t baud = 9600;
  uint8_t data_bits = 8;
  char parity = 'N';  ///< N, E or O
  uint8_t stop_bits = 1;
};

/// A serial port that belongs to a component (an RS-485 bus), not the cable to the person. Nothing blocks.
class SerialPort {
 public:
  virtual ~SerialPort() = default;
  /// kInvalid: the body cannot set this up.
  virtual Status configure(const SerialFormat& format) = 0;
  /// Takes the whole message or nothing. kUnavailable: no room now. The direction of an RS-485 driver is the body's.
  virtual Status write(std::string_view bytes) = 0;
  /// What has arrived, at most `capacity`; 0: nothing.
  virtual size_t read(uint8_t* out, size_t capacity) = 0;
};

}  // namespace fb
