#pragma once

#include "core/registry.h"
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
  void apply_config(const JsonValue&, const Now&) override {}
  Expected<Millis> step(const Now&) override { return kNever; }
  Status act(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_report(JsonWriter& out) const override;
  uint32_t report_version() const override { return report_version_; }
  bool in_shadow() const override { return true; }
  std::string_view input_schema() const override;
  std::string_view config_schema() const override;

 private:
  PwmOut& output_;
  bool on_ = false;
  double brightness_pct_ = 100;
  uint32_t report_version_ = 0;
};

class LedFactory final : public ComponentFactory {
 public:
  explicit LedFactory(PwmOut& output) : output_(output) {}
  std::string_view type() const override { return Led::kType; }
  std::unique_ptr<Component> make() override;

 private:
  PwmOut& output_;
};

}  // namespace fb
