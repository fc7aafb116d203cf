#include "ports/esp32/ethernet_network.h"

#include "esp_mac.h"

namespace fb::esp32 {

// The order of the calls and the 100 ms are those of ESP-IDF 5.1,
// examples/common_components/protocol_examples_common/eth_connect.c.
Status EthernetNetwork::begin() {
  const esp_netif_config_t netif_config = ESP_NETIF_DEFAULT_ETH();
  netif_ = esp_netif_new(&netif_config);
  const eth_mac_config_t mac_config = ETH_MAC_DEFAULT_CONFIG();
  eth_phy_config_t phy_config = ETH_PHY_DEFAULT_CONFIG();
  phy_config.phy_addr = 1;
  phy_config.reset_gpio_num = -1;
  phy_config.autonego_timeout_ms = 100;
  esp_eth_mac_t* const mac = esp_eth_mac_new_openeth(&mac_config);
  esp_eth_phy_t* const phy = esp_eth_phy_new_dp83848(&phy_config);
  if (netif_ == nullptr || mac == nullptr || phy == nullptr) return Status::kUnavailable;
  const esp_eth_config_t config = ETH_DEFAULT_CONFIG(mac, phy);
  uint8_t address[6] = {};
  if (esp_eth_driver_install(&config, &driver_) != ESP_OK || esp_read_mac(address, ESP_MAC_ETH) != ESP_OK ||
      esp_eth_ioctl(driver_, ETH_CMD_S_MAC_ADDR, address) != ESP_OK ||
      esp_netif_attach(netif_, esp_eth_new_netif_glue(driver_)) != ESP_OK ||
      esp_event_handler_register(ETH_EVENT, ESP_EVENT_ANY_ID, on_event, this) != ESP_OK ||
      esp_event_handler_register(IP_EVENT, IP_EVENT_ETH_GOT_IP, on_event, this) != ESP_OK)
    return Status::kUnavailable;
  return Status::kOk;
}

void EthernetNetwork::on_event(void* self, esp_event_base_t base, int32_t id, void*) {
  EthernetNetwork& wire = *static_cast<EthernetNetwork*>(self);
  // What comes before our own start is of the link that was stopped: events are late, and in their order.
  if (base == ETH_EVENT && id == ETHERNET_EVENT_START && wire.starts_awaited_ > 0) wire.starts_awaited_--;
  if (wire.starts_awaited_ > 0 || wire.state_ == NetworkState::kOff) return;
  if (base == IP_EVENT) {
    wire.fault_ = NetworkFault::kNone;
    wire.state_ = NetworkState::kJoined;
  } else if (id == ETHERNET_EVENT_CONNECTED) {
    wire.state_ = NetworkState::kJoining;  // plugged in again: the address comes by itself
  } else if (id == ETHERNET_EVENT_DISCONNECTED) {
    wire.fault_ = NetworkFault::kLost;
    wire.state_ = NetworkState::kFailed;
  }
}

void EthernetNetwork::join(std::string_view, std::string_view) {
  leave();
  state_ = NetworkState::kJoining;
  starts_awaited_++;
  started_ = driver_ != nullptr && esp_eth_start(driver_) == ESP_OK;
  if (started_) return;
  starts_awaited_--;
  fault_ = NetworkFault::kNotFound;
  state_ = NetworkState::kFailed;
}

void EthernetNetwork::leave() {
  state_ = NetworkState::kOff;
  fault_ = NetworkFault::kNone;
  if (started_) (void)esp_eth_stop(driver_);
  started_ = false;
}

std::string_view EthernetNetwork::ip() {
  esp_netif_ip_info_t info{};
  if (state_ != NetworkState::kJoined || esp_netif_get_ip_info(netif_, &info) != ESP_OK) return {};
  return esp_ip4addr_ntoa(&info.ip, ip_, sizeof ip_) == nullptr ? std::string_view{} : std::string_view{ip_};
}

}  // namespace fb::esp32
