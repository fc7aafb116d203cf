#include "ports/esp32/faults.h"

#include <cerrno>

#include "esp_tls_errors.h"
#include "esp_wifi_types.h"

namespace fb::esp32 {

NetworkFault network_fault(int reason, bool joined) {
  if (joined) return NetworkFault::kLost;
  switch (reason) {
    case WIFI_REASON_NO_AP_FOUND:
      return NetworkFault::kNotFound;
    // The access point never says "wrong password": it goes silent in the handshake, or ends it.
    case WIFI_REASON_4WAY_HANDSHAKE_TIMEOUT:
    case WIFI_REASON_HANDSHAKE_TIMEOUT:
    case WIFI_REASON_AUTH_FAIL:
    case WIFI_REASON_MIC_FAILURE:
    case WIFI_REASON_802_1X_AUTH_FAILED:
      return NetworkFault::kWrongPassword;
    default:
      return NetworkFault::kTimeout;
  }
}

MqttFault mqtt_fault(const esp_mqtt_error_codes_t& error) {
  if (error.error_type == MQTT_ERROR_TYPE_CONNECTION_REFUSED) {
    const bool account = error.connect_return_code == MQTT_CONNECTION_REFUSE_BAD_USERNAME ||
                         error.connect_return_code == MQTT_CONNECTION_REFUSE_NOT_AUTHORIZED;
    return account ? MqttFault::kNotAuthorised : MqttFault::kRefused;
  }
  if (error.esp_tls_stack_err != 0 || error.esp_tls_cert_verify_flags != 0) return MqttFault::kTls;
  switch (error.esp_tls_last_esp_err) {
    case ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME:
      return MqttFault::kNameNotFound;
    case ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT:
      return MqttFault::kTimeout;
    default:
      return error.esp_transport_sock_errno == ETIMEDOUT ? MqttFault::kTimeout : MqttFault::kUnreachable;
  }
}

}  // namespace fb::esp32
