#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/component.h"
#include "core/rules.h"
#include "core/time.h"

namespace fb {

enum class RulePhase : uint8_t { kIdle, kPending, kActive };
std::string_view phase_name(RulePhase phase);

/// What rules mean, docs/rules.md §2: hears samples and says which rules fire and clear. It acts on nothing, and the same
/// calls give the same answers.
class RulesEngine {
 public:
  /// Which rules did; bit n is the n-th of the table.
  struct Edges {
    uint16_t fired = 0;
    uint16_t cleared = 0;
  };
  /// A value that is tried out instead of what was heard.
  struct Trial {
    std::string_view metric;  ///< "metric" or "component.metric"
    double value;
  };

  explicit RulesEngine(const RuleTable& table) : table_(table) {}

  /// The table is new: nothing was heard yet.
  void begin(const Now& now);
  /// One whole sample.
  void hear(std::string_view component, const Metric* metrics, size_t count, const Now& now);
  Edges evaluate(const Now& now);
  /// When time alone may change something, kNever where it cannot; right after evaluate().
  Millis next_due(const Now& now) const;

  RulePhase phase(size_t rule) const { return runs_[rule].phase; }
  uint32_t fired(size_t rule) const { return runs_[rule].fired; }
  /// Rises with each change of a phase.
  uint32_t version() const { return version_; }

  /// Would the rule hold with these values and, where `minute` is not negative, at that minute of the local day?
  bool would_hold(size_t rule, const Trial* trials, size_t count, int minute, const Now& now) const;
  /// How long it must still hold until it fires; 0: at once. Of an active rule it means nothing.
  Millis fires_in(size_t rule, const Now& now) const;

 private:
  struct ConditionRun {
    Millis heard = 0;  ///< or the beginning
    bool latch = false;
  };
  struct RuleRun {
    std::array<ConditionRun, Rule::kMaxConditions> conditions;
    Millis since = 0;     ///< when it became pending
    Millis fired_at = 0;  ///< where `fired` is not 0
    uint32_t fired = 0;
    RulePhase phase = RulePhase::kIdle;
  };
  bool holds(const RuleCondition& condition, const ConditionRun& run, int minute, const Now& now) const;
  int minute_of_day(const Now& now) const;
  void move(RuleRun& run, RulePhase to);

  const RuleTable& table_;
  std::array<RuleRun, RuleTable::kMaxRules> runs_{};
  uint32_t version_ = 0;
};

}  // namespace fb
