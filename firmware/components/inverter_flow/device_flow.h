#pragma once

#include "components/inverter_flow/inverter_flow.h"
#include "components/inverter_flow/log_upload.h"
#include "components/inverter_flow/slot_watch.h"
#include "core/device.h"
#include "core/sample_listeners.h"
#include "hal/mqtt.h"

namespace fb {

/// What a flow drives of the device that it runs on; the app gives it. All of it outlives the component.
struct FlowDevice {
  Device& device;  ///< may still be under construction
  Storage& storage;
  Crypto& crypto;
  Rng& rng;
  SampleListeners& samples;
  SlotWatch& slots;
  MqttClient* session;  ///< null where the host has it: then it counts as up, and a batch that is not taken has failed
};

/// The session with the broker.
class SessionLink final : public FlowLink {
 public:
  explicit SessionLink(MqttClient* session) : session_(session) {}
  bool up() const override { return session_ == nullptr || session_->state() == MqttState::kConnected; }

 private:
  MqttClient* const session_;
};

/// A poll is one sample of the chosen component, which keeps its own turns: the next one, or one that came since the last poll.
class HeardPoll final : public FlowAct {
 public:
  Status begin(const Now&) override {
    waits_ = true;
    return Status::kOk;
  }
  FlowProgress progress(const Now&) override {
    if (!heard_) return FlowProgress::kUnderWay;
    heard_ = waits_ = false;
    return FlowProgress::kDone;
  }
  Millis look_again(const Now& now) const override { return heard_ ? now.mono : kNever; }
  void abandon(const Now&) override { waits_ = false; }
  /// True: a poll waited for it.
  bool hear() {
    heard_ = true;
    return waits_;
  }

 private:
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

/// An update goes on while the other firmware slot changes, and has ended, whatever came of it, when it is left alone.
class SlotUpdate final : public FlowUpdate {
 public:
  static constexpr Millis kQuietMs = 10'000;

  explicit SlotUpdate(const SlotWatch& slots) : slots_(slots), ended_at_(slots.changes()) {}
  bool wanted() const override { return slots_.changes() != ended_at_; }
  Status begin(const Now& now) override {
    seen_ = slots_.changes();
    changed_ = now.mono;
    return Status::kOk;
  }
  FlowProgress progress(const Now& now) override {
    if (slots_.changes() != seen_) return (void)begin(now), FlowProgress::kUnderWay;
    if (now.mono - changed_ < kQuietMs) return FlowProgress::kUnderWay;
    ended_at_ = seen_;
    return FlowProgress::kDone;
  }
  Millis look_again(const Now&) const override { return changed_ + kQuietMs; }
  void abandon(const Now&) override { ended_at_ = slots_.changes(); }

 private:
  const SlotWatch& slots_;
  uint32_t ended_at_;  ///< changes when the last update ended
  uint32_t seen_ = 0;
  Millis changed_ = 0;
};

/// What a flow drives, made before the flow that is given it.
struct DeviceFlowActs {
  explicit DeviceFlowActs(FlowDevice& device)
      : session_link(device.session),
        log_upload(device.device, device.storage, device.crypto, session_link),
        session_check(session_link),
        slot_update(device.slots) {}

  SessionLink session_link;
  HeardPoll heard_poll;
  LogUpload log_upload;
  SessionCheck session_check;
  SlotUpdate slot_update;
  FlowPorts flow_ports{heard_poll, log_upload, session_check, slot_update, session_link};
};

/// The flow of the device that it runs on.
class DeviceFlow final : private DeviceFlowActs, public InverterFlow, private SampleListener {
 public:
  explicit DeviceFlow(FlowDevice& device)
      : DeviceFlowActs(device), InverterFlow(flow_ports, device.rng), device_(device.device), samples_(device.samples) {}
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

using DeviceFlowFactory = FactoryOf<DeviceFlow, FlowDevice>;

}  // namespace fb
