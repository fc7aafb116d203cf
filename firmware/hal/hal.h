#pragma once

#include "hal/log.h"
#include "hal/memory.h"
#include "hal/mqtt.h"
#include "hal/network.h"
#include "hal/pwm.h"
#include "hal/rng.h"
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
  PwmOut& led;
};

/// What a board has besides: a cable, a network and a broker session of its own.
struct BoardHal {
  SerialOut& serial;
  Network& network;
  MqttClient& mqtt;
};

}  // namespace fb
