#pragma once

#include <atomic>

#include "esp_event.h"
#include "esp_netif.h"
#include "esp_wifi.h"
#include "hal/network.h"

namespace fb::esp32 {

/// Wi-Fi as a station. Events come in IDF's own task and only set what the device's task polls.
class WifiNetwork final : public Network {
 public:
  /// After esp_netif_init() and the default event loop. Call once.
  Status begin();

  NetworkKind kind() const override { return NetworkKind::kWifi; }
  void scan() override;
  Expected<AccessPoint> scanned(size_t index) override;
  void join(std::string_view ssid, std::string_view password) override;
  void leave() override;
  NetworkState state() override { return state_; }
  NetworkFault fault() override { return fault_; }
  std::string_view ip() override;
  int rssi_dbm(Millis now) override;

 private:
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void disconnected(int reason);
  void leave_network();

  static constexpr uint16_t kMaxFound = 20;
  enum class Scan : uint8_t { kNone, kRunning, kHeard, kRead };

  esp_netif_t* netif_ = nullptr;
  std::atomic<NetworkState> state_{NetworkState::kOff};
  std::atomic<NetworkFault> fault_{NetworkFault::kNone};
  std::atomic<Scan> scan_{Scan::kNone};
  /// With an access point, address or not.
  std::atomic<bool> associated_{false};
  /// Ends that we asked for and that were not told yet.
  std::atomic<int> own_leaves_{0};
  wifi_ap_record_t found_[kMaxFound] = {};
  uint16_t found_count_ = 0;
  char ip_[16] = {};
};

}  // namespace fb::esp32
