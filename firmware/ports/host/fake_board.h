#pragma once

#include <string>
#include <vector>

#include "hal/hal.h"

namespace fb {

/// The cable, network and session of a board under test: one network, `Bench` with the password `right`, and one broker.
class FakeBoard {
 public:
  /// @param kind a wired one joins whatever it is told
  explicit FakeBoard(NetworkKind kind = NetworkKind::kWifi) : kind_(kind) {}

  BoardHal parts() { return {serial_, network_, mqtt_}; }
  /// A restart ends what the chip was in.
  void reset() {
    joined = NetworkState::kOff;
    session = MqttState::kOff;
  }

  std::string line;        ///< what went out; cleared by the test
  std::string everything;  ///< the same, never cleared
  NetworkState joined = NetworkState::kOff;
  NetworkFault why = NetworkFault::kNone;
  MqttState session = MqttState::kOff;
  bool answers = true;  ///< false: no join ever ends
  std::vector<AccessPoint> heard;  ///< by a scan, strongest first
  int opened = 0;

 private:
  struct Serial final : SerialOut {
    explicit Serial(FakeBoard& board) : of(board) {}
    bool write(std::string_view message) override {
      of.line += message;
      of.everything += message;
      return true;
    }
    FakeBoard& of;
  };
  struct Wifi final : Network {
    explicit Wifi(FakeBoard& board) : of(board) {}
    NetworkKind kind() const override { return of.kind_; }
    void scan() override {}
    Expected<AccessPoint> scanned(size_t index) override {
      if (index >= of.heard.size()) return Status::kNotFound;
      return of.heard[index];
    }
    void join(std::string_view ssid, std::string_view password) override {
      const bool right = of.kind_ == NetworkKind::kEthernet || (ssid == "Bench" && password == "right");
      of.joined = !of.answers ? NetworkState::kJoining : right ? NetworkState::kJoined : NetworkState::kFailed;
      of.why = right ? NetworkFault::kNone : NetworkFault::kWrongPassword;
    }
    void leave() override { of.joined = NetworkState::kOff; }
    NetworkState state() override { return of.joined; }
    NetworkFault fault() override { return of.why; }
    std::string_view ip() override { return "10.0.0.2"; }
    int rssi_dbm(Millis) override { return -50; }
    FakeBoard& of;
  };
  struct Session final : MqttClient {
    explicit Session(FakeBoard& board) : of(board) {}
    bool publish(std::string_view, std::string_view, uint8_t, bool) override { return true; }
    void open(const MqttSettings&) override {
      of.opened++;
      of.session = MqttState::kConnected;
    }
    void close() override { of.session = MqttState::kOff; }
    void subscribe(std::string_view, uint8_t) override {}
    MqttState state() override { return of.session; }
    MqttFault fault() override { return MqttFault::kUnreachable; }
    FakeBoard& of;
  };

  NetworkKind kind_;
  Serial serial_{*this};
  Wifi network_{*this};
  Session mqtt_{*this};
};

}  // namespace fb
