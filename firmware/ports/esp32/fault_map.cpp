#include "ports/esp32/fault_map.h"

namespace fb::esp32 {

NetworkFault network_fault(int reason, bool joined) {
  if (joined) return NetworkFault::kLost;
  switch (reason) {
    case kNoAccessPoint:
      return NetworkFault::kNotFound;
    // The access point never says "wrong password": it goes silent in the handshake, or ends it.
    case kFourWayHandshakeTimeout:
    case kHandshakeTimeout:
    case kAuthFail:
    case kMicFailure:
    case kEightOhTwoOneXFailed:
      return NetworkFault::kWrongPassword;
    default:
      return NetworkFault::kTimeout;
  }
}

MqttFault session_fault(const SessionError& error) {
  if (error.return_code != 0) {
    const bool account = error.return_code == kBadUsername || error.return_code == kNotAuthorised;
    return account ? MqttFault::kNotAuthorised : MqttFault::kRefused;
  }
  if (error.tls) return MqttFault::kTls;
  if (error.tls_error == kCannotResolve) return MqttFault::kNameNotFound;
  return error.timed_out || error.tls_error == kConnectionTimeout ? MqttFault::kTimeout : MqttFault::kUnreachable;
}

}  // namespace fb::esp32
