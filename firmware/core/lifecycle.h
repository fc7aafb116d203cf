#pragma once

#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace fb {

/// Where a component is between its making and its end.
enum class Lifecycle : uint8_t { kCreated, kConfigured, kActive, kCleanup };

/// The state of one component, which takes no illegal move.
///
///     created → configured ⇄ active → cleanup      configured → cleanup, created → cleanup
class LifecycleState {
 public:
  Lifecycle now() const { return state_; }
  /// kRefused: there is no such move; nothing has changed.
  Status move(Lifecycle to) {
    const bool legal = state_ != Lifecycle::kCleanup &&
                       (to == Lifecycle::kCleanup || (state_ == Lifecycle::kCreated && to == Lifecycle::kConfigured) ||
                        (state_ == Lifecycle::kConfigured && to != Lifecycle::kCreated) ||
                        (state_ == Lifecycle::kActive && to == Lifecycle::kConfigured));
    if (!legal) return Status::kRefused;
    state_ = to;
    return Status::kOk;
  }

 private:
  Lifecycle state_ = Lifecycle::kCreated;
};

}  // namespace fb
