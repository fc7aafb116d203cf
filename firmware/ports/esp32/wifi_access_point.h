#pragma once

#include <cstdint>

#include "core/status.h"
#include "esp_netif.h"
#include "ports/esp32/dns_answer.h"

namespace fb::esp32 {

/// The board's own, open network for set-up, beside the station's: 192.168.4.1 with ESP-IDF's DHCP server, which names the
/// board as the DNS server, and answers to every name with that address. Of the device's task, nothing waits.
class WifiAccessPoint {
 public:
  /// After WifiNetwork::begin(). kUnavailable: the driver refused.
  /// @param name up to 32 bytes
  Status open(const char* name);
  void close();
  bool is_open() const { return open_; }
  /// Answers the DNS queries that wait, a few at most.
  void serve();

 private:
  esp_netif_t* netif_ = nullptr;
  int socket_ = -1;
  bool open_ = false;
  uint8_t query_[kDnsMaxMessage];
  uint8_t out_[kDnsMaxMessage];
};

}  // namespace fb::esp32
