#include "components/inverter_flow/device_flow.h"

namespace fb {

void DeviceFlow::init(const JsonValue& config, const Now& now) {
  InverterFlow::init(config, now);
  samples_.add(*this);
}

void DeviceFlow::cleanup(const Now& now) {
  samples_.remove(*this);
  // What is measured while it rests is somebody else's to send.
  log_upload.forget();
  InverterFlow::cleanup(now);
}

void DeviceFlow::take(std::string_view component, const Metric*, size_t, const Now& now) {
  const Telemetry& log = device_.telemetry();
  if (!log_upload.begun()) log_upload.begin_at(log.epoch(), log.next_seq() - 1);
  const std::string_view chosen = config_.component.view();
  if ((chosen.empty() || component == chosen) && heard_poll.hear()) device_.wake(*this, now);
}

}  // namespace fb
