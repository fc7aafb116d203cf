#pragma once

#include <atomic>
#include <cstdint>

#include "core/small_string.h"
#include "core/status.h"
#include "freertos/FreeRTOS.h"
#include "freertos/message_buffer.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "hal/mqtt.h"
#include "hal/storage.h"
#include "mqtt_client.h"

namespace fb::esp32 {

/// A session by esp-mqtt. Its API cannot be called from the device's task: a lock of its own is held while it connects (the
/// network's time-out, and TLS, and DNS) and while it writes to a network that is gone, and stopping waits for the same. So
/// a second task, the courier, makes every call; the device's task hands it messages through a bounded buffer and tells it
/// what is wanted now. One client exists at a time, however often a session is opened meanwhile.
///
/// TLS trusts the record `tls_ca` (PEM) where the storage has one, else ESP-IDF's bundle of common roots; with `tls_cert`
/// and `tls_key` the client shows a certificate of its own.
class MqttSession final : public MqttClient {
 public:
  static constexpr size_t kMaxTopic = 128;
  /// The longest answer of the Device API, its frame and its seal.
  static constexpr size_t kMaxPayload = 4352;

  explicit MqttSession(Storage& storage) : storage_(storage) {}

  /// Call once, before the rest. kNoSpace: no memory for the task and its buffers.
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
  MqttCounters counters() override;
  /// Has everything that was published been given to the network? For whoever is about to sleep.
  bool idle() const { return handed_over_ == carried_; }

 private:
  /// Which session: rises with each open() and close(), so that what belongs to an earlier one is known.
  using Turn = uint32_t;

  /// What goes through the buffer to the courier, before the topic, a NUL and the payload.
  struct Parcel {
    Turn turn;
    uint16_t topic_size;
    uint8_t qos;
    bool retain;
    bool subscribe;
  };

  /// open()'s settings, copied: the courier reads them when it is ready.
  struct Wanted {
    bool open = false;
    SmallString<256> uri;
    SmallString<128> username;
    SmallString<128> password;
    SmallString<64> client_id;
    SmallString<kMaxTopic> will_topic;
    SmallString<256> will_payload;
  };

  static void run_courier(void* self);
  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  bool hand_over(std::string_view topic, std::string_view payload, uint8_t qos, bool retain, bool subscribe);
  void change_session();
  void start_client();
  void retire_client();
  void carry(size_t size);
  char* load_pem(std::string_view key);
  void take_part(const esp_mqtt_event_t& event);
  /// Of the client there is; one that is no longer wanted says nothing.
  void tell(MqttState state, MqttFault fault);

  /// One message in the buffer: a byte with the topic's length, the topic, the payload.
  static constexpr size_t kMaxMessage = 1 + kMaxTopic + kMaxPayload;
  static constexpr size_t kMaxParcel = sizeof(Parcel) + kMaxTopic + 1 + kMaxPayload;

  Storage& storage_;

  // Of the device's task.
  char packed_[kMaxParcel];
  char taken_[kMaxMessage];

  // Between the tasks.
  SemaphoreHandle_t lock_ = nullptr;  ///< over wanted_, and over turn_ with what is told of it; held for a copy
  Wanted wanted_;
  std::atomic<Turn> turn_{0};
  std::atomic<MqttState> state_{MqttState::kOff};
  std::atomic<MqttFault> fault_{MqttFault::kNone};
  std::atomic<uint32_t> messages_out_{0};
  std::atomic<uint32_t> bytes_out_{0};
  std::atomic<uint32_t> messages_in_{0};
  std::atomic<uint32_t> bytes_in_{0};
  std::atomic<uint32_t> lost_out_{0};
  std::atomic<uint32_t> lost_in_{0};
  std::atomic<uint32_t> unanswered_{0};  ///< given to esp-mqtt with QoS 1, and not acknowledged yet
  std::atomic<uint32_t> handed_over_{0};
  std::atomic<uint32_t> carried_{0};
  MessageBufferHandle_t arrived_ = nullptr;  ///< written by esp-mqtt's task
  MessageBufferHandle_t leaving_ = nullptr;  ///< read by the courier

  std::atomic<bool> begun_{false};  ///< esp-mqtt's task runs

  // Of the courier. esp-mqtt's task reads client_turn_, which stands still while there is a client.
  esp_mqtt_client_handle_t client_ = nullptr;
  Turn client_turn_ = 0;
  Wanted using_;
  struct {
    char uri[257], username[129], password[129], client_id[65], will_topic[kMaxTopic + 1];
  } texts_;  ///< using_ with NULs, while a client is made
  char* ca_ = nullptr;  ///< esp-mqtt keeps pointers to these three, so they live as long as its client
  char* certificate_ = nullptr;
  char* key_ = nullptr;
  char carried_bytes_[kMaxParcel + 1];

  // Of esp-mqtt's task.
  char whole_[kMaxMessage];  ///< what esp-mqtt gave in parts
  size_t whole_size_ = 0;    ///< 0: the parts that come are of a message that is not taken
};

}  // namespace fb::esp32
