#pragma once

#include <atomic>

#include "esp_eth.h"
#include "esp_event.h"
#include "esp_netif.h"
#include "hal/network.h"

namespace fb::esp32 {

/// A wired network with DHCP, by the OpenCores MAC and a DP83848 that emulators have.
class EthernetNetwork final : public Network {
 public:
  /// After esp_netif_init() and the default event loop. Call once.
  Status begin();

  NetworkKind kind() const override { return NetworkKind::kEthernet; }
  void scan() override {}
  Expected<AccessPoint> scanned(size_t) override { return Status::kNotFound; }
  void join(std::string_view ssid, std::string_view password) override;
  void leave() override;
  NetworkState state() override { return state_; }
  NetworkFault fault() override { return fault_; }
  std::string_view ip() override;
  int rssi_dbm(Millis) override { return 0; }

 private:
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);

  esp_netif_t* netif_ = nullptr;
  esp_eth_handle_t driver_ = nullptr;
  bool started_ = false;
  std::atomic<int> starts_awaited_{0};  ///< esp_eth_start() calls whose event has not come yet
  std::atomic<NetworkState> state_{NetworkState::kOff};
  std::atomic<NetworkFault> fault_{NetworkFault::kNone};
  char ip_[16] = {};
};

}  // namespace fb::esp32
