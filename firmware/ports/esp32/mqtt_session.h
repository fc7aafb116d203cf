#pragma once

#include <atomic>
#include <cstdint>

#include "core/status.h"
#include "freertos/FreeRTOS.h"
#include "freertos/message_buffer.h"
#include "hal/mqtt.h"
#include "mqtt_client.h"

namespace fb::esp32 {

/// A session by esp-mqtt, which runs in a task of its own: its events set what the device's task polls, and messages go
/// through a bounded buffer. It does not connect again by itself.
class MqttSession final : public MqttClient {
 public:
  static constexpr size_t kMaxTopic = 128;
  static constexpr size_t kMaxPayload = 4096;

  /// Call once, before the rest.
  Status begin();

  bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) override;
  void open(const MqttSettings& settings) override;
  void close() override;
  void subscribe(std::string_view topic, uint8_t qos) override;
  MqttState state() override { return state_; }
  MqttFault fault() override { return fault_; }

  struct Message {
    std::string_view topic;
    std::string_view payload;
  };
  /// The next message that arrived. False: none. The views are valid until the next call.
  bool next(Message& out);
  /// Messages that were too long, or came faster than they were taken.
  uint32_t dropped() const { return dropped_; }

 private:
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void take_part(const esp_mqtt_event_t& event);
  void fail(MqttFault fault);

  /// One message in the buffer: a byte with the topic's length, the topic, the payload.
  static constexpr size_t kMaxMessage = 1 + kMaxTopic + kMaxPayload;

  std::atomic<esp_mqtt_client_handle_t> client_{nullptr};
  std::atomic<MqttState> state_{MqttState::kOff};
  std::atomic<MqttFault> fault_{MqttFault::kNone};
  std::atomic<uint32_t> dropped_{0};
  MessageBufferHandle_t arrived_ = nullptr;
  char whole_[kMaxMessage];  ///< what esp-mqtt gave in parts; its task's own
  size_t whole_size_ = 0;    ///< 0: the parts that come are of a message that is not taken
  char taken_[kMaxMessage];
};

}  // namespace fb::esp32
