#include "core/improv.h"

#include <cstring>

#include "core/line_text.h"
#include "core/serial_line.h"
#include "core/version.h"

namespace fb {
namespace {

enum Type : uint8_t { kCurrentState = 1, kErrorState = 2, kRpcCommand = 3, kRpcResult = 4 };
enum Command : uint8_t {
  kWifiSettings = 1,
  kRequestState = 2,
  kDeviceInfo = 3,
  kScanNetworks = 4,
  kDeviceName = 6,
  kNetworkState = 7,  // in the standard's SDKs (improv-wifi/sdk-cpp 1.2.6) and not yet in its text
};
/// Flags of the answer to kNetworkState.
constexpr unsigned kIsOnline = 1;
constexpr unsigned kSupportsWifi = 2;
constexpr unsigned kSupportsEthernet = 4;

/// Cuts a text with one byte of length before it off the front of `rest`.
bool cut_text(std::string_view& rest, std::string_view& out) {
  if (rest.empty()) return false;
  const size_t size = static_cast<uint8_t>(rest.front());
  if (rest.size() < 1 + size) return false;
  out = rest.substr(1, size);
  rest.remove_prefix(1 + size);
  return true;
}

}  // namespace

void Improv::take(uint8_t type, std::string_view data, const Now& now) {
  if (type != kRpcCommand) return;
  if (data.size() < 2 || static_cast<uint8_t>(data[1]) != data.size() - 2) return send_error(kInvalidRpc);
  const std::string_view body = data.substr(2);
  switch (static_cast<uint8_t>(data[0])) {
    case kWifiSettings: return set_wifi(body);
    case kRequestState:
      send_error(kNone);
      send_state();
      // The list of addresses is empty: a board has no page of its own.
      if (state() == kProvisioned) send_result(kRequestState, nullptr, 0);
      return;
    case kDeviceInfo: {
      const std::string_view texts[] = {"Fieldbench", kFirmwareVersion, identity_.model.view(), identity_.name.view()};
      send_error(kNone);
      return send_result(kDeviceInfo, texts, 4);
    }
    case kScanNetworks:
      send_error(kNone);
      network_.scan();
      scan_until_ = now.mono + kScanTimeout;
      return;
    case kDeviceName: return body.empty() ? send_name() : set_name(body);
    case kNetworkState: return send_network_state();
    default: return send_error(kUnknownCommand);
  }
}

void Improv::set_wifi(std::string_view data) {
  std::string_view ssid;
  std::string_view password;
  WifiSettings settings;
  const bool whole = cut_text(data, ssid) && cut_text(data, password) && data.empty() && !ssid.empty();
  if (!whole || settings.ssid.assign(ssid) != Status::kOk || settings.password.assign(password) != Status::kOk)
    return send_error(kInvalidRpc);
  if (network_.kind() != NetworkKind::kWifi) return send_error(kUnableToConnect);
  joining_ = true;
  send_error(kNone);
  send_state();
  host_.provision(settings);
}

void Improv::set_name(std::string_view name) {
  const Status renamed = host_.rename(name);
  if (renamed == Status::kOk) return send_name();
  send_error(renamed == Status::kInvalid ? kInvalidRpc : kUnknownError);
}

void Improv::joined() {
  joining_ = false;
  send_state();
  send_result(kWifiSettings, nullptr, 0);
}

void Improv::not_kept() {
  joining_ = false;
  send_error(kUnknownError);  // and no state: "provisioned" would be taken for success
}

void Improv::not_joined() {
  joining_ = false;
  send_error(kUnableToConnect);
  send_state();
}

Millis Improv::step(const Now& now) {
  if (scan_until_ == kNever) return kNever;
  const bool goes_on = network_.scanned(0).status() == Status::kUnavailable;
  if (goes_on && now.mono < scan_until_) return now.mono + kPoll;
  // A scan that never ended heard nothing, which is not the same as that there is nothing.
  if (goes_on) {
    send_error(kUnknownError);
  } else {
    send_networks();
  }
  scan_until_ = kNever;
  return kNever;
}

void Improv::send_networks() {
  for (size_t i = 0; i < kMaxNetworks; i++) {
    const Expected<AccessPoint> found = network_.scanned(i);
    if (!found.ok()) break;
    const std::string_view ssid = found.value().ssid.view();
    if (ssid.empty() || !is_first_of_name(i, ssid)) continue;
    char digits[LineText::kMaxInteger];
    LineText dbm(digits, sizeof digits);
    dbm.number(found.value().rssi_dbm);
    const std::string_view texts[] = {ssid, dbm.view(), found.value().secured ? "YES" : "NO"};
    send_result(kScanNetworks, texts, 3);
  }
  send_result(kScanNetworks, nullptr, 0);  // the end of the list
}

bool Improv::is_first_of_name(size_t index, std::string_view ssid) {
  for (size_t i = 0; i < index; i++) {
    const Expected<AccessPoint> before = network_.scanned(i);
    if (before.ok() && before.value().ssid.view() == ssid) return false;
  }
  return true;
}

void Improv::send_name() {
  const std::string_view name = identity_.name.view();
  send_error(kNone);
  send_result(kDeviceName, &name, 1);
}

void Improv::send_network_state() {
  const unsigned interface = network_.kind() == NetworkKind::kWifi ? kSupportsWifi : kSupportsEthernet;
  const char flags = static_cast<char>('0' + (interface | (host_.online() ? kIsOnline : 0)));
  const std::string_view text(&flags, 1);
  send_error(kNone);
  send_result(kNetworkState, &text, 1);
}

Improv::State Improv::state() const {
  if (joining_) return kProvisioning;
  // A wired board has nothing to be told; whether it is online says kNetworkState.
  return network_.kind() != NetworkKind::kWifi || host_.online() ? kProvisioned : kAuthorised;
}

void Improv::send_state() {
  const char now = static_cast<char>(state());
  send(kCurrentState, {&now, 1});
}

void Improv::send_error(Error error) {
  const char code = static_cast<char>(error);
  send(kErrorState, {&code, 1});
}

void Improv::send_result(uint8_t command, const std::string_view* texts, size_t count) {
  char data[SerialLine::kMaxImprovData];
  size_t size = 2;
  for (size_t i = 0; i < count; i++) {
    if (size + 1 + texts[i].size() > sizeof data) break;  // our longest is an id, a name and two words
    data[size++] = static_cast<char>(texts[i].size());
    std::memcpy(data + size, texts[i].data(), texts[i].size());
    size += texts[i].size();
  }
  data[0] = static_cast<char>(command);
  data[1] = static_cast<char>(size - 2);
  send(kRpcResult, {data, size});
}

void Improv::send(uint8_t type, std::string_view data) {
  char packet[SerialLine::kMaxImprovData + 11];
  (void)out_.write({packet, write_improv(type, data, packet, sizeof packet)});
}

}  // namespace fb
