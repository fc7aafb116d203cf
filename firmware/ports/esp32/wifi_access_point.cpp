#include "ports/esp32/wifi_access_point.h"

#include <cstring>

#include "esp_wifi.h"
#include "lwip/sockets.h"

namespace fb::esp32 {
namespace {

/// esp_netif's default of an access point (esp_netif_defaults.c), in the order of the wire.
constexpr uint8_t kOwnAddress[4] = {192, 168, 4, 1};
constexpr uint16_t kDnsPort = 53;
/// Phones ask for a dozen names when they join; the rest is answered at the next step.
constexpr int kMostAnswers = 4;

int open_dns_socket() {
  const int handle = socket(AF_INET, SOCK_DGRAM, IPPROTO_IP);
  if (handle < 0) return handle;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kDnsPort);
  std::memcpy(&address.sin_addr, kOwnAddress, sizeof kOwnAddress);  // not in the network that the board joins
  if (bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return handle;
  ::close(handle);
  return -1;
}

}  // namespace

Status WifiAccessPoint::open(const char* name) {
  if (open_) return Status::kOk;
  if (netif_ == nullptr) netif_ = esp_netif_create_default_wifi_ap();  // kept: it cannot be made twice
  wifi_config_t config{};
  const size_t size = strnlen(name, sizeof config.ap.ssid);
  std::memcpy(config.ap.ssid, name, size);
  config.ap.ssid_len = static_cast<uint8_t>(size);
  config.ap.authmode = WIFI_AUTH_OPEN;
  config.ap.max_connection = 2;
  if (netif_ == nullptr || esp_wifi_set_mode(WIFI_MODE_APSTA) != ESP_OK ||
      esp_wifi_set_config(WIFI_IF_AP, &config) != ESP_OK) {
    (void)esp_wifi_set_mode(WIFI_MODE_STA);
    return Status::kUnavailable;
  }
  open_ = true;
  socket_ = open_dns_socket();  // without it the page is still at its address
  return Status::kOk;
}

void WifiAccessPoint::close() {
  if (!open_) return;
  open_ = false;
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  (void)esp_wifi_set_mode(WIFI_MODE_STA);  // the station's connection stays
}

void WifiAccessPoint::serve() {
  if (socket_ < 0) return;
  for (int i = 0; i < kMostAnswers; i++) {
    sockaddr_in from{};
    socklen_t from_size = sizeof from;
    const ssize_t got =
        recvfrom(socket_, query_, sizeof query_, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &from_size);
    if (got <= 0) return;
    const size_t size = dns_answer(query_, static_cast<size_t>(got), kOwnAddress, out_);
    if (size > 0)
      (void)sendto(socket_, out_, size, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&from), from_size);
  }
}

}  // namespace fb::esp32
