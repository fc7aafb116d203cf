#include "core/network_join.h"

namespace fb {

void NetworkJoin::use(const WifiSettings& settings, Millis at) {
  settings_ = settings;
  begin_at_ = at;
  backoff_.reset();
}

void NetworkJoin::end(NetworkState state, NetworkFault fault) {
  state_ = state;
  fault_ = fault;
  give_up_at_ = kNever;
  ended_++;
}

Millis NetworkJoin::step(const Now& now) {
  if (now.mono >= begin_at_) {
    begin_at_ = kNever;
    if (settings_.empty() && network_.kind() == NetworkKind::kWifi) {
      network_.leave();
      state_ = NetworkState::kOff;
      fault_ = NetworkFault::kNone;
      return kNever;
    }
    network_.join(settings_.ssid.view(), settings_.password.view());
    state_ = NetworkState::kJoining;
    give_up_at_ = now.mono + kJoinTimeout;
  }
  const NetworkState seen = network_.state();
  if (state_ == NetworkState::kJoining && seen == NetworkState::kJoined) {
    end(NetworkState::kJoined, NetworkFault::kNone);
    backoff_.reset();
  } else if (state_ == NetworkState::kJoining && (seen == NetworkState::kFailed || now.mono >= give_up_at_)) {
    const bool late = seen != NetworkState::kFailed;
    if (late) network_.leave();
    end(NetworkState::kFailed, late ? NetworkFault::kTimeout : network_.fault());
    begin_at_ = std::min(begin_at_, now.mono + backoff_.next());
  } else if (state_ == NetworkState::kJoined && seen != NetworkState::kJoined) {
    end(NetworkState::kFailed, NetworkFault::kLost);
    begin_at_ = std::min(begin_at_, now.mono + backoff_.next());
  }
  return state_ == NetworkState::kOff ? begin_at_ : std::min(begin_at_, now.mono + kPoll);
}

}  // namespace fb
