#pragma once

#include "core/factory.h"
#include "core/rules.h"
#include "core/rules_engine.h"
#include "core/sample_listeners.h"

namespace fb {

/// What a rule says.
struct RuleAlert {
  std::string_view rule;  ///< its id
  std::string_view text;  ///< as JSON, a string with its quotes
  RuleSeverity severity = RuleSeverity::kWarning;
  bool raised = true;     ///< else it is over
};

/// What rules act through; the app gives it.
class RuleActor {
 public:
  virtual ~RuleActor() = default;
  /// Executes a component as a person would.
  /// @param input JSON, an object
  virtual Status execute(std::string_view component, std::string_view input, const Now& now) = 0;
  /// kUnavailable: nobody can be told now, and it is tried again.
  virtual Status alert(const RuleAlert& alert, const Now& now) = 0;
  /// There is something to do: execute() of `rules` is called soon, and not from within this.
  virtual void wake(Component& rules, const Now& now) = 0;
};

/// Watches what a device measures and acts by rules, docs/rules.md.
class RulesService final : public Component, private SampleListener {
 public:
  static constexpr std::string_view kType = "rules";
  static constexpr Millis kAlertRetryMs = 5000;
  /// Acts of one turn, so that many rules at once keep nobody waiting.
  static constexpr int kActsATurn = 8;

  RulesService(RuleActor& actor, SampleListeners& samples) : actor_(actor), samples_(samples) {}
  ~RulesService() override { samples_.remove(*this); }
  RulesService(const RulesService&) = delete;
  RulesService& operator=(const RulesService&) = delete;

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "service.rules"; }
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override {
    return table_.plan(change, whole, fault);
  }
  void init(const JsonValue& config, const Now& now) override;
  Expected<Millis> execute(const Now& now) override;
  void cleanup(const Now&) override { samples_.remove(*this); }
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  uint32_t state_version() const override { return engine_.version() + done_ + failed_; }
  bool in_shadow() const override { return true; }
  void write_execute_options(JsonWriter& out) const override;
  void write_config_schema(JsonWriter& out) const override;

 private:
  /// What is still to be done for a rule; bit n is its n-th act.
  struct Owed {
    uint8_t fire = 0;   ///< executions, and alerts to be raised
    uint8_t clear = 0;  ///< alerts to be told as over
  };

  void take(std::string_view component, const Metric* metrics, size_t count, const Now& now) override;
  void owe(const RulesEngine::Edges& edges);
  bool owes() const;
  /// Does what is owed of one rule, at most `left` acts of it; false where an alert has to be tried again.
  bool settle(size_t rule, int& left, const Now& now);
  bool tell(const Rule& rule, const RuleAct& act, bool raised, const Now& now);
  uint8_t alerts_of(const Rule& rule) const;
  Status run(const JsonValue& id, JsonWriter& output);
  Status dry_run(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) const;

  RuleActor& actor_;
  SampleListeners& samples_;
  RuleTable table_;
  RulesEngine engine_{table_};
  std::array<Owed, RuleTable::kMaxRules> owed_{};
  Millis due_ = 0;    ///< what execute() answered last
  Millis retry_ = 0;  ///< alerts are not told before
  uint32_t done_ = 0;
  uint32_t failed_ = 0;
};

using RulesServiceFactory = FactoryOf<RulesService, RuleActor, SampleListeners>;

}  // namespace fb
