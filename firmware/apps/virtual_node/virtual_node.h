#pragma once

#include <memory>

#include "components/adc_input/adc_input.h"
#include "components/bme280/bme280.h"
#include "components/dht22/dht22.h"
#include "components/inverter_flow/device_flow.h"
#include "components/led/led.h"
#include "components/model_service/model_service.h"
#include "components/modbus_rtu/modbus_rtu.h"
#include "components/relay/relay.h"
#include "components/rules_service/device_rule_actor.h"
#include "components/sim_climate/sim_climate.h"
#include "core/board.h"
#include "core/device.h"
#include "core/line_log.h"
#include "core/sample_listeners.h"
#include "sim/sim_adc.h"
#include "sim/sim_bme280.h"
#include "sim/sim_dht22.h"
#include "sim/sim_inverter.h"
#include "sim/world.h"

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

/// A contact that switches nothing.
class SimContact final : public DigitalOut {
 public:
  void set(bool high) override { high_ = high; }
  bool high() const { return high_; }

 private:
  bool high_ = false;
};

/// What hangs on a virtual device: one of each part, in one world, behind the interfaces that real drivers use.
struct SimParts {
  SimParts(uint64_t seed_value, const Scenario& scenario);
  void advance(const Now& time) {
    now = time;
    inverter.advance(time);
  }

  const uint64_t seed;
  Now now;
  World world;
  SimBme280 bme280{world, now};
  SimDht22 dht22{world, now};
  SimAdc pyranometer{world, now, SimAdc::Source::kPyranometer};
  SimInverter inverter{world};
  SimLamp lamp;
  SimContact contacts[2];
  RelayOutputs relays{{&contacts[0], &contacts[1]}, 2};
};

/// What a virtual device runs: the drivers of simulated parts. The body gives storage, randomness and the way out.
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
  VirtualNode(const Identity& identity, uint64_t seed, const Body& body, const BoardHal* board = nullptr,
              const Scenario& scenario = {});

  /// @param first_boot the configuration of a device with an empty flash; what it leaves out has its default
  Status start(std::string_view first_boot, const Now& now);
  Device& device() { return device_; }
  /// Null where it was made without.
  Board* board() { return board_.get(); }
  Millis step(const Now& now);
  const SimLamp& lamp() const { return parts_.lamp; }

 private:
  SimParts parts_;
  SimRadio radio_;
  std::unique_ptr<LineLog> line_log_;
  Hal hal_;
  SampleListeners listeners_;
  Device device_;
  DeviceRuleActor rule_actor_;
  SimClimateFactory climate_;
  Bme280Factory bme280_;
  Dht22Factory dht22_;
  AdcInputFactory adc_;
  ModbusRtuFactory modbus_;
  LedFactory led_;
  RelayFactory relay_;
  RulesServiceFactory rules_;
  ModelServiceFactory model_;
  FlowDevice flow_device_;
  DeviceFlowFactory flow_;
  std::unique_ptr<Board> board_;
};

}  // namespace fb
