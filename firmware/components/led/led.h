#pragma once

#include "core/factory.h"
#include "core/fields.h"
#include "hal/pwm.h"

namespace fb {

struct LedConfig {
  double fade_ms = 0;    ///< where an act does not say it
  double gamma = 1;      ///< duty = brightness ^ gamma; 2.2 looks even to the eye
  double max_pct = 100;  ///< duty at full brightness
  bool restore = false;  ///< after a restart it shines as before
};

/// A lamp that can be switched, dimmed and faded; docs/protocol.md §4.3. The state says where a fade leads, from its
/// beginning on. After cleanup() the lamp is off.
class Led final : public Configured<LedConfig> {
 public:
  static constexpr std::string_view kType = "led";

  explicit Led(PwmOut& output);

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "act.light"; }
  /// A member that has its default is left out: the configuration of a lamp that nobody configured is `{}`.
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override;
  void init(const JsonValue& config, const Now& now) override;
  Expected<Millis> execute(const Now& now) override;
  void cleanup(const Now& now) override;
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  /// Without a fade; the lamp follows in the next execute().
  void set_state(const JsonValue& state, const Now& now) override;
  bool keeps_state() const override { return config_.restore; }
  uint32_t state_version() const override { return state_version_; }
  bool in_shadow() const override { return true; }
  void write_execute_options(JsonWriter& out) const override;

 private:
  Fields fields() const override;
  void configured(const Now&) override {}
  double wanted_pct() const { return on_ ? brightness_pct_ : 0; }
  double level_pct(const Now& now) const;
  void set_target(bool on, double brightness_pct, double fade_ms, const Now& now);
  void light(const Now& now);

  PwmOut& output_;
  bool on_ = false;
  double brightness_pct_ = 100;
  uint32_t state_version_ = 0;
  // A fade goes from one level to wanted_pct(), evenly in brightness.
  double from_pct_ = 0;
  Millis began_ = 0;
  Millis ends_ = 0;
};

using LedFactory = FactoryOf<Led, PwmOut>;

}  // namespace fb
