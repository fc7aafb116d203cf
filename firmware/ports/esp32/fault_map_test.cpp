#include "ports/esp32/fault_map.h"

#include "ports/host/test.h"

using fb::MqttFault;
using fb::NetworkFault;
using fb::esp32::network_fault;
using fb::esp32::session_fault;
using fb::esp32::SessionError;

FB_TEST("a join that failed says what a person can do about it") {
  EXPECT(network_fault(201, false) == NetworkFault::kNotFound);
  for (const int reason : {14, 15, 23, 202, 204}) EXPECT(network_fault(reason, false) == NetworkFault::kWrongPassword);
  for (const int reason : {1, 2, 4, 200, 203, 205}) EXPECT(network_fault(reason, false) == NetworkFault::kTimeout);
}

FB_TEST("a network that was there is lost, whatever ended it") {
  for (int reason = 0; reason < 256; reason++) EXPECT(network_fault(reason, true) == NetworkFault::kLost);
}

FB_TEST("a broker that answered no is told from one that was not reached") {
  SessionError refused;
  for (const int code : {1, 2, 3, 4, 5}) {
    refused.return_code = code;
    EXPECT(session_fault(refused) == (code >= 4 ? MqttFault::kNotAuthorised : MqttFault::kRefused));
  }
  EXPECT(session_fault({0, true, 0, true}) == MqttFault::kTls);
  EXPECT(session_fault({0, false, 0x8001, false}) == MqttFault::kNameNotFound);
  EXPECT(session_fault({0, false, 0x8006, false}) == MqttFault::kTimeout);
  EXPECT(session_fault({0, false, 0, true}) == MqttFault::kTimeout);
  EXPECT(session_fault({0, false, 0x8004, false}) == MqttFault::kUnreachable);
  EXPECT(session_fault({}) == MqttFault::kUnreachable);
}
