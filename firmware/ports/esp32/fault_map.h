#pragma once

#include "hal/mqtt.h"
#include "hal/network.h"

namespace fb::esp32 {

/// Why an access point let go of the chip: numbers of IEEE 802.11 table 9-49 below 200, ESP-IDF's own above
/// (esp_wifi_types.h). faults.cpp holds them against ESP-IDF's names.
enum WifiReason : int {
  kMicFailure = 14,
  kFourWayHandshakeTimeout = 15,
  kEightOhTwoOneXFailed = 23,
  kNoAccessPoint = 201,
  kAuthFail = 202,
  kHandshakeTimeout = 204,
};
/// @param joined it had an address before
NetworkFault network_fault(int reason, bool joined);

/// Why a session with a broker did not come up, taken out of what esp-mqtt tells.
struct SessionError {
  /// The CONNACK's return code, MQTT 3.1.1 table 3.1; 0 where the broker did not answer at all.
  int return_code = 0;
  /// TLS said no: an error of its stack, or flags of a certificate that does not hold.
  bool tls = false;
  /// ESP-TLS's own code (esp_tls_errors.h); 0 where it is none.
  int tls_error = 0;
  /// The socket gave up waiting.
  bool timed_out = false;
};
constexpr int kCannotResolve = 0x8001;
constexpr int kConnectionTimeout = 0x8006;
constexpr int kBadUsername = 4;
constexpr int kNotAuthorised = 5;
MqttFault session_fault(const SessionError& error);

}  // namespace fb::esp32
