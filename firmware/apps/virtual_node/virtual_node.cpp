#include "apps/virtual_node/virtual_node.h"

#include <algorithm>
#include <cmath>

namespace fb {
namespace {

constexpr std::string_view kFactoryDefault =
    R"({"components":[{"id":"climate","type":"sim-climate"},{"id":"led","type":"led"}]})";

}  // namespace

SimRadio::SimRadio(uint64_t seed) : noise_(seed ^ 0x52414449), mean_dbm_(-48 - 22 * noise_.uniform()) {}

int SimRadio::rssi_dbm(Millis now) {
  const double elapsed_s = static_cast<double>(now - std::exchange(last_ms_, now)) / 1000;
  const double level = mean_dbm_ + fading_.advance(elapsed_s, noise_) + 0.7 * noise_.normal();
  return static_cast<int>(std::lround(std::clamp(level, -94.0, -25.0)));
}

SimParts::SimParts(uint64_t seed_value, const Scenario& scenario) : seed(seed_value), world(seed_value, scenario) {}

VirtualNode::VirtualNode(const Identity& identity, uint64_t seed, const Body& body, const BoardHal* board,
                         const Scenario& scenario)
    : parts_(seed, scenario),
      radio_(seed),
      line_log_(board != nullptr ? new LineLog(board->serial, body.log) : nullptr),
      hal_{body.storage,
           body.rng,
           body.mqtt,
           board != nullptr ? static_cast<Signal&>(board->network) : radio_,
           body.memory,
           line_log_ != nullptr ? *line_log_ : body.log,
           body.stopwatch,
           body.power,
           body.crypto,
           body.telemetry,
           body.slots},
      device_(identity, hal_),
      rule_actor_(device_),
      climate_(device_.samples(), parts_.seed),
      bme280_(parts_.bme280, device_.samples()),
      dht22_(parts_.dht22, device_.samples()),
      adc_(parts_.pyranometer, device_.samples()),
      modbus_(parts_.inverter, device_.samples()),
      led_(parts_.lamp),
      relay_(parts_.relays),
      rules_(rule_actor_, listeners_),
      model_(device_.samples(), listeners_, body.stopwatch),
      flow_device_{device_, body.rng, listeners_},
      flow_(flow_device_),
      board_(board != nullptr ? new Board(device_, hal_, *board) : nullptr) {}

Status VirtualNode::start(std::string_view first_boot, const Now& now) {
  ComponentFactory* const factories[] = {&climate_, &led_,   &bme280_, &dht22_, &adc_,
                                         &modbus_,  &relay_, &rules_,  &model_, &flow_};
  for (ComponentFactory* factory : factories) {
    const Status added = device_.add_type(*factory);
    if (added != Status::kOk) return added;
  }
  listeners_.follow(device_.orchestrator());
  const Status tapped = device_.telemetry().add_tap(listeners_);
  if (tapped != Status::kOk) return tapped;
  parts_.advance(now);
  if (board_ == nullptr) return device_.start(first_boot, kFactoryDefault, now);
  line_log_->set_time(now.mono);
  hal_.log.write(LogLevel::kInfo, "boot", "fieldbench-node");
  return board_->start(first_boot, kFactoryDefault, now);
}

Millis VirtualNode::step(const Now& now) {
  parts_.advance(now);
  if (board_ == nullptr) return device_.step(now);
  line_log_->set_time(now.mono);
  return board_->step(now);
}

}  // namespace fb
