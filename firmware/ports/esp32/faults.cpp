#include "ports/esp32/faults.h"

#include <cerrno>

#include "esp_tls_errors.h"
#include "esp_wifi_types.h"
#include "ports/esp32/fault_map.h"

namespace fb::esp32 {

// The map is written in numbers, so that it is tried on the host.
static_assert(kNoAccessPoint == static_cast<int>(WIFI_REASON_NO_AP_FOUND));
static_assert(kFourWayHandshakeTimeout == static_cast<int>(WIFI_REASON_4WAY_HANDSHAKE_TIMEOUT));
static_assert(kHandshakeTimeout == static_cast<int>(WIFI_REASON_HANDSHAKE_TIMEOUT));
static_assert(kAuthFail == static_cast<int>(WIFI_REASON_AUTH_FAIL));
static_assert(kMicFailure == static_cast<int>(WIFI_REASON_MIC_FAILURE));
static_assert(kEightOhTwoOneXFailed == static_cast<int>(WIFI_REASON_802_1X_AUTH_FAILED));
static_assert(kCannotResolve == ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME);
static_assert(kConnectionTimeout == ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT);
static_assert(kBadUsername == static_cast<int>(MQTT_CONNECTION_REFUSE_BAD_USERNAME));
static_assert(kNotAuthorised == static_cast<int>(MQTT_CONNECTION_REFUSE_NOT_AUTHORIZED));

MqttFault mqtt_fault(const esp_mqtt_error_codes_t& error) {
  SessionError facts;
  if (error.error_type == MQTT_ERROR_TYPE_CONNECTION_REFUSED) {
    // A broker that refuses and gives no reason has still refused.
    facts.return_code = error.connect_return_code != 0 ? static_cast<int>(error.connect_return_code) : -1;
  } else {
    facts.tls = error.esp_tls_stack_err != 0 || error.esp_tls_cert_verify_flags != 0;
    facts.tls_error = error.esp_tls_last_esp_err;
    facts.timed_out = error.esp_transport_sock_errno == ETIMEDOUT;
  }
  return session_fault(facts);
}

}  // namespace fb::esp32
