#include "core/json_writer.h"
#include "ports/wasm/wasm_hal.h"

#define FB_IMPORT(name) extern "C" __attribute__((import_module("fb"), import_name(name)))

FB_IMPORT("serial_write") int32_t fb_host_serial_write(uint32_t handle, const char* bytes, uint32_t size);
FB_IMPORT("net_scan") void fb_host_net_scan(uint32_t handle);
FB_IMPORT("net_scanned")
int32_t fb_host_net_scanned(uint32_t handle, uint32_t index, char* out, uint32_t capacity);
FB_IMPORT("net_join")
void fb_host_net_join(uint32_t handle, const char* ssid, uint32_t ssid_size, const char* pass, uint32_t pass_size);
FB_IMPORT("net_leave") void fb_host_net_leave(uint32_t handle);
FB_IMPORT("net_state") int32_t fb_host_net_state(uint32_t handle, char* out, uint32_t capacity);
FB_IMPORT("net_rssi") int32_t fb_host_net_rssi(uint32_t handle);
FB_IMPORT("mqtt_open") void fb_host_mqtt_open(uint32_t handle, const char* json, uint32_t size);
FB_IMPORT("mqtt_close") void fb_host_mqtt_close(uint32_t handle);
FB_IMPORT("mqtt_state") int32_t fb_host_mqtt_state(uint32_t handle);
FB_IMPORT("mqtt_subscribe")
void fb_host_mqtt_subscribe(uint32_t handle, const char* topic, uint32_t size, uint32_t qos);

namespace fb {
namespace {

constexpr int32_t kNotReady = -1;

uint32_t length_of(std::string_view text) { return static_cast<uint32_t>(text.size()); }

/// "<rssi> <secured 0|1> <ssid>"; false where the host broke its word.
bool read_access_point(std::string_view line, AccessPoint& out) {
  const bool negative = !line.empty() && line.front() == '-';
  size_t at = negative ? 1 : 0;
  int value = 0;
  while (at < line.size() && at < 5 && line[at] >= '0' && line[at] <= '9') value = value * 10 + (line[at++] - '0');
  if (at + 3 > line.size() || line[at] != ' ' || line[at + 2] != ' ') return false;
  out.rssi_dbm = negative ? -value : value;
  out.secured = line[at + 1] == '1';
  return out.ssid.assign(line.substr(at + 3)) == Status::kOk;
}

}  // namespace

bool WasmSerial::write(std::string_view message) {
  return fb_host_serial_write(handle_, message.data(), length_of(message)) == 1;
}

void WasmNetwork::scan() { fb_host_net_scan(handle_); }

Expected<AccessPoint> WasmNetwork::scanned(size_t index) {
  char line[64];
  const int32_t size = fb_host_net_scanned(handle_, static_cast<uint32_t>(index), line, sizeof line);
  if (size == kNotReady) return Status::kUnavailable;
  AccessPoint found;
  if (size < 0 || static_cast<size_t>(size) > sizeof line) return Status::kNotFound;
  if (!read_access_point({line, static_cast<size_t>(size)}, found)) return Status::kNotFound;
  return found;
}

void WasmNetwork::join(std::string_view ssid, std::string_view password) {
  fb_host_net_join(handle_, ssid.data(), length_of(ssid), password.data(), length_of(password));
}

void WasmNetwork::leave() { fb_host_net_leave(handle_); }

NetworkState WasmNetwork::state() {
  return static_cast<NetworkState>(fb_host_net_state(handle_, ip_, sizeof ip_) & 3);
}

NetworkFault WasmNetwork::fault() {
  const int32_t fault = (fb_host_net_state(handle_, ip_, sizeof ip_) >> 8) & 0xff;
  return fault <= static_cast<int32_t>(NetworkFault::kLost) ? static_cast<NetworkFault>(fault) : NetworkFault::kLost;
}

std::string_view WasmNetwork::ip() {
  const size_t size = (static_cast<uint32_t>(fb_host_net_state(handle_, ip_, sizeof ip_)) >> 16) & 0xff;
  return {ip_, size <= sizeof ip_ ? size : 0};
}

int WasmNetwork::rssi_dbm(Millis) { return fb_host_net_rssi(handle_); }

void WasmMqtt::open(const MqttSettings& settings) {
  static char text[6 * (256 + 128 + 128) + 512];  // one thread, and gone with the call
  JsonWriter out(text, sizeof text);
  out.begin_object().key("uri").string(settings.uri).key("username").string(settings.username);
  out.key("password").string(settings.password).key("clientId").string(settings.client_id);
  out.key("will").begin_object().key("topic").string(settings.will_topic);
  out.key("payload").string(settings.will_payload).end_object().end_object();
  const std::string_view json = out.finish().value_or({});
  fb_host_mqtt_open(handle_, json.data(), length_of(json));
}

void WasmMqtt::close() { fb_host_mqtt_close(handle_); }

void WasmMqtt::subscribe(std::string_view topic, uint8_t qos) {
  fb_host_mqtt_subscribe(handle_, topic.data(), length_of(topic), qos);
}

MqttState WasmMqtt::state() { return static_cast<MqttState>(fb_host_mqtt_state(handle_) & 3); }

MqttFault WasmMqtt::fault() {
  const int32_t fault = (fb_host_mqtt_state(handle_) >> 8) & 0xff;
  return fault <= static_cast<int32_t>(MqttFault::kTimeout) ? static_cast<MqttFault>(fault) : MqttFault::kTimeout;
}

}  // namespace fb
