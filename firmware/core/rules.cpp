#include "core/rules.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fb {
namespace {

constexpr std::string_view kRuleOps[] = {">", ">=", "<", "<=", "==", "!="};
constexpr std::string_view kRuleSeverities[] = {"info", "warning", "critical"};
constexpr std::string_view kRulePlaces[] = {"rules.0",  "rules.1",  "rules.2",  "rules.3",  "rules.4",  "rules.5",
                                            "rules.6",  "rules.7",  "rules.8",  "rules.9",  "rules.10", "rules.11",
                                            "rules.12", "rules.13", "rules.14", "rules.15"};
constexpr double kRuleLongestS = 86'400;

/// Whether the object has no member but those of `names`, which are apart by spaces.
bool rule_has_only(const JsonValue& object, std::string_view names) {
  for (JsonValue name = object.first(); name.exists(); name = name.after(object).after(object)) {
    bool known = false;
    for (size_t at = 0; at < names.size() && !known;) {
      const size_t end = std::min(names.find(' ', at), names.size());
      known = name.equals(names.substr(at, end - at));
      at = end + 1;
    }
    if (!known) return false;
  }
  return true;
}

/// A text without escapes, as it lies in the document.
bool rule_plain_text(const JsonValue& from, size_t least, size_t most, std::string_view& out) {
  if (!from.is_string()) return false;
  const std::string_view raw = from.raw();
  out = raw.substr(1, raw.size() - 2);
  return out.size() >= least && out.size() <= most && out.find('\\') == std::string_view::npos;
}

bool rule_is_id(std::string_view text) {
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return false;
  return true;
}

/// Seconds as ms, to the nearest.
bool rule_seconds(const JsonValue& from, double lowest, uint32_t& ms) {
  const Expected<double> seconds = from.number();
  if (!seconds.ok() || seconds.value() < lowest || seconds.value() > kRuleLongestS) return false;
  ms = static_cast<uint32_t>(std::lround(seconds.value() * 1000));
  return true;
}

bool rule_finite(const JsonValue& from, double lowest, double& out) {
  const Expected<double> number = from.number();
  if (!number.ok() || number.value() < lowest) return false;
  out = number.value();
  return true;
}

/// "" where it fits, else the member that does not. Its frame is its own, and not that of all who call it.
[[gnu::noinline]] std::string_view read_rule_condition(const JsonValue& from, RuleCondition& out) {
  if (!from.is_object()) return "when";
  if (from.member("from").exists() || from.member("to").exists()) {
    out.kind = RuleCondition::Kind::kDaytime;
    const Expected<uint16_t> begin = read_daytime(from.member("from"));
    const Expected<uint16_t> end = read_daytime(from.member("to"));
    if (!begin.ok()) return "when.from";
    if (!end.ok() || end.value() == begin.value()) return "when.to";
    out.from_min = begin.value();
    out.to_min = end.value();
    return rule_has_only(from, "from to") ? "" : "when";
  }
  if (!rule_plain_text(from.member("metric"), 1, 65, out.metric)) return "when.metric";
  if (from.member("silent_s").exists()) {
    out.kind = RuleCondition::Kind::kSilent;
    if (!rule_seconds(from.member("silent_s"), 1, out.silent_ms)) return "when.silent_s";
    return rule_has_only(from, "metric silent_s") ? "" : "when";
  }
  size_t op = 0;
  while (op < 6 && !from.member("op").equals(kRuleOps[op])) op++;
  if (op == 6) return "when.op";
  out.kind = RuleCondition::Kind::kCompare;
  out.op = static_cast<RuleOp>(op);
  if (!rule_finite(from.member("value"), -HUGE_VAL, out.value)) return "when.value";
  const JsonValue hysteresis = from.member("hysteresis");
  if (hysteresis.exists() && !rule_finite(hysteresis, 0, out.hysteresis)) return "when.hysteresis";
  return rule_has_only(from, "metric op value hysteresis") ? "" : "when";
}

[[gnu::noinline]] std::string_view read_rule_act(const JsonValue& from, RuleAct& out) {
  if (!from.is_object()) return "then";
  const JsonValue alert = from.member("alert");
  out.is_alert = alert.exists();
  if (!out.is_alert) {
    if (!rule_plain_text(from.member("execute"), 1, 32, out.component)) return "then.execute";
    const JsonValue input = from.member("input");
    if (!input.is_object() || input.raw().size() > 160) return "then.input";
    out.json = input.raw();
    return rule_has_only(from, "execute input") ? "" : "then";
  }
  // With its quotes, and at least as long as the text itself.
  if (!alert.is_string() || alert.raw().size() <= 2 || alert.raw().size() > Rule::kMaxAlert + 2) return "then.alert";
  out.json = alert.raw();
  const JsonValue given = from.member("severity");
  size_t severity = given.exists() ? 0 : static_cast<size_t>(RuleSeverity::kWarning);
  while (given.exists() && severity < 3 && !given.equals(kRuleSeverities[severity])) severity++;
  if (severity == 3) return "then.severity";
  out.severity = static_cast<RuleSeverity>(severity);
  return rule_has_only(from, "alert severity") ? "" : "then";
}

void write_daytime(uint16_t minute, JsonWriter& out) {
  const auto digit = [](int value) { return static_cast<char>('0' + value); };
  const int hours = minute / 60;
  const int minutes = minute % 60;
  const char text[] = {digit(hours / 10), digit(hours % 10), ':', digit(minutes / 10), digit(minutes % 10)};
  out.string({text, sizeof text});
}

void write_rule_condition(const RuleCondition& condition, JsonWriter& out) {
  out.begin_object();
  switch (condition.kind) {
    case RuleCondition::Kind::kCompare:
      out.key("metric").string(condition.metric).key("op").string(kRuleOps[static_cast<size_t>(condition.op)]);
      out.key("value").number(condition.value);
      if (condition.hysteresis > 0) out.key("hysteresis").number(condition.hysteresis);
      break;
    case RuleCondition::Kind::kSilent:
      out.key("metric").string(condition.metric).key("silent_s").number(condition.silent_ms / 1000.0);
      break;
    case RuleCondition::Kind::kDaytime:
      out.key("from");
      write_daytime(condition.from_min, out);
      out.key("to");
      write_daytime(condition.to_min, out);
      break;
  }
  out.end_object();
}

/// Seconds as ms; what is missing leaves `ms` as it is.
bool read_rule_time(const JsonValue& from, uint32_t& ms) { return !from.exists() || rule_seconds(from, 0, ms); }

std::string_view read_rule_head(const JsonValue& from, Rule& out) {
  if (!rule_plain_text(from.member("id"), 1, 32, out.id) || !rule_is_id(out.id)) return "id";
  const JsonValue on = from.member("enabled");
  if (on.exists() && !on.is_bool()) return "enabled";
  out.enabled = !on.exists() || on.is_true();
  if (!read_rule_time(from.member("for_s"), out.for_ms)) return "for_s";
  return read_rule_time(from.member("cooldown_s"), out.cooldown_ms) ? "" : "cooldown_s";
}

std::string_view read_rule_when(const JsonValue& when, Rule& out) {
  out.any = when.member("any").exists();
  const JsonValue several = out.any ? when.member("any") : when.member("all");
  if (!several.exists()) {
    out.condition_count = 1;
    return read_rule_condition(when, out.conditions[0]);
  }
  if (!several.is_array() || !rule_has_only(when, out.any ? "any" : "all")) return "when";
  for (JsonValue one = several.first(); one.exists(); one = one.after(several)) {
    if (out.condition_count == Rule::kMaxConditions) return "when";
    const std::string_view wrong = read_rule_condition(one, out.conditions[out.condition_count++]);
    if (!wrong.empty()) return wrong;
  }
  return out.condition_count == 0 ? "when" : "";
}

std::string_view read_rule_then(const JsonValue& then, Rule& out) {
  if (!then.is_array()) return "then";
  for (JsonValue one = then.first(); one.exists(); one = one.after(then)) {
    if (out.act_count == Rule::kMaxActs) return "then";
    const std::string_view wrong = read_rule_act(one, out.acts[out.act_count++]);
    if (!wrong.empty()) return wrong;
  }
  return out.act_count == 0 ? "then" : "";
}

}  // namespace

