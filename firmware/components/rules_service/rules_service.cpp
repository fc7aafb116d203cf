#include "components/rules_service/rules_service.h"

#include <algorithm>

namespace fb {
namespace {

constexpr size_t kRuleMaxTrials = 8;

uint8_t rule_bit(size_t act) { return static_cast<uint8_t>(1u << act); }

/// The values that are tried, by metric. False: they do not fit.
bool read_rule_trials(const JsonValue& values, RulesEngine::Trial (&trials)[kRuleMaxTrials], size_t& count) {
  if (values.exists() && !values.is_object()) return false;
  for (JsonValue name = values.first(); name.exists();) {
    const JsonValue value = name.after(values);
    const std::string_view quoted = name.raw();
    const Expected<double> number = value.number();
    if (count == kRuleMaxTrials || !number.ok() || quoted.find('\\') != std::string_view::npos) return false;
    trials[count++] = {quoted.substr(1, quoted.size() - 2), number.value()};
    name = value.after(values);
  }
  return true;
}

}  // namespace

void RulesService::init(const JsonValue& config, const Now& now) {
  table_.take(config);
  engine_.begin(now);
  owed_ = {};
  retry_ = now.mono;
  due_ = now.mono;
  samples_.add(*this);
}

void RulesService::take(std::string_view component, const Metric* metrics, size_t count, const Now& now) {
  engine_.hear(component, metrics, count, now);
  owe(engine_.evaluate(now));
  if (!owes() && engine_.next_due(now) >= due_) return;
  due_ = now.mono;
  actor_.wake(*this, now);
}

uint8_t RulesService::alerts_of(const Rule& rule) const {
  uint8_t bits = 0;
  for (size_t i = 0; i < rule.act_count; i++)
    if (rule.acts[i].is_alert) bits = static_cast<uint8_t>(bits | rule_bit(i));
  return bits;
}

void RulesService::owe(const RulesEngine::Edges& edges) {
  for (size_t r = 0; r < table_.size(); r++) {
    const Rule& rule = table_.at(r);
    Owed& owed = owed_[r];
    const uint8_t alerts = alerts_of(rule);
    if (edges.cleared >> r & 1) owed.clear = alerts;
    if ((edges.fired >> r & 1) == 0) continue;
    // Whoever was not yet told that it is over need not be told that it is back.
    const auto told = static_cast<uint8_t>(owed.clear & ~owed.fire);
    const auto all = static_cast<uint8_t>((1u << rule.act_count) - 1);
    owed.fire = static_cast<uint8_t>(owed.fire | (all & ~told));
    owed.clear = 0;
  }
}

bool RulesService::owes() const {
  return std::any_of(owed_.begin(), owed_.end(), [](const Owed& owed) { return owed.fire != 0 || owed.clear != 0; });
}

bool RulesService::tell(const Rule& rule, const RuleAct& act, bool raised, const Now& now) {
  const Status told = actor_.alert({rule.id, act.json, act.severity, raised}, now);
  if (told == Status::kUnavailable) return false;
  (told == Status::kOk ? done_ : failed_)++;
  return true;
}

bool RulesService::settle(size_t number, int& left, const Now& now) {
  const Rule& rule = table_.at(number);
  Owed& owed = owed_[number];
  bool all_told = true;
  for (size_t i = 0; i < rule.act_count && left > 0; i++) {
    const RuleAct& act = rule.acts[i];
    const uint8_t bit = rule_bit(i);
    if ((owed.fire & bit) != 0 && !act.is_alert) {
      owed.fire = static_cast<uint8_t>(owed.fire & ~bit);
      (actor_.execute(act.component, act.json, now) == Status::kOk ? done_ : failed_)++;
      left--;
    }
    // Raised before it is over.
    for (uint8_t* mask : {&owed.fire, &owed.clear}) {
      if (!act.is_alert || (*mask & bit) == 0 || now.mono < retry_) continue;
      left--;
      if (!tell(rule, act, mask == &owed.fire, now)) {
        all_told = false;
        break;
      }
      *mask = static_cast<uint8_t>(*mask & ~bit);
    }
  }
  return all_told;
}

Expected<Millis> RulesService::execute(const Now& now) {
  owe(engine_.evaluate(now));
  int left = kActsATurn;
  bool all_told = true;
  for (size_t r = 0; r < table_.size() && left > 0; r++) all_told = settle(r, left, now) && all_told;
  if (!all_told) retry_ = now.mono + kAlertRetryMs;
  due_ = engine_.next_due(now);
  // What the turn had no place for comes at once, what nobody could be told later.
  if (owes()) due_ = std::min(due_, std::max(retry_, now.mono + 1));
  return due_;
}

Status RulesService::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) {
  const JsonValue trial = input.member("dry_run");
  const JsonValue id = input.member("run");
  if (trial.exists() == id.exists()) return Status::kInvalid;
  if (trial.exists()) return dry_run(trial, output, fault, now);
  fault.field = "run";
  return run(id, output);
}

Status RulesService::run(const JsonValue& id, JsonWriter& output) {
  for (size_t r = 0; r < table_.size(); r++) {
    const Rule& rule = table_.at(r);
    if (!id.equals(rule.id)) continue;
    owed_[r].fire = static_cast<uint8_t>((1u << rule.act_count) - 1);
    // Nothing will clear an alert that no condition raised.
    if (engine_.phase(r) != RulePhase::kActive) owed_[r].clear = alerts_of(rule);
    output.begin_object().key("acts").number(rule.act_count).end_object();
    return Status::kOk;
  }
  return Status::kInvalid;
}

