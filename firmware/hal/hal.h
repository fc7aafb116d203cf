#pragma once

#include "hal/crypto.h"
#include "hal/firmware_slots.h"
#include "hal/flash_region.h"
#include "hal/log.h"
#include "hal/memory.h"
#include "hal/mqtt.h"
#include "hal/network.h"
#include "hal/power.h"
#include "hal/rng.h"
#include "hal/stopwatch.h"
#include "hal/storage.h"
#include "hal/uart.h"

namespace fb {

/// Everything a body gives the core. The body owns it all and outlives the device.
struct Hal {
  Storage& storage;
  Rng& rng;
  MqttOut& mqtt;
  Signal& signal;
  Memory& memory;
  Log& log;
  Stopwatch& stopwatch;
  Power& power;
  Crypto& crypto;
  FlashRegion& telemetry;  ///< where the telemetry log lies
  FirmwareSlots& slots;
};

/// What a board has besides: a cable, a network and a broker session of its own.
struct BoardHal {
  SerialOut& serial;
  Network& network;
  MqttClient& mqtt;
};

}  // namespace fb
