#pragma once

#include "components/inverter_flow/inverter_flow.h"
#include "components/inverter_flow/log_upload.h"
#include "core/device.h"
#include "core/sample_listeners.h"

namespace fb {

/// What a flow drives of the device that it runs on; the app gives it. All of it outlives the component.
struct FlowDevice {
  Device& device;  ///< may still be under construction
  Rng& rng;
  SampleListeners& samples;
};

/// The device's session with the broker.
class SessionLink final : public FlowLink {
 public:
  explicit SessionLink(const Device& device) : device_(device) {}
  bool up() const override { return device_.link_up(); }

 private:
  const Device& device_;
};

/// A poll is one sample of the chosen component: one that came since the last poll, or else the next one, for which the component
/// is told to read now. One that takes no such act, and any component where none is chosen, keeps its own turns.
class ComponentPoll final : public FlowAct {
 public:
  explicit ComponentPoll(Device& device) : device_(device) {}
  /// @param component empty: any. The view outlives this.
  void choose(std::string_view component) {
    component_ = component;
    heard_ = false;
  }
  Status begin(const Now& now) override;
  FlowProgress progress(const Now& now) override;
  Millis look_again(const Now& now) const override { return heard_ ? now.mono : kNever; }
  void abandon(const Now&) override { waits_ = false; }
  /// True: a poll waited for it.
  bool hear(std::string_view component) {
    if (!component_.empty() && component != component_) return false;
    heard_ = true;
    return waits_;
  }

 private:
  Device& device_;
  std::string_view component_;
  bool heard_ = false;
  bool waits_ = false;
};

/// Commands are pushed (docs/protocol.md §3) and carried out as they come, so what is asked for is whether they can come.
class SessionCheck final : public FlowAct {
 public:
  explicit SessionCheck(const FlowLink& link) : link_(link) {}
  Status begin(const Now&) override { return link_.up() ? Status::kOk : Status::kUnavailable; }
  FlowProgress progress(const Now&) override { return FlowProgress::kDone; }
  Millis look_again(const Now& now) const override { return now.mono; }
  void abandon(const Now&) override {}

 private:
  const FlowLink& link_;
};

/// An update goes on while pieces of it come, and has ended, whatever came of it, when none came for a while: its sender may
/// never come back.
class DeviceUpdate final : public FlowUpdate {
 public:
  static constexpr Millis kQuietMs = 10'000;

  explicit DeviceUpdate(const Device& device) : device_(device) {}
  bool wanted() const override { return device_.update_progress() != 0 && device_.update_progress() != left_at_; }
  Status begin(const Now& now) override {
    seen_ = device_.update_progress();
    changed_ = now.mono;
    return Status::kOk;
  }
  FlowProgress progress(const Now& now) override {
    if (device_.update_progress() == 0) return FlowProgress::kDone;
    if (device_.update_progress() != seen_) (void)begin(now);
    if (now.mono - changed_ < kQuietMs) return FlowProgress::kUnderWay;
    left_at_ = seen_;
    return FlowProgress::kDone;
  }
  Millis look_again(const Now& now) const override { return std::min(changed_ + kQuietMs, now.mono + 1000); }
  void abandon(const Now&) override { left_at_ = device_.update_progress(); }

 private:
  const Device& device_;
  uint32_t left_at_ = 0;  ///< the progress of an update that was given up
  uint32_t seen_ = 0;
  Millis changed_ = 0;
};

/// What a flow drives, made before the flow that is given it.
struct DeviceFlowActs {
  explicit DeviceFlowActs(Device& device)
      : session_link(device), component_poll(device), log_upload(device), session_check(session_link), device_update(device) {}

  SessionLink session_link;
  ComponentPoll component_poll;
  LogUpload log_upload;
  SessionCheck session_check;
  DeviceUpdate device_update;
  FlowPorts flow_ports{component_poll, log_upload, session_check, device_update, session_link};
};

/// The flow of the device that it runs on.
class DeviceFlow final : private DeviceFlowActs, public InverterFlow, private SampleListener {
 public:
  explicit DeviceFlow(FlowDevice& device)
      : DeviceFlowActs(device.device),
        InverterFlow(flow_ports, device.rng),
        device_(device.device),
        samples_(device.samples) {}
  ~DeviceFlow() override { samples_.remove(*this); }
  DeviceFlow(const DeviceFlow&) = delete;
  DeviceFlow& operator=(const DeviceFlow&) = delete;

  void init(const JsonValue& config, const Now& now) override;
  void cleanup(const Now& now) override;

 private:
  void take(std::string_view component, const Metric* metrics, size_t count, const Now& now) override;

  Device& device_;
  SampleListeners& samples_;
};

class DeviceFlowFactory final : public ComponentFactory {
 public:
  explicit DeviceFlowFactory(FlowDevice& device) : device_(device) {}
  std::string_view type() const override { return DeviceFlow::kType; }
  /// With the batch that the device may have to make room for.
  size_t footprint() const override { return sizeof(DeviceFlow) + sizeof(BatchUplink); }
  std::unique_ptr<Component> make() override { return std::unique_ptr<Component>(new (std::nothrow) DeviceFlow(device_)); }

 private:
  FlowDevice& device_;
};

}  // namespace fb