std::string_view severity_name(RuleSeverity severity) { return kRuleSeverities[static_cast<size_t>(severity)]; }

Expected<uint16_t> read_daytime(const JsonValue& from) {
  std::string_view text;
  if (!rule_plain_text(from, 5, 5, text) || text[2] != ':') return Status::kInvalid;
  for (const size_t at : {0, 1, 3, 4})
    if (text[at] < '0' || text[at] > '9') return Status::kInvalid;
  const int hours = (text[0] - '0') * 10 + text[1] - '0';
  const int minutes = (text[3] - '0') * 10 + text[4] - '0';
  if (hours > 23 || minutes > 59) return Status::kInvalid;
  return static_cast<uint16_t>(hours * 60 + minutes);
}

Status Rule::read(const JsonValue& from, std::string_view& wrong) {
  wrong = "";
  if (!from.is_object() || !rule_has_only(from, "id enabled when for_s cooldown_s then")) return Status::kInvalid;
  wrong = read_rule_head(from, *this);
  if (wrong.empty()) wrong = read_rule_when(from.member("when"), *this);
  if (wrong.empty()) wrong = read_rule_then(from.member("then"), *this);
  return wrong.empty() ? Status::kOk : Status::kInvalid;
}

void Rule::write(JsonWriter& out) const {
  out.begin_object().key("id").string(id).key("enabled").boolean(enabled).key("when");
  if (condition_count > 1 || any) out.begin_object().key(any ? "any" : "all").begin_array();
  for (size_t i = 0; i < condition_count; i++) write_rule_condition(conditions[i], out);
  if (condition_count > 1 || any) out.end_array().end_object();
  out.key("for_s").number(for_ms / 1000.0).key("cooldown_s").number(cooldown_ms / 1000.0).key("then").begin_array();
  for (size_t i = 0; i < act_count; i++) {
    const RuleAct& act = acts[i];
    out.begin_object();
    if (act.is_alert)
      out.key("alert").raw(act.json).key("severity").string(severity_name(act.severity));
    else
      out.key("execute").string(act.component).key("input").raw(act.json);
    out.end_object();
  }
  out.end_array().end_object();
}

