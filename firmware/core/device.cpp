#include "core/device.h"

#include <cstdio>

#include "core/topics.h"
#include "core/two_slot_record.h"
#include "core/utf8.h"
#include "core/version.h"

namespace fb {

Device::Device(const Identity& identity, const Hal& hal)
    : identity_(identity),
      hal_(hal),
      config_(hal.storage, hal.log),
      journal_(hal.storage),
      telemetry_(identity_, hal_, message_, sizeof message_),
      router_({identity_, registry_, scheduler_, config_, journal_, telemetry_, hal_.memory, boot_, boot_ms_}) {}

Status Device::start(std::string_view first_boot, std::string_view factory_default, const Now& now) {
  if (!is_device_id(identity_.id.view())) return Status::kInvalid;
  const std::string_view id = identity_.id.view();
  for (const Status made : {make_topic(id, "command", command_topic_), make_topic(id, "response", response_topic_),
                            make_topic(id, "status", status_topic_), make_topic(id, "shadow/reported", shadow_topic_)})
    if (made != Status::kOk) return made;
  boot_ms_ = now.mono;
  count_boot();
  const Status telemetry = telemetry_.start(now);
  if (telemetry != Status::kOk) return telemetry;
  journal_.load();
  config_.load(registry_, first_boot, factory_default, now);
  uint8_t priority = 0;
  for (Registry::Entry& entry : registry_) {
    const Status added = scheduler_.add(*entry.component, priority++, entry.enabled, now);
    if (added != Status::kOk) return added;
  }
  return Status::kOk;
}

void Device::count_boot() {
  char scratch[32];
  TwoSlotRecord record(hal_.storage, "boot", scratch, sizeof scratch);
  const Expected<std::string_view> before = record.load();
  for (const char c : before.value_or({})) boot_ = boot_ * 10 + static_cast<uint32_t>(c - '0');
  boot_++;
  char text[11];
  const int length = std::snprintf(text, sizeof text, "%u", static_cast<unsigned>(boot_));
  if (record.save({text, static_cast<size_t>(length)}) != Status::kOk)
    hal_.log.write(LogLevel::kWarning, "boot", "the boot count cannot be kept");
}

Millis Device::step(const Now& now) {
  const Millis next = scheduler_.run(now);
  if (link_up_ && shadow_version() != shadow_published_) publish_shadow();
  return next;
}

void Device::set_link(bool up, const Now&) {
  link_up_ = up;
  telemetry_.set_link(up);
  if (!up) return;
  publish_status();
  publish_shadow();
}

bool Device::receive(std::string_view topic, std::string_view payload, const Now& now) {
  if (topic != command_topic_.view()) return false;
  const std::string_view reply = router_.handle(payload, now);
  if (link_up_ && !hal_.mqtt.publish(response_topic_.view(), reply, 1, false))
    hal_.log.write(LogLevel::kWarning, "rpc", "an answer was not taken");
  if (link_up_ && shadow_version() != shadow_published_) publish_shadow();
  return true;
}

std::string_view Device::handle(std::string_view request, const Now& now) {
  const std::string_view reply = router_.handle(request, now);
  if (link_up_ && shadow_version() != shadow_published_) publish_shadow();
  return reply;
}

Status Device::rename(std::string_view name) {
  for (size_t at = 0; at < name.size();) {
    const size_t length = utf8_length_at(name, at);
    if (length == 0 || static_cast<uint8_t>(name[at]) < 0x20 || name[at] == 0x7f) return Status::kInvalid;
    at += length;
  }
  if (name.size() > SmallString<64>::kCapacity) return Status::kNoSpace;
  (void)identity_.name.assign(name);
  if (link_up_) publish_status();
  return Status::kOk;
}

std::string_view Device::will_payload() const {
  return identity_.simulated ? R"({"state":"offline","sim":true})" : R"({"state":"offline"})";
}

void Device::publish_status() {
  JsonWriter out(message_, sizeof message_);
  out.begin_object().key("state").string("online");
  out.key("name").string(identity_.name.view());
  out.key("fw").string(kFirmwareVersion);
  out.key("model").string(identity_.model.view());
  if (identity_.simulated) out.key("sim").boolean(true);
  out.key("epoch").number(telemetry_.epoch());
  out.key("boot").number(boot_);
  out.key("api").number(kApiVersion);
  out.key("components").begin_object();
  for (const Registry::Entry& entry : registry_) out.key(entry.id.view()).string(entry.component->type());
  out.end_object().end_object();
  const Expected<std::string_view> payload = out.finish();
  if (!payload.ok() || !hal_.mqtt.publish(status_topic_.view(), payload.value(), 1, true))
    hal_.log.write(LogLevel::kWarning, "mqtt", "the status was not taken");
}

uint64_t Device::shadow_version() const {
  // Each version only rises, so the sum changes when one of them does.
  uint64_t sum = 0;
  for (const Registry::Entry& entry : registry_) sum += entry.component->state_version();
  return sum;
}

void Device::publish_shadow() {
  JsonWriter out(message_, sizeof message_);
  out.begin_object();
  for (const Registry::Entry& entry : registry_) {
    if (!entry.component->in_shadow()) continue;
    out.key(entry.id.view());
    entry.component->write_state(out);
  }
  out.end_object();
  const Expected<std::string_view> payload = out.finish();
  // Not taken: the next step tries again.
  if (payload.ok() && hal_.mqtt.publish(shadow_topic_.view(), payload.value(), 1, true))
    shadow_published_ = shadow_version();
}

}  // namespace fb
