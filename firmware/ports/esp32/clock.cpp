#include "ports/esp32/clock.h"

#include <sys/time.h>

#include "esp_netif_sntp.h"
#include "esp_timer.h"

namespace fb::esp32 {
namespace {

/// A clock that was never set starts at 1970; nothing here was built before 2024.
constexpr int64_t kOldestCredibleS = 1'704'067'200;

}  // namespace

Now now() {
  timeval wall{};
  gettimeofday(&wall, nullptr);
  Now now;
  now.mono = static_cast<Millis>(esp_timer_get_time() / 1000);
  if (wall.tv_sec >= kOldestCredibleS) now.unix_ms = static_cast<int64_t>(wall.tv_sec) * 1000 + wall.tv_usec / 1000;
  return now;
}

void start_sntp() {
  // ESP_NETIF_SNTP_DEFAULT_CONFIG of 5.1.0 is no C++: it gives an enum the number 0.
  esp_sntp_config_t config{};
  config.start = true;
  config.num_of_servers = 1;
  config.servers[0] = "pool.ntp.org";
  (void)esp_netif_sntp_init(&config);  // without it the clock stays unset, which every sample tells
}

}  // namespace fb::esp32
