#pragma once

#include "core/backoff.h"
#include "core/settings.h"
#include "hal/network.h"

namespace fb {

/// Keeps a board in the network it was told: joins, joins again after a pause, and gives up a join after 30 s.
class NetworkJoin {
 public:
  NetworkJoin(Network& network, Rng& rng) : network_(network), backoff_(rng) {}

  /// Joins with these from `at` on, whatever it is in now; empty ones: leaves. A wired network needs none.
  void use(const WifiSettings& settings, Millis at);
  /// Polls. Returns when it wants to be called next.
  Millis step(const Now& now);

  NetworkState state() const { return state_; }
  /// Why the last join failed; kNone once one succeeded.
  NetworkFault fault() const { return fault_; }
  /// Rises with each join that ended, well or not.
  uint32_t ended() const { return ended_; }

 private:
  /// Below the 30 s that Improv's clients wait: the reason must arrive before they give up.
  static constexpr Millis kJoinTimeout = 25'000;
  static constexpr Millis kPoll = 200;

  void end(NetworkState state, NetworkFault fault);

  Network& network_;
  Backoff backoff_;
  WifiSettings settings_;
  NetworkState state_ = NetworkState::kOff;
  NetworkFault fault_ = NetworkFault::kNone;
  Millis begin_at_ = kNever;
  Millis give_up_at_ = kNever;
  uint32_t ended_ = 0;
};

}  // namespace fb
