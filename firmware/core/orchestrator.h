#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/registry.h"
#include "hal/power.h"
#include "hal/stopwatch.h"

namespace fb {

/// Runs the components of a registry when they are due, cooperatively on one task: an earliest-deadline queue, and of what
/// is due the more important first. A failing component harms no other: it is tried again ever later, and after
/// kFailuresToQuarantine failures in a row left alone for a while that doubles each time. Under load the intervals of
/// what may wait grow.
class Orchestrator {
 public:
  static constexpr uint32_t kFailuresToQuarantine = 5;
  static constexpr Millis kFirstQuarantineMs = 30'000;
  static constexpr Millis kLongestQuarantineMs = 600'000;
  /// The time over which shares of the CPU are measured, and the load above which intervals grow and below which they
  /// shrink again.
  static constexpr Millis kLoadWindowMs = 5'000;
  static constexpr unsigned kHighPermille = 800;
  static constexpr unsigned kLowPermille = 500;

  enum class State : uint8_t { kActive, kFailing, kQuarantined, kWaiting, kDisabled };

  Orchestrator(Registry& registry, Stopwatch& stopwatch, Power& power)
      : registry_(registry), stopwatch_(stopwatch), power_(power) {}

  /// Makes an entry that is configured active and due at once, if it is enabled and has what it needs; or takes it out of
  /// the queue. Call it for all after anything about components changed.
  void settle(const Now& now);
  /// While held, no component becomes active: safe mode. Before the first settle().
  void hold() { held_ = true; }
  /// Ends a component: cleanup, and out of the queue. The registry may destroy it then.
  void end(Registry::Entry& entry, const Now& now);
  /// Runs each that is due once, and returns when the next one will be (kNever: none).
  Millis run(const Now& now);
  /// Makes it due at once, as after a change of its configuration; quarantine is lifted.
  void wake(Registry::Entry& entry, const Now& now);
  State state(const Registry::Entry& entry) const;

  /// The component whose execute() runs now, or null.
  const Registry::Entry* current() const { return current_; }
  /// Of one CPU in the last whole window, all components together.
  unsigned load_permille() const { return load_permille_; }
  /// By what intervals are multiplied now, in 1/4: 4 is not at all.
  unsigned stretch_quarters() const { return stretch_quarters_; }
  const RunTimes& turns() const { return turns_; }

 private:
  using Entry = Registry::Entry;
  static bool before(const Entry& a, const Entry& b);
  void queue_in(Entry& entry, Millis due);
  void queue_out(Entry& entry);
  void sift_up(size_t at);
  void sift_down(size_t at);
  void place(size_t at, Entry* entry);
  void run_entry(Entry& entry, const Now& now);
  void measure_load(const Now& now);

  Registry& registry_;
  Stopwatch& stopwatch_;
  Power& power_;
  std::array<Entry*, kMaxComponents> queue_{};  ///< a heap, the earliest deadline on top
  size_t queued_ = 0;
  const Entry* current_ = nullptr;
  bool held_ = false;
  RunTimes turns_;
  Millis window_began_ = 0;
  uint64_t window_us_ = 0;
  unsigned load_permille_ = 0;
  unsigned stretch_quarters_ = 4;
};

}  // namespace fb
