// What of the core's memory is whose, for `nm`: an array of its size each. Compiled, never linked.
#include "core/batch_uplink.h"
#include "core/board.h"
#include "core/device.h"
#include "core/http_api.h"

extern "C" {
char part_BatchUplink[sizeof(fb::BatchUplink)];
char part_HttpApi[sizeof(fb::HttpApi) + fb::HttpApi::kLeastBuffer];

char part_BrokerSession[sizeof(fb::BrokerSession)];
char part_ConfigStore[sizeof(fb::ConfigStore)];
char part_Improv[sizeof(fb::Improv)];
char part_Journal[sizeof(fb::Journal)];
char part_KeyMethods[sizeof(fb::KeyMethods)];
char part_Logger[sizeof(fb::Logger)];
char part_MessageAuth[sizeof(fb::MessageAuth)];
char part_Orchestrator[sizeof(fb::Orchestrator)];
char part_OtaReceiver[sizeof(fb::OtaReceiver)];
char part_Registry[sizeof(fb::Registry)];
char part_RpcRouter[sizeof(fb::RpcRouter)];
char part_SerialLine[sizeof(fb::SerialLine)];
char part_SettingsScratch[sizeof(fb::SettingsScratch)];
char part_Telemetry[sizeof(fb::Telemetry)];
}
