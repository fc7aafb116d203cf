#include "ports/esp32/wifi_network.h"

#include <cstring>

#include "ports/esp32/fault_map.h"

namespace fb::esp32 {

Status WifiNetwork::begin() {
  netif_ = esp_netif_create_default_wifi_sta();
  const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
  if (netif_ == nullptr || esp_wifi_init(&config) != ESP_OK) return Status::kUnavailable;
  // The core keeps the settings; the driver's own copy in NVS would be a second truth.
  if (esp_wifi_set_storage(WIFI_STORAGE_RAM) != ESP_OK || esp_wifi_set_mode(WIFI_MODE_STA) != ESP_OK ||
      esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_event, this) != ESP_OK ||
      esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_event, this) != ESP_OK ||
      esp_event_handler_register(IP_EVENT, IP_EVENT_STA_LOST_IP, on_event, this) != ESP_OK)
    return Status::kUnavailable;
  return esp_wifi_start() == ESP_OK ? Status::kOk : Status::kUnavailable;
}

void WifiNetwork::on_event(void* self, esp_event_base_t base, int32_t id, void* data) {
  WifiNetwork& wifi = *static_cast<WifiNetwork*>(self);
  if (base == IP_EVENT && id == IP_EVENT_STA_LOST_IP) {
    if (wifi.state_ != NetworkState::kJoined) return;
    wifi.fault_ = NetworkFault::kLost;  // joined without an address is no network
    wifi.state_ = NetworkState::kFailed;
  } else if (base == IP_EVENT) {
    if (wifi.state_ == NetworkState::kJoining) wifi.state_ = NetworkState::kJoined;
  } else if (id == WIFI_EVENT_STA_CONNECTED) {
    wifi.associated_ = true;
  } else if (id == WIFI_EVENT_STA_DISCONNECTED) {
    wifi.associated_ = false;
    wifi.disconnected(static_cast<const wifi_event_sta_disconnected_t*>(data)->reason);
  } else if (id == WIFI_EVENT_SCAN_DONE && wifi.scan_ == Scan::kRunning) {
    wifi.scan_ = Scan::kHeard;
  }
}

void WifiNetwork::disconnected(int reason) {
  // Our own esp_wifi_disconnect(), of the network before. An access point that throws us out says the same reason.
  if (reason == WIFI_REASON_ASSOC_LEAVE && own_leaves_ > 0) {
    own_leaves_--;
    return;
  }
  const NetworkState before = state_;
  if (before != NetworkState::kJoining && before != NetworkState::kJoined) return;
  fault_ = network_fault(reason, before == NetworkState::kJoined);
  state_ = NetworkState::kFailed;
}

void WifiNetwork::scan() {
  found_count_ = 0;
  scan_ = Scan::kRunning;
  // Refused while a join is under way: then nothing is found, and the person may ask again.
  if (esp_wifi_scan_start(nullptr, false) != ESP_OK) scan_ = Scan::kRead;
}

Expected<AccessPoint> WifiNetwork::scanned(size_t index) {
  if (scan_ == Scan::kRunning) return Status::kUnavailable;
  if (scan_ == Scan::kHeard) {
    found_count_ = kMaxFound;
    // Strongest first, as the driver keeps them.
    if (esp_wifi_scan_get_ap_records(&found_count_, found_) != ESP_OK) found_count_ = 0;
    scan_ = Scan::kRead;
  }
  if (index >= found_count_) return Status::kNotFound;
  const wifi_ap_record_t& record = found_[index];
  const char* const ssid = reinterpret_cast<const char*>(record.ssid);
  AccessPoint point;
  if (point.ssid.assign({ssid, strnlen(ssid, 32)}) != Status::kOk) return Status::kCorrupt;
  point.rssi_dbm = record.rssi;
  point.secured = record.authmode != WIFI_AUTH_OPEN;
  return point;
}

void WifiNetwork::join(std::string_view ssid, std::string_view password) {
  leave_network();
  wifi_config_t config{};
  if (ssid.empty() || ssid.size() > sizeof config.sta.ssid || password.size() > sizeof config.sta.password) {
    fault_ = NetworkFault::kNotFound;
    state_ = NetworkState::kFailed;
    return;
  }
  std::memcpy(config.sta.ssid, ssid.data(), ssid.size());
  std::memcpy(config.sta.password, password.data(), password.size());
  config.sta.threshold.authmode = password.empty() ? WIFI_AUTH_OPEN : WIFI_AUTH_WPA_PSK;
  config.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
  config.sta.sort_method = WIFI_CONNECT_AP_BY_SIGNAL;
  fault_ = NetworkFault::kNone;
  state_ = NetworkState::kJoining;
  if (esp_wifi_set_config(WIFI_IF_STA, &config) == ESP_OK && esp_wifi_connect() == ESP_OK) return;
  fault_ = NetworkFault::kTimeout;
  state_ = NetworkState::kFailed;
}

void WifiNetwork::leave() {
  fault_ = NetworkFault::kNone;
  leave_network();
}

void WifiNetwork::leave_network() {
  const bool was_in = associated_ || state_ == NetworkState::kJoining;
  state_ = NetworkState::kOff;  // so that the end of the old one is not the new one's
  if (was_in) own_leaves_++;
  if (esp_wifi_disconnect() != ESP_OK && was_in) own_leaves_--;
}

std::string_view WifiNetwork::ip() {
  esp_netif_ip_info_t info{};
  if (state_ != NetworkState::kJoined || esp_netif_get_ip_info(netif_, &info) != ESP_OK) return {};
  return esp_ip4addr_ntoa(&info.ip, ip_, sizeof ip_) == nullptr ? std::string_view{} : std::string_view{ip_};
}

int WifiNetwork::rssi_dbm(Millis) {
  wifi_ap_record_t record{};
  return state_ == NetworkState::kJoined && esp_wifi_sta_get_ap_info(&record) == ESP_OK ? record.rssi : 0;
}

}  // namespace fb::esp32
