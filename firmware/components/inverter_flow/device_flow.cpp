#include "components/inverter_flow/device_flow.h"

namespace fb {

Status ComponentPoll::begin(const Now& now) {
  waits_ = true;
  if (heard_ || component_.empty()) return Status::kOk;
  const Status asked = device_.execute(component_, R"({"read":true})", now);
  return asked == Status::kNotFound || asked == Status::kUnavailable ? asked : Status::kOk;
}

FlowProgress ComponentPoll::progress(const Now&) {
  if (!heard_) return FlowProgress::kUnderWay;
  heard_ = waits_ = false;
  return FlowProgress::kDone;
}

void DeviceFlow::init(const JsonValue& config, const Now& now) {
  InverterFlow::init(config, now);
  component_poll.choose(config_.component.view());
  samples_.add(*this);
  log_upload.hold(now);
}

void DeviceFlow::cleanup(const Now& now) {
  samples_.remove(*this);
  InverterFlow::cleanup(now);
  log_upload.release();
}

void DeviceFlow::take(std::string_view component, const Metric*, size_t, const Now& now) {
  if (component_poll.hear(component)) device_.wake(*this, now);
}

}  // namespace fb
