#pragma once

#include "components/led/led.h"
#include "components/sim_climate/climate_world.h"
#include "components/sim_climate/sim_climate.h"
#include "core/device.h"

namespace fb {

/// A radio whose signal wanders as a hand's breadth of multipath does.
class SimRadio final : public Signal {
 public:
  explicit SimRadio(uint64_t seed);
  int rssi_dbm(Millis now) override;

 private:
  SeededNoise noise_;
  Wander fading_{5, 120};
  double mean_dbm_;
  Millis last_ms_ = 0;
};

/// A lamp nobody sees.
class SimLamp final : public PwmOut {
 public:
  void set_duty(double duty) override { duty_ = duty; }
  double duty() const { return duty_; }

 private:
  double duty_ = 0;
};

/// What a virtual device runs: a simulated climate and a lamp. The body gives storage, randomness and the way out.
class VirtualNode {
 public:
  /// What a body has to give; the rest is simulated here.
  struct Body {
    Storage& storage;
    Rng& rng;
    MqttOut& mqtt;
    Memory& memory;
    Log& log;
  };
  VirtualNode(const Identity& identity, uint64_t seed, const Body& body);

  /// @param first_boot the configuration of a device with an empty flash; what it leaves out has its default
  Status start(std::string_view first_boot, const Now& now);
  Device& device() { return device_; }
  const SimLamp& lamp() const { return lamp_; }

 private:
  SimRadio radio_;
  SimLamp lamp_;
  Device device_;
  SimClimateFactory climate_;
  LedFactory led_;
};

}  // namespace fb
