#include "core/rules_engine.h"

#include <algorithm>
#include <cmath>

#include "core/metric_name.h"

namespace fb {
namespace {

constexpr int64_t kRuleMinuteMs = 60'000;
constexpr int64_t kRuleDayMs = 86'400'000;
/// How often a time of day is looked for while the clock is not set.
constexpr Millis kRuleClockLookMs = 60'000;

/// A comparison's latch after `value` was heard.
bool rule_latch(const RuleCondition& condition, bool latch, double value) {
  const double slack = latch ? condition.hysteresis : 0;
  switch (condition.op) {
    case RuleOp::kAbove: return value > condition.value - slack;
    case RuleOp::kAtLeast: return value >= condition.value - slack;
    case RuleOp::kBelow: return value < condition.value + slack;
    case RuleOp::kAtMost: return value <= condition.value + slack;
    case RuleOp::kEqual: return std::abs(value - condition.value) <= condition.hysteresis;
    case RuleOp::kUnequal: return std::abs(value - condition.value) > condition.hysteresis;
  }
  return false;
}

/// ms of the local day, which begins at 0 before 1970 too.
int64_t rule_ms_of_day(int offset_min, const Now& now) {
  const int64_t local = now.unix_ms + offset_min * kRuleMinuteMs;
  return (local % kRuleDayMs + kRuleDayMs) % kRuleDayMs;
}

}  // namespace

std::string_view phase_name(RulePhase phase) {
  constexpr std::string_view kNames[] = {"idle", "pending", "active"};
  return kNames[static_cast<size_t>(phase)];
}

void RulesEngine::begin(const Now& now) {
  for (RuleRun& run : runs_) {
    run = {};
    for (ConditionRun& condition : run.conditions) condition.heard = now.mono;
  }
  version_++;
}

void RulesEngine::hear(std::string_view component, const Metric* metrics, size_t count, const Now& now) {
  for (size_t r = 0; r < table_.size(); r++) {
    const Rule& rule = table_.at(r);
    for (size_t c = 0; c < rule.condition_count; c++) {
      const RuleCondition& condition = rule.conditions[c];
      if (condition.kind == RuleCondition::Kind::kDaytime) continue;
      for (size_t m = 0; m < count; m++) {
        if (!names_metric(condition.metric, component, metrics[m].name) || !std::isfinite(metrics[m].value)) continue;
        ConditionRun& run = runs_[r].conditions[c];
        run.heard = now.mono;
        run.latch = condition.kind == RuleCondition::Kind::kCompare && rule_latch(condition, run.latch, metrics[m].value);
      }
    }
  }
}

int RulesEngine::minute_of_day(const Now& now) const {
  return now.clock_set() ? static_cast<int>(rule_ms_of_day(table_.utc_offset_min(), now) / kRuleMinuteMs) : -1;
}

bool RulesEngine::holds(const RuleCondition& condition, const ConditionRun& run, int minute, const Now& now) const {
  switch (condition.kind) {
    case RuleCondition::Kind::kCompare: return run.latch;
    case RuleCondition::Kind::kSilent: return now.mono - run.heard >= condition.silent_ms;
    case RuleCondition::Kind::kDaytime:
      if (minute < 0) return false;
      if (condition.from_min < condition.to_min) return minute >= condition.from_min && minute < condition.to_min;
      return minute >= condition.from_min || minute < condition.to_min;
  }
  return false;
}

bool RulesEngine::would_hold(size_t rule_number, const Trial* trials, size_t count, int minute, const Now& now) const {
  const Rule& rule = table_.at(rule_number);
  if (minute < 0) minute = minute_of_day(now);
  for (size_t c = 0; c < rule.condition_count; c++) {
    const RuleCondition& condition = rule.conditions[c];
    ConditionRun run = runs_[rule_number].conditions[c];
    for (size_t t = 0; t < count; t++) {
      if (condition.kind == RuleCondition::Kind::kDaytime || trials[t].metric != condition.metric) continue;
      run.heard = now.mono;
      run.latch = rule_latch(condition, run.latch, trials[t].value);
    }
    // The first that holds decides `any`, the first that does not decides `all`.
    if (holds(condition, run, minute, now) == rule.any) return rule.any;
  }
  return !rule.any;
}

void RulesEngine::move(RuleRun& run, RulePhase to) {
  if (run.phase == to) return;
  run.phase = to;
  version_++;
}

Millis RulesEngine::fires_in(size_t rule, const Now& now) const {
  const RuleRun& run = runs_[rule];
  const Millis since = run.phase == RulePhase::kPending ? run.since : now.mono;
  Millis at = since + table_.at(rule).for_ms;
  if (run.fired > 0) at = std::max(at, run.fired_at + table_.at(rule).cooldown_ms);
  return at > now.mono ? at - now.mono : 0;
}

RulesEngine::Edges RulesEngine::evaluate(const Now& now) {
  Edges edges;
  for (size_t r = 0; r < table_.size(); r++) {
    if (!table_.at(r).enabled) continue;
    RuleRun& run = runs_[r];
    const auto bit = static_cast<uint16_t>(1u << r);
    if (!would_hold(r, nullptr, 0, -1, now)) {
      if (run.phase == RulePhase::kActive) edges.cleared = static_cast<uint16_t>(edges.cleared | bit);
      move(run, RulePhase::kIdle);
      continue;
    }
    if (run.phase == RulePhase::kIdle) {
      run.since = now.mono;
      move(run, RulePhase::kPending);
    }
    if (run.phase != RulePhase::kPending || fires_in(r, now) > 0) continue;
    move(run, RulePhase::kActive);
    run.fired_at = now.mono;
    run.fired++;
    edges.fired = static_cast<uint16_t>(edges.fired | bit);
  }
  return edges;
}

Millis RulesEngine::next_due(const Now& now) const {
  Millis due = kNever;
  for (size_t r = 0; r < table_.size(); r++) {
    const Rule& rule = table_.at(r);
    if (!rule.enabled) continue;
    if (runs_[r].phase == RulePhase::kPending) due = std::min(due, now.mono + fires_in(r, now));
    for (size_t c = 0; c < rule.condition_count; c++) {
      const RuleCondition& condition = rule.conditions[c];
      if (condition.kind == RuleCondition::Kind::kSilent) {
        const Millis at = runs_[r].conditions[c].heard + condition.silent_ms;
        if (at > now.mono) due = std::min(due, at);
      }
      if (condition.kind != RuleCondition::Kind::kDaytime) continue;
      if (!now.clock_set()) due = std::min(due, now.mono + kRuleClockLookMs);
      for (const uint16_t minute : {condition.from_min, condition.to_min}) {
        if (!now.clock_set()) continue;
        const int64_t wait = minute * kRuleMinuteMs - rule_ms_of_day(table_.utc_offset_min(), now);
        due = std::min(due, now.mono + static_cast<Millis>(wait > 0 ? wait : wait + kRuleDayMs));
      }
    }
  }
  return due;
}

}  // namespace fb
