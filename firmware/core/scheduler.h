#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/component.h"
#include "core/registry.h"

namespace fb {

/// Runs components when they are due, the more important first, and keeps a failing one from harming the rest: after
/// kFailuresToQuarantine failures in a row it is left alone for a while that doubles each time.
class Scheduler {
 public:
  static constexpr uint32_t kFailuresToQuarantine = 5;
  static constexpr Millis kFirstQuarantineMs = 30'000;
  static constexpr Millis kLongestQuarantineMs = 600'000;

  enum class State : uint8_t { kActive, kFailing, kQuarantined, kDisabled };

  struct Task {
    Component* component = nullptr;
    Millis due = 0;
    Millis interval = 0;        ///< what the component asked for last
    uint8_t priority = 0;       ///< 0 runs first
    uint32_t runs = 0;
    uint32_t errors = 0;
    uint32_t overruns = 0;      ///< runs so late that a whole turn was missed
    uint32_t failures_in_row = 0;
    uint32_t quarantines = 0;   ///< since it last did well
    bool enabled = true;
  };

  /// kNoSpace: no room. `component` outlives the scheduler.
  Status add(Component& component, uint8_t priority, bool enabled, const Now& now);
  /// Runs each task that is due once, and returns when the next one will be (kNever: none).
  Millis run(const Now& now);
  /// Makes it due at once, as after a change of its configuration; quarantine is lifted.
  void wake(const Component& component, const Now& now);
  State state(const Component& component) const;
  const Task* find(const Component& component) const;

 private:
  void run_task(Task& task, const Now& now);

  std::array<Task, kMaxComponents> tasks_{};
  size_t count_ = 0;
};

}  // namespace fb
