#pragma once

#include "hal/log.h"
#include "hal/memory.h"
#include "hal/mqtt.h"
#include "hal/network.h"
#include "hal/pwm.h"
#include "hal/rng.h"
#include "hal/storage.h"

namespace fb {

/// Everything a body gives the core. The body owns it all and outlives the device.
struct Hal {
  Storage& storage;
  Rng& rng;
  MqttOut& mqtt;
  Network& network;
  Memory& memory;
  Log& log;
  PwmOut& led;
};

}  // namespace fb
