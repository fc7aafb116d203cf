#pragma once

#include "core/factory.h"
#include "hal/pwm.h"

namespace fb {

/// A lamp that can be switched and dimmed; docs/protocol.md §4.3. Its state is not kept over a reboot.
class Led final : public Component {
 public:
  static constexpr std::string_view kType = "led";

  explicit Led(PwmOut& output);

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override;
  void init(const JsonValue&, const Now&) override {}
  Expected<Millis> execute(const Now&) override { return kNever; }
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  uint32_t state_version() const override { return state_version_; }
  bool in_shadow() const override { return true; }
  void write_execute_options(JsonWriter& out) const override;
  void write_config_schema(JsonWriter& out) const override;

 private:
  PwmOut& output_;
  bool on_ = false;
  double brightness_pct_ = 100;
  uint32_t state_version_ = 0;
};

using LedFactory = FactoryOf<Led, PwmOut>;

}  // namespace fb