Status RulesService::dry_run(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) const {
  RulesEngine::Trial trials[kRuleMaxTrials];
  size_t count = 0;
  fault.field = "dry_run";
  if (!input.is_object()) return Status::kInvalid;
  fault.field = "dry_run.values";
  if (!read_rule_trials(input.member("values"), trials, count)) return Status::kInvalid;
  fault.field = "dry_run.time";
  const JsonValue time = input.member("time");
  const Expected<uint16_t> minute = read_daytime(time);
  if (time.exists() && !minute.ok()) return Status::kInvalid;
  const JsonValue only = input.member("rule");
  output.begin_object().key("fires_in_s").begin_object();
  for (size_t r = 0; r < table_.size(); r++) {
    if (!table_.at(r).enabled || (only.exists() && !only.equals(table_.at(r).id))) continue;
    if (!engine_.would_hold(r, trials, count, minute.ok() ? minute.value() : -1, now)) continue;
    output.key(table_.at(r).id);
    if (engine_.phase(r) == RulePhase::kActive) output.null();
    else output.number(static_cast<double>(engine_.fires_in(r, now)) / 1000);
  }
  output.end_object().end_object();
  fault = {};
  return Status::kOk;
}

void RulesService::write_state(JsonWriter& out) const {
  out.begin_object().key("rules").begin_object();
  for (size_t r = 0; r < table_.size(); r++) {
    out.key(table_.at(r).id).begin_object().key("phase").string(phase_name(engine_.phase(r)));
    out.key("fired").number(engine_.fired(r)).end_object();
  }
  out.end_object().key("acts").number(done_).key("failed").number(failed_).end_object();
}

void RulesService::write_execute_options(JsonWriter& out) const {
  out.raw(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","minProperties":1,"maxProperties":1,)"
          R"("properties":{"dry_run":{"type":"object","title":"Try without acting","properties":{)"
          R"("values":{"type":"object","title":"Values by metric","maxProperties":8,"additionalProperties":{"type":"number"}},)"
          R"("time":{"type":"string","title":"Local time","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"},)"
          R"("rule":{"type":"string","title":"Only this rule"}}},)"
          R"("run":{"type":"string","title":"Do the acts of this rule now"}}})");
}

void RulesService::write_config_schema(JsonWriter& out) const {
  out.raw(R"j({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{)j"
          R"j("utc_offset_min":{"type":"integer","title":"Local time ahead of UTC (min)","minimum":-720,"maximum":840,"default":0},)j"
          R"j("rules":{"type":"array","title":"Rules","maxItems":16,"default":[],"items":{"$ref":"#/$defs/rule"}}},"$defs":{)j"
          R"j("rule":{"type":"object","required":["id","when","then"],"properties":{)j"
          R"j("id":{"type":"string","title":"Name","pattern":"^[a-z0-9_-]{1,32}$"},)j"
          R"j("enabled":{"type":"boolean","title":"On","default":true},)j"
          R"j("when":{"title":"When","oneOf":[{"$ref":"#/$defs/condition"},)j"
          R"j({"type":"object","title":"All of","required":["all"],"properties":{"all":{"$ref":"#/$defs/conditions"}}},)j"
          R"j({"type":"object","title":"Any of","required":["any"],"properties":{"any":{"$ref":"#/$defs/conditions"}}}]},)j"
          R"j("for_s":{"type":"number","title":"For (s)","minimum":0,"maximum":86400,"default":0},)j"
          R"j("cooldown_s":{"type":"number","title":"Not again within (s)","minimum":0,"maximum":86400,"default":60},)j"
          R"j("then":{"type":"array","title":"Then","minItems":1,"maxItems":4,"items":{"$ref":"#/$defs/act"}}}},)j"
          R"j("conditions":{"type":"array","minItems":1,"maxItems":4,"items":{"$ref":"#/$defs/condition"}},)j"
          R"j("metric":{"type":"string","title":"Metric","minLength":1,"maxLength":65},)j"
          R"j("time":{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"},)j"
          R"j("condition":{"oneOf":[{"type":"object","title":"A value","required":["metric","op","value"],"properties":{)j"
          R"j("metric":{"$ref":"#/$defs/metric"},"op":{"enum":[">",">=","<","<=","==","!="],"title":"Is"},)j"
          R"j("value":{"type":"number","title":"Value"},"hysteresis":{"type":"number","title":"Hysteresis","minimum":0,"default":0}}},)j"
          R"j({"type":"object","title":"Silence","required":["metric","silent_s"],"properties":{"metric":{"$ref":"#/$defs/metric"},)j"
          R"j("silent_s":{"type":"number","title":"Not heard for (s)","minimum":1,"maximum":86400}}},)j"
          R"j({"type":"object","title":"Time of day","required":["from","to"],"properties":{)j"
          R"j("from":{"$ref":"#/$defs/time","title":"From"},"to":{"$ref":"#/$defs/time","title":"Until"}}}]},)j"
          R"j("act":{"oneOf":[{"type":"object","title":"Execute","required":["execute","input"],"properties":{)j"
          R"j("execute":{"type":"string","title":"Component","maxLength":32},"input":{"type":"object","title":"Input"}}},)j"
          R"j({"type":"object","title":"Alert","required":["alert"],"properties":{)j"
          R"j("alert":{"type":"string","title":"Text","minLength":1,"maxLength":96},)j"
          R"j("severity":{"enum":["info","warning","critical"],"title":"Severity","default":"warning"}}}]}}})j");
}

}  // namespace fb
