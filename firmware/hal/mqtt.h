#pragma once

#include <cstdint>
#include <string_view>

namespace fb {

/// What a body's sessions carried since its start. Bytes are of topics and payloads; each number begins anew at 2³².
struct MqttCounters {
  uint32_t messages_out = 0;
  uint32_t bytes_out = 0;
  uint32_t messages_in = 0;
  uint32_t bytes_in = 0;
  uint32_t lost_out = 0;  ///< publish() took them, and no broker is known to have them
  uint32_t lost_in = 0;   ///< too long, or came faster than they were taken
};

/// The way out to a broker, or to what stands for one.
class MqttOut {
 public:
  virtual ~MqttOut() = default;
  /// Hands one message over; returns at once, and does not keep the views. False: not taken, the message is lost.
  virtual bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) = 0;
  /// Zeros where the body does not count.
  virtual MqttCounters counters() { return {}; }
};

/// The numbers are those of the WebAssembly ABI, docs/firmware.md §3.
enum class MqttState : uint8_t { kOff = 0, kConnecting = 1, kConnected = 2, kFailed = 3 };
enum class MqttFault : uint8_t {
  kNone = 0,
  kBadUri = 1,
  kNameNotFound = 2,
  kUnreachable = 3,
  kNotAuthorised = 4,
  kRefused = 5,
  kTls = 6,
  kTimeout = 7,
};

/// What a session is opened with. The views are valid during open() only. The session is clean; the will is retained,
/// QoS 1.
struct MqttSettings {
  std::string_view uri;  ///< mqtt|mqtts|ws|wss://host[:port][/path]
  std::string_view username;
  std::string_view password;
  std::string_view client_id;
  std::string_view will_topic;
  std::string_view will_payload;
};

/// A device's own session with a broker. Nothing blocks: acts begin, and how they ended is polled in step(). It does not
/// try again by itself: core/broker_session.h does. Messages arrive by Board::receive(), in the task that calls step().
class MqttClient : public MqttOut {
 public:
  /// Closes what is open and begins anew; state() is kConnecting at once, or kFailed.
  virtual void open(const MqttSettings& settings) = 0;
  /// Without the will where it was connected; state() is kOff after it.
  virtual void close() = 0;
  /// Only while connected; else it is nothing.
  virtual void subscribe(std::string_view topic, uint8_t qos) = 0;
  virtual MqttState state() = 0;
  /// Why state() is kFailed; else kNone.
  virtual MqttFault fault() = 0;
};

}  // namespace fb
