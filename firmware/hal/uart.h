#pragma once

#include <string_view>

namespace fb {

/// The way out on the cable, docs/protocol.md §8: log text, Improv packets and Device API frames share it.
class SerialOut {
 public:
  virtual ~SerialOut() = default;
  /// Takes one whole message or nothing of it; returns at once and does not keep the view. What was taken goes out in
  /// the order of the calls and never with other bytes inside. False: not taken (no room, no cable).
  virtual bool write(std::string_view message) = 0;
};

}  // namespace fb
