#pragma once

#include "core/broker_session.h"
#include "core/device.h"
#include "core/improv.h"
#include "core/network_join.h"
#include "core/rpc_board.h"
#include "core/serial_line.h"
#include "core/trial.h"

namespace fb {

/// A device with a cable, a network and a broker session of its own; docs/firmware.md §7. The body makes a Device and a
/// Board around it, steps the Board alone, and gives it what the cable and the session bring. One task.
class Board final : private SerialSink, private ImprovHost {
 public:
  static constexpr Millis kDefaultTrial = 60'000;
  static constexpr int kShortestTrialS = 10;
  static constexpr int kLongestTrialS = 600;

  /// @param hal as the device was made with
  Board(Device& device, const Hal& hal, const BoardHal& board);

  /// Reads name and settings, starts the device and begins to join; as Device::start().
  Status start(std::string_view first_boot, std::string_view factory_default, const Now& now);
  /// Polls network and session and runs what is due. Returns when to be called next.
  Millis step(const Now& now);
  /// Bytes that came over the cable.
  void serial(std::string_view bytes, const Now& now);
  /// A message of the broker session.
  bool receive(std::string_view topic, std::string_view payload, const Now& now) {
    return device_.receive(topic, payload, now);
  }

  // What the Device API asks for, docs/protocol.md §4.1.
  /// kInvalid: not 1–64 bytes of text; kStorage: not stored, and unchanged.
  Status rename(std::string_view name) override;
  void try_wifi(const WifiSettings& settings, Millis trial, const Now& now);
  void try_broker(const BrokerSettings& settings, Millis trial, const Now& now);
  /// Stores what is on trial and adds its names to `out`, an open array; revert() likewise.
  Status confirm(JsonWriter& out);
  void revert(JsonWriter& out, const Now& now);
  /// A record that the body reads when it opens a session. kStorage: not written, or perhaps in part.
  Status store(std::string_view record, std::string_view bytes) { return hal_.storage.write(record, bytes); }
  void write_wifi_status(JsonWriter& out, const Now& now);
  void write_broker_status(JsonWriter& out) const;

 private:
  void take_frame(std::string_view json) override;
  void take_improv(uint8_t type, std::string_view data) override { improv_.take(type, data, now_); }
  void take_bad_improv() override { improv_.take_bad(); }
  bool online() const override { return join_.state() == NetworkState::kJoined; }
  void provision(const WifiSettings& settings) override;
  void end_provisioning(const Now& now);
  void end_trials(const Now& now);
  void load_name();
  Millis act_at(const Now& now) const;

  Device& device_;
  Hal hal_;
  BoardHal board_;
  Log& log_;
  BoardMethods methods_{*this};
  SerialLine line_;
  Improv improv_;
  NetworkJoin join_;
  BrokerSession broker_;
  Trial<WifiSettings> wifi_;
  Trial<BrokerSettings> mqtt_;
  WifiSettings provisioning_;
  uint32_t joins_before_ = 0;
  bool is_provisioning_ = false;
  Now now_;  ///< of the call under way
  bool over_cable_ = false;  ///< the call under way came over the cable, whose answers no setting cuts off
};

}  // namespace fb
