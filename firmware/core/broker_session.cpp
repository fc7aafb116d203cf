#include "core/broker_session.h"

namespace fb {

void BrokerSession::use(const BrokerSettings& settings, Millis at) {
  settings_ = settings;
  change_at_ = at;
}

void BrokerSession::shut(const Now& now) {
  if (state_ == MqttState::kConnected) device_.set_link(false, now);
  mqtt_.close();
  state_ = MqttState::kOff;
}

void BrokerSession::open(const Now& now) {
  const std::string_view id = device_.identity().id.view();
  mqtt_.open({settings_.uri.view(), settings_.username.view(), settings_.password.view(), id, device_.status_topic(),
              device_.will_payload()});
  state_ = MqttState::kConnecting;
  give_up_at_ = now.mono + kConnectTimeout;
}

Millis BrokerSession::step(bool network_up, const Now& now) {
  no_network_ = !network_up;
  const bool changed = now.mono >= change_at_;
  if (changed) {
    change_at_ = kNever;
    open_at_ = now.mono;
    fault_ = MqttFault::kNone;
    backoff_.reset();
  }
  if (changed || (!network_up && state_ != MqttState::kOff)) shut(now);
  if (settings_.empty() || !network_up) return change_at_;

  const bool idle = state_ == MqttState::kOff || state_ == MqttState::kFailed;
  // While a change waits for its moment, the new settings must not act before it.
  if (idle && now.mono >= open_at_ && change_at_ == kNever) open(now);
  const MqttState seen = mqtt_.state();
  if (state_ == MqttState::kConnecting && seen == MqttState::kConnected) {
    state_ = MqttState::kConnected;
    fault_ = MqttFault::kNone;
    backoff_.reset();
    mqtt_.subscribe(device_.command_topic(), 1);
    mqtt_.subscribe(device_.desired_topic(), 1);
    device_.set_link(true, now);
  } else if (state_ == MqttState::kConnecting || state_ == MqttState::kConnected) {
    const bool late = state_ == MqttState::kConnecting && now.mono >= give_up_at_;
    const bool gone = seen == MqttState::kFailed || (state_ == MqttState::kConnected && seen != MqttState::kConnected);
    if (late || gone) {
      fault_ = seen == MqttState::kFailed ? mqtt_.fault() : late ? MqttFault::kTimeout : MqttFault::kUnreachable;
      shut(now);
      state_ = MqttState::kFailed;
      open_at_ = now.mono + backoff_.next();
    }
  }
  return std::min(change_at_, now.mono + kPoll);
}

}  // namespace fb
