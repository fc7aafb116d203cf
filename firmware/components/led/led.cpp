#include "components/led/led.h"

namespace fb {

Led::Led(PwmOut& output) : output_(output) { output_.set_duty(0); }

Status Led::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  if (change.exists() && !change.is_object()) {
    fault.field = "";
    return Status::kInvalid;
  }
  whole.begin_object().end_object();
  return Status::kOk;
}

Status Led::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now&) {
  const JsonValue on = input.member("on");
  const JsonValue brightness = input.member("brightness");
  if (!input.is_object() || (!on.exists() && !brightness.exists())) return Status::kInvalid;
  if (on.exists() && !on.is_bool()) {
    fault.field = "on";
    return Status::kInvalid;
  }
  const Expected<double> wanted_pct = brightness.number();
  if (brightness.exists() && (!wanted_pct.ok() || wanted_pct.value() < 0 || wanted_pct.value() > 100)) {
    fault.field = "brightness";
    return Status::kInvalid;
  }
  const bool on_now = on.exists() ? on.is_true() : on_;
  const double pct_now = brightness.exists() ? wanted_pct.value() : brightness_pct_;
  if (on_now != on_ || pct_now != brightness_pct_) state_version_++;
  on_ = on_now;
  brightness_pct_ = pct_now;
  output_.set_duty(on_ ? brightness_pct_ / 100 : 0);
  write_state(output);
  return Status::kOk;
}

void Led::write_state(JsonWriter& out) const {
  out.begin_object().key("on").boolean(on_).key("brightness").number(brightness_pct_).end_object();
}

void Led::write_execute_options(JsonWriter& out) const {
  out.raw(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","minProperties":1,)"
          R"("properties":{"on":{"type":"boolean","title":"On"},)"
          R"("brightness":{"type":"number","title":"Brightness","minimum":0,"maximum":100}}})");
}

void Led::write_config_schema(JsonWriter& out) const {
  out.raw(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{}})");
}

}  // namespace fb
