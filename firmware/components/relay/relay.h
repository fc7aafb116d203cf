#pragma once

#include <array>
#include <cstddef>

#include "core/factory.h"
#include "core/fields.h"
#include "hal/gpio.h"

namespace fb {

/// The outputs of one relay board. The app owns them; they outlive the component.
struct RelayOutputs {
  static constexpr size_t kMost = 4;
  std::array<DigitalOut*, kMost> channels{};
  size_t count = 0;
};

struct RelayConfig {
  bool active_low = false;
  bool restore = false;  ///< after a restart, what was on goes on again
  double min_on_s = 0;
  double min_off_s = 0;
  double max_on_s = 0;  ///< 0: no limit
  double dead_ms = 500;
  std::array<double, RelayOutputs::kMost> group{};  ///< channels of one group are never on together; 0: in none
};

/// One to four relays that protect what they switch: least times on and off, a longest time on, and channels that exclude
/// each other with a dead time between them. An act that would break a rule is refused and told how long to wait. A start
/// counts as a switching off, for nobody knows how long ago the last one was. After cleanup() all are released.
class Relay final : public Configured<RelayConfig> {
 public:
  static constexpr std::string_view kType = "relay";
  /// Codes of a refusal.
  enum Refusal { kNotRefused = 0, kOnTooShort = 1, kOffTooShort = 2, kOtherIsOn = 3, kDeadTime = 4 };

  explicit Relay(RelayOutputs& outputs) : outputs_(outputs) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "act.switch"; }
  Expected<Millis> execute(const Now& now) override;
  void cleanup(const Now& now) override;
  /// The description of a refusal lives until the next call.
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  /// What was on goes on again as soon as its times allow; call it before the first execute().
  void set_state(const JsonValue& state, const Now& now) override;
  bool keeps_state() const override { return config_.restore; }
  uint32_t state_version() const override { return state_version_; }
  bool in_shadow() const override { return true; }
  void write_execute_options(JsonWriter& out) const override;

 private:
  struct Channel {
    bool on = false;
    bool cut = false;      ///< it was on for too long
    bool restore = false;  ///< it is to go on when it may
    Millis changed_at = 0;
  };
  struct Check {
    Refusal refusal = kNotRefused;
    Millis wait_ms = 0;
    size_t other = 0;
  };

  Fields fields() const override;
  bool fits(const RelayConfig& config, Fault& fault) const override;
  void configured(const Now& now) override;
  bool exclude_each_other(size_t a, size_t b) const;
  Check check(size_t channel, bool on, const Now& now) const;
  void switch_to(size_t channel, bool on, const Now& now);
  void begin(const Now& now);
  void drive();
  void describe(const Check& check, Fault& fault);

  RelayOutputs& outputs_;
  std::array<Channel, RelayOutputs::kMost> channels_;
  bool begun_ = false;
  uint32_t state_version_ = 0;
  char description_[48] = {};
};

using RelayFactory = FactoryOf<Relay, RelayOutputs>;

}  // namespace fb
