#pragma once

#include "core/time.h"

namespace fb::esp32 {

/// Since boot, and the wall clock once SNTP set it.
Now now();
/// Asks `pool.ntp.org` for the time once there is a network. Call once, after esp_netif_init().
void start_sntp();

}  // namespace fb::esp32
