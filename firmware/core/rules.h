#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/component.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/status.h"

namespace fb {

/// The form of rules, docs/rules.md §1. Their meaning is in core/rules_engine.h.

enum class RuleOp : uint8_t { kAbove, kAtLeast, kBelow, kAtMost, kEqual, kUnequal };

struct RuleCondition {
  enum class Kind : uint8_t { kCompare, kSilent, kDaytime };
  Kind kind = Kind::kCompare;
  RuleOp op = RuleOp::kAbove;
  uint16_t from_min = 0;  ///< of the local day
  uint16_t to_min = 0;
  uint32_t silent_ms = 0;
  std::string_view metric;  ///< "metric" or "component.metric"
  double value = 0;
  double hysteresis = 0;
};

enum class RuleSeverity : uint8_t { kInfo, kWarning, kCritical };
std::string_view severity_name(RuleSeverity severity);

struct RuleAct {
  bool is_alert = false;
  RuleSeverity severity = RuleSeverity::kWarning;
  std::string_view component;  ///< to execute
  std::string_view json;       ///< its input, an object; or the alert's text, a string with its quotes
};

/// One rule. Its texts lie elsewhere: in the document that it was read from, or in a RuleTable.
struct Rule {
  static constexpr size_t kMaxConditions = 4;
  static constexpr size_t kMaxActs = 4;
  static constexpr size_t kMaxAlert = 96;

  std::string_view id;
  std::array<RuleCondition, kMaxConditions> conditions;
  std::array<RuleAct, kMaxActs> acts;
  uint8_t condition_count = 0;
  uint8_t act_count = 0;
  bool any = false;  ///< else all
  bool enabled = true;
  uint32_t for_ms = 0;
  uint32_t cooldown_ms = 60'000;

  /// Into a new one. kInvalid: `wrong` names the member that does not fit, a literal.
  Status read(const JsonValue& from, std::string_view& wrong);
  void write(JsonWriter& out) const;
  /// Bytes of all its texts.
  size_t text_size() const;
};

/// "HH:MM" as minutes of the day. kInvalid: it is not one.
Expected<uint16_t> read_daytime(const JsonValue& from);

/// The rules of a device, texts included.
class RuleTable {
 public:
  static constexpr size_t kMaxRules = 16;
  static constexpr size_t kMaxText = 2048;
  static constexpr int kLowestOffset = -720;
  static constexpr int kHighestOffset = 840;

  RuleTable() = default;
  RuleTable(const RuleTable&) = delete;
  RuleTable& operator=(const RuleTable&) = delete;

  /// Checks a change and writes the whole that it would give, as Component::plan_config. kInvalid: `fault.field` is
  /// "utc_offset_min", "rules" or "rules.<place>", and `fault.description` the member of that rule.
  Status plan(const JsonValue& change, JsonWriter& whole, Fault& fault) const;
  /// Takes on what plan() wrote; anything else leaves it as it is.
  void take(const JsonValue& config);

  size_t size() const { return count_; }
  const Rule& at(size_t index) const { return rules_[index]; }
  int utc_offset_min() const { return utc_offset_min_; }

 private:
  static Status read_offset(const JsonValue& config, int& offset);
  std::string_view keep(std::string_view text);
  void keep(const Rule& rule);

  std::array<Rule, kMaxRules> rules_;
  size_t count_ = 0;
  int utc_offset_min_ = 0;
  size_t text_size_ = 0;
  char text_[kMaxText];
};

}  // namespace fb
