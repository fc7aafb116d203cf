#pragma once

#include "hal/mqtt.h"
#include "hal/network.h"
#include "mqtt_client.h"

namespace fb::esp32 {

/// @param reason of WIFI_EVENT_STA_DISCONNECTED (wifi_err_reason_t); @param joined it had an address before
NetworkFault network_fault(int reason, bool joined);
MqttFault mqtt_fault(const esp_mqtt_error_codes_t& error);

}  // namespace fb::esp32
