#pragma once

#include "hal/mqtt.h"
#include "mqtt_client.h"

namespace fb::esp32 {

/// What esp-mqtt says of a session that did not come up, or broke.
MqttFault mqtt_fault(const esp_mqtt_error_codes_t& error);

}  // namespace fb::esp32
