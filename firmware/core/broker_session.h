#pragma once

#include "core/backoff.h"
#include "core/device.h"
#include "core/settings.h"

namespace fb {

/// Keeps a board's session with its broker: opens it once there is a network, subscribes, tells the device, and opens it
/// again after a pause.
class BrokerSession {
 public:
  BrokerSession(Device& device, MqttClient& mqtt, Rng& rng) : device_(device), mqtt_(mqtt), backoff_(rng) {}

  /// Speaks to this one from `at` on; empty settings: to none.
  void use(const BrokerSettings& settings, Millis at);
  /// Polls. Returns when it wants to be called next.
  Millis step(bool network_up, const Now& now);

  MqttState state() const { return state_; }
  /// Why the last session ended or did not begin; kNone once one stands.
  MqttFault fault() const { return fault_; }
  bool no_network() const { return no_network_; }

 private:
  static constexpr Millis kConnectTimeout = 20'000;
  static constexpr Millis kPoll = 200;

  void shut(const Now& now);
  void open(const Now& now);

  Device& device_;
  MqttClient& mqtt_;
  Backoff backoff_;
  BrokerSettings settings_;
  MqttState state_ = MqttState::kOff;
  MqttFault fault_ = MqttFault::kNone;
  bool no_network_ = true;
  Millis change_at_ = kNever;
  Millis open_at_ = 0;
  Millis give_up_at_ = kNever;
};

}  // namespace fb
