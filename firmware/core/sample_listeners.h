#pragma once

#include "core/orchestrator.h"
#include "core/telemetry.h"

namespace fb {

/// A component that hears what others measure.
class SampleListener {
 public:
  /// One sample, during whoever measured it: nothing is executed or measured from here.
  /// @param component id of the component that measured, empty where it was none
  virtual void take(std::string_view component, const Metric* metrics, size_t count, const Now& now) = 0;

 protected:
  ~SampleListener() = default;

 private:
  friend class SampleListeners;
  SampleListener* next_ = nullptr;
};

/// Hands samples on to components, which come and go; an app has one, and gives it to Telemetry::add_tap() once.
class SampleListeners final : public SampleTap {
 public:
  /// Whose component measures; until then nobody knows which one did. It outlives the last sample.
  void follow(const Orchestrator& orchestrator) { orchestrator_ = &orchestrator; }

  void heard(const Metric* metrics, size_t count, const Now& now) override {
    const Registry::Entry* const entry = orchestrator_ == nullptr ? nullptr : orchestrator_->current();
    const std::string_view component = entry == nullptr ? std::string_view() : entry->id.view();
    for (SampleListener* at = first_; at != nullptr; at = at->next_) at->take(component, metrics, count, now);
  }
  /// One that listens already listens once.
  void add(SampleListener& listener) {
    remove(listener);
    listener.next_ = first_;
    first_ = &listener;
  }
  void remove(SampleListener& listener) {
    for (SampleListener** at = &first_; *at != nullptr; at = &(*at)->next_) {
      if (*at != &listener) continue;
      *at = listener.next_;
      return;
    }
  }

 private:
  const Orchestrator* orchestrator_ = nullptr;
  SampleListener* first_ = nullptr;
};

}  // namespace fb
