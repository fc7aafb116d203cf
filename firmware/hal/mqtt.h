#pragma once

#include <cstdint>
#include <string_view>

namespace fb {

/// The way out to a broker, or to what stands for one.
class MqttOut {
 public:
  virtual ~MqttOut() = default;
  /// Hands one message over; returns at once, and does not keep the views. False: not taken, the message is lost.
  virtual bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) = 0;
};

}  // namespace fb
