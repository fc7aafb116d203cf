#include "components/led/led.h"

#include <algorithm>
#include <cmath>

namespace fb {
namespace {

/// Fifty steps a second look like none.
constexpr Millis kLedStepMs = 20;
constexpr double kLedLongestFadeMs = 60'000;

bool led_within(const JsonValue& given, double highest) {
  const Expected<double> value = given.number();
  return value.ok() && value.value() >= 0 && value.value() <= highest;
}

}  // namespace

Led::Led(PwmOut& output) : output_(output) { output_.set_duty(0); }

Fields Led::fields() const {
  static constexpr Field kFields[] = {
      number_field("fade_ms", "Fade (ms)", offsetof(LedConfig, fade_ms), 0, kLedLongestFadeMs),
      number_field("gamma", "Gamma", offsetof(LedConfig, gamma), 1, 3),
      number_field("max_pct", "Duty at full brightness (%)", offsetof(LedConfig, max_pct), 1, 100),
      boolean_field("restore", "As before after a restart", offsetof(LedConfig, restore))};
  return {kFields, 4};
}

Status Led::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  LedConfig config = config_;
  const Status status = change.exists() ? fields().read(change, &config, fault) : Status::kOk;
  if (status != Status::kOk) return status;
  const LedConfig normal;
  whole.begin_object();
  if (config.fade_ms != normal.fade_ms) whole.key("fade_ms").number(config.fade_ms);
  if (config.gamma != normal.gamma) whole.key("gamma").number(config.gamma);
  if (config.max_pct != normal.max_pct) whole.key("max_pct").number(config.max_pct);
  if (config.restore) whole.key("restore").boolean(true);
  whole.end_object();
  return Status::kOk;
}

void Led::init(const JsonValue& config, const Now& now) {
  if (config.exists()) config_ = {};  // what is left out has its default
  Configured::init(config, now);
}

double Led::level_pct(const Now& now) const {
  if (now.mono >= ends_) return wanted_pct();
  const double part = static_cast<double>(now.mono - began_) / static_cast<double>(ends_ - began_);
  return from_pct_ + (wanted_pct() - from_pct_) * part;
}

void Led::light(const Now& now) {
  // As floats: finer than any PWM, and quicker where there is no FPU for doubles.
  const float part = std::pow(static_cast<float>(level_pct(now) / 100), static_cast<float>(config_.gamma));
  output_.set_duty(static_cast<double>(part) * config_.max_pct / 100);
}

void Led::set_target(bool on, double brightness_pct, double fade_ms, const Now& now) {
  const double from_pct = level_pct(now);
  if (on != on_ || brightness_pct != brightness_pct_) state_version_++;
  on_ = on;
  brightness_pct_ = brightness_pct;
  from_pct_ = from_pct;
  began_ = now.mono;
  ends_ = now.mono + static_cast<Millis>(fade_ms);
}

Expected<Millis> Led::execute(const Now& now) {
  light(now);
  return now.mono >= ends_ ? kNever : std::min(now.mono + kLedStepMs, ends_);
}

void Led::cleanup(const Now& now) {
  set_target(false, brightness_pct_, 0, now);
  output_.set_duty(0);
}

Status Led::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) {
  const JsonValue on = input.member("on");
  const JsonValue brightness = input.member("brightness");
  const JsonValue fade = input.member("fade_ms");
  if (!input.is_object() || (!on.exists() && !brightness.exists())) return Status::kInvalid;
  if (on.exists() && !on.is_bool()) {
    fault.field = "on";
    return Status::kInvalid;
  }
  if (brightness.exists() && !led_within(brightness, 100)) {
    fault.field = "brightness";
    return Status::kInvalid;
  }
  if (fade.exists() && !led_within(fade, kLedLongestFadeMs)) {
    fault.field = "fade_ms";
    return Status::kInvalid;
  }
  set_target(on.exists() ? on.is_true() : on_, brightness.number().value_or(brightness_pct_),
             fade.number().value_or(config_.fade_ms), now);
  light(now);
  write_state(output);
  return Status::kOk;
}

void Led::write_state(JsonWriter& out) const {
  out.begin_object().key("on").boolean(on_).key("brightness").number(brightness_pct_).end_object();
}

void Led::set_state(const JsonValue& state, const Now& now) {
  const JsonValue on = state.member("on");
  const JsonValue brightness = state.member("brightness");
  set_target(on.is_bool() ? on.is_true() : on_,
             led_within(brightness, 100) ? brightness.number().value() : brightness_pct_, 0, now);
}

void Led::write_execute_options(JsonWriter& out) const {
  out.raw(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
          R"("anyOf":[{"required":["on"]},{"required":["brightness"]}],)"
          R"("properties":{"on":{"type":"boolean","title":"On"},)"
          R"("brightness":{"type":"number","title":"Brightness","minimum":0,"maximum":100},)"
          R"("fade_ms":{"type":"number","title":"Fade","minimum":0,"maximum":60000}}})");
}

}  // namespace fb
