#include "components/rules_service/device_rule_actor.h"

namespace fb {

Status DeviceRuleActor::alert(const RuleAlert& alert, const Now& now) {
  char text[512];
  JsonWriter out(text, sizeof text);
  out.begin_object().key("rule").string(alert.rule).key("text").raw(alert.text);
  out.key("severity").string(severity_name(alert.severity)).key("raised").boolean(alert.raised);
  if (now.clock_set()) out.key("timestamp").number(static_cast<double>(now.unix_ms) / 1000);
  if (device_.identity().simulated) out.key("sim").boolean(true);
  out.end_object();
  const Expected<std::string_view> payload = out.finish();
  // What cannot be written will not be any better later.
  if (!payload.ok()) return Status::kInvalid;
  return device_.tell("alerts", payload.value(), 1, false) ? Status::kOk : Status::kUnavailable;
}

}  // namespace fb
