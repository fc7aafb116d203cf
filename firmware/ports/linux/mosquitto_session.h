#pragma once

#include <poll.h>

#include <deque>
#include <memory>
#include <string>

#include "hal/mqtt.h"

struct mosquitto;

namespace fb::posix {

/// Files of a TLS session with a broker (`mqtts`); empty ones are not used, and without `ca` the system's are believed.
struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

/// A session by libmosquitto 2 (mosquitto.h), over TCP or TLS, MQTT 3.1.1. One task calls all of it; only a host's name is
/// looked up in a thread of its own, since the C library waits for the answer.
class MosquittoSession final : public MqttClient {
 public:
  struct Message {
    std::string topic;
    std::string payload;
  };
  /// Messages on their way to the broker; with so many the next is not taken.
  static constexpr size_t kMostPending = 512;

  explicit MosquittoSession(TlsFiles tls);
  ~MosquittoSession() override;
  MosquittoSession(const MosquittoSession&) = delete;
  MosquittoSession& operator=(const MosquittoSession&) = delete;

  bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) override;
  void open(const MqttSettings& settings) override;
  void close() override;
  void subscribe(std::string_view topic, uint8_t qos) override;
  MqttState state() override;
  MqttFault fault() override { return fault_; }
  MqttCounters counters() override { return counters_; }

  /// What to wait for; fd −1: nothing.
  pollfd wanted() const;
  /// After the wait, and at least each 200 ms.
  void service(short revents);
  /// The next message that came.
  bool next(Message& out);
  bool connecting() const { return state_ == MqttState::kConnecting; }
  /// Messages that the broker has not taken yet.
  size_t pending() const { return pending_; }

 private:
  struct Lookup;
  struct Client;
  void begin();
  void fail(MqttFault fault);
  void judge(int result);
  void connected(int code);

  TlsFiles tls_;
  std::shared_ptr<Client> client_;
  std::shared_ptr<Lookup> lookup_;
  std::deque<Message> inbox_;
  MqttState state_ = MqttState::kOff;
  MqttFault fault_ = MqttFault::kNone;
  size_t pending_ = 0;
  MqttCounters counters_;
};

}  // namespace fb::posix
