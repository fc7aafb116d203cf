#pragma once

#include <memory>

#include "components/led/led.h"
#include "components/sim_climate/climate_world.h"
#include "components/sim_climate/sim_climate.h"
#include "core/board.h"
#include "core/device.h"
#include "core/line_log.h"

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
    Stopwatch& stopwatch;
    Power& power;
    Crypto& crypto;
    FlashRegion& telemetry;
    FirmwareSlots& slots;
  };
  /// @param board what a practice board has besides, or null: then the host owns the session and the radio is simulated
  VirtualNode(const Identity& identity, uint64_t seed, const Body& body, const BoardHal* board = nullptr);

  /// @param first_boot the configuration of a device with an empty flash; what it leaves out has its default
  Status start(std::string_view first_boot, const Now& now);
  Device& device() { return device_; }
  /// Null where it was made without.
  Board* board() { return board_.get(); }
  Millis step(const Now& now);
  const SimLamp& lamp() const { return lamp_; }

 private:
  const uint64_t seed_;
  SimRadio radio_;
  SimLamp lamp_;
  std::unique_ptr<LineLog> line_log_;
  Hal hal_;
  Device device_;
  SimClimateFactory climate_;
  LedFactory led_;
  std::unique_ptr<Board> board_;
};

}  // namespace fb