size_t Rule::text_size() const {
  size_t size = id.size();
  for (size_t i = 0; i < condition_count; i++) size += conditions[i].metric.size();
  for (size_t i = 0; i < act_count; i++) size += acts[i].component.size() + acts[i].json.size();
  return size;
}

Status RuleTable::read_offset(const JsonValue& config, int& offset) {
  const JsonValue given = config.member("utc_offset_min");
  if (!given.exists()) return Status::kOk;
  const Expected<double> minutes = given.number();
  if (!minutes.ok() || minutes.value() < kLowestOffset || minutes.value() > kHighestOffset ||
      minutes.value() != std::floor(minutes.value()))
    return Status::kInvalid;
  offset = static_cast<int>(minutes.value());
  return Status::kOk;
}

Status RuleTable::plan(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  if (change.exists() && (!change.is_object() || !rule_has_only(change, "utc_offset_min rules"))) return Status::kInvalid;
  int offset = utc_offset_min_;
  if (read_offset(change, offset) != Status::kOk) {
    fault.field = "utc_offset_min";
    return Status::kInvalid;
  }
  whole.begin_object().key("utc_offset_min").number(offset).key("rules").begin_array();
  const JsonValue rules = change.member("rules");
  if (!rules.exists())
    for (size_t i = 0; i < count_; i++) rules_[i].write(whole);
  fault.field = "rules";
  if (rules.exists() && !rules.is_array()) return Status::kInvalid;
  size_t place = 0;
  size_t text = 0;
  for (JsonValue one = rules.first(); one.exists(); one = one.after(rules), place++) {
    if (place == kMaxRules) return Status::kInvalid;
    fault.field = kRulePlaces[place];
    Rule rule;
    if (rule.read(one, fault.description) != Status::kOk) return Status::kInvalid;
    fault.description = "id";
    for (JsonValue other = rules.first(); other.raw().data() != one.raw().data(); other = other.after(rules))
      if (other.member("id").equals(rule.id)) return Status::kInvalid;
    fault.field = "rules";
    fault.description = "";
    text += rule.text_size();
    if (text > kMaxText) return Status::kInvalid;
    rule.write(whole);
  }
  fault = {};
  whole.end_array().end_object();
  return Status::kOk;
}

std::string_view RuleTable::keep(std::string_view text) {
  char* const at = text_ + text_size_;
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  text_size_ += text.size();
  return {at, text.size()};
}

void RuleTable::keep(const Rule& rule) {
  if (count_ == kMaxRules || rule.text_size() > kMaxText - text_size_) return;
  Rule& kept = rules_[count_++];
  kept = rule;
  kept.id = keep(rule.id);
  for (size_t i = 0; i < rule.condition_count; i++) kept.conditions[i].metric = keep(rule.conditions[i].metric);
  for (size_t i = 0; i < rule.act_count; i++) {
    kept.acts[i].component = keep(rule.acts[i].component);
    kept.acts[i].json = keep(rule.acts[i].json);
  }
}

void RuleTable::take(const JsonValue& config) {
  (void)read_offset(config, utc_offset_min_);
  const JsonValue rules = config.member("rules");
  if (!rules.is_array()) return;
  count_ = 0;
  text_size_ = 0;
  for (JsonValue one = rules.first(); one.exists(); one = one.after(rules)) {
    Rule rule;
    std::string_view wrong;
    if (rule.read(one, wrong) == Status::kOk) keep(rule);
  }
}

}  // namespace fb
