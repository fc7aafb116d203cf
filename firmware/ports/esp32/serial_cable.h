#pragma once

#include <cstddef>

#include "core/status.h"
#include "hal/uart.h"

namespace fb::esp32 {

/// The cable: the UART of IDF's console, the chip's own USB Serial/JTAG, or both where IDF has
/// the USB as its second console (its default on chips that have it). From begin() on the log of every task goes out here too, whole lines between whole messages. Make one.
class SerialCable final : public SerialOut {
 public:
  Status begin();
  bool write(std::string_view message) override;
  /// What arrived, without waiting. @returns bytes put into `out`
  size_t read(char* out, size_t capacity);
};

}  // namespace fb::esp32
