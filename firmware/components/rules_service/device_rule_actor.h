#pragma once

#include "components/rules_service/rules_service.h"
#include "core/device.h"

namespace fb {

/// Rules that act on the device they run on, and alert on `…/alerts`, docs/rules.md §4.
class DeviceRuleActor final : public RuleActor {
 public:
  /// @param device outlives this; it may still be under construction
  explicit DeviceRuleActor(Device& device) : device_(device) {}

  Status execute(std::string_view component, std::string_view input, const Now& now) override {
    return device_.execute(component, input, now);
  }
  Status alert(const RuleAlert& alert, const Now& now) override;
  void wake(Component& rules, const Now& now) override { device_.wake(rules, now); }

 private:
  Device& device_;
};

}  // namespace fb
