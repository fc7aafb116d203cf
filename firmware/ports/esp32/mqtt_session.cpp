#include "ports/esp32/mqtt_session.h"

#include <cstring>
#include <string>

#include "esp_crt_bundle.h"
#include "freertos/task.h"
#include "ports/esp32/faults.h"

namespace fb::esp32 {
namespace {

constexpr size_t kArrivedBytes = 10 * 1024;
/// What may wait for the network's acknowledgement; beyond it a message is not taken.
constexpr int kMaxOutboxBytes = 16 * 1024;

/// Stopping waits for esp-mqtt's task, which may be in the middle of a connect of several seconds: it gets a task.
void retire(void* client) {
  const auto handle = static_cast<esp_mqtt_client_handle_t>(client);
  (void)esp_mqtt_client_stop(handle);  // says DISCONNECT where it was connected
  (void)esp_mqtt_client_destroy(handle);
  vTaskDelete(nullptr);
}

}  // namespace

Status MqttSession::begin() {
  arrived_ = xMessageBufferCreate(kArrivedBytes);
  return arrived_ == nullptr ? Status::kNoSpace : Status::kOk;
}

void MqttSession::open(const MqttSettings& settings) {
  close();
  // esp_mqtt_client_init copies them.
  const std::string uri(settings.uri), username(settings.username), password(settings.password),
      client_id(settings.client_id), will_topic(settings.will_topic);
  esp_mqtt_client_config_t config{};
  config.broker.address.uri = uri.c_str();
  config.broker.verification.crt_bundle_attach = esp_crt_bundle_attach;
  config.credentials.client_id = client_id.c_str();
  if (!username.empty()) config.credentials.username = username.c_str();
  if (!password.empty()) config.credentials.authentication.password = password.c_str();
  config.session.last_will.topic = will_topic.c_str();
  config.session.last_will.msg = settings.will_payload.data();
  config.session.last_will.msg_len = static_cast<int>(settings.will_payload.size());
  config.session.last_will.qos = 1;
  config.session.last_will.retain = 1;
  config.session.keepalive = 30;
  config.network.disable_auto_reconnect = true;
  config.network.timeout_ms = 8000;
  config.buffer.size = 1536;
  fault_ = MqttFault::kNone;
  state_ = MqttState::kConnecting;
  const esp_mqtt_client_handle_t client = esp_mqtt_client_init(&config);
  if (client == nullptr) return fail(MqttFault::kBadUri);
  client_ = client;
  if (esp_mqtt_client_register_event(client, MQTT_EVENT_ANY, on_event, this) != ESP_OK ||
      esp_mqtt_client_start(client) != ESP_OK)
    fail(MqttFault::kRefused);
}

void MqttSession::close() {
  const esp_mqtt_client_handle_t client = client_.exchange(nullptr);
  state_ = MqttState::kOff;
  fault_ = MqttFault::kNone;
  if (client == nullptr) return;
  if (xTaskCreate(retire, "mqtt_end", 4096, client, tskIDLE_PRIORITY + 1, nullptr) != pdPASS) {
    (void)esp_mqtt_client_stop(client);  // no memory for a task: then it is waited for
    (void)esp_mqtt_client_destroy(client);
  }
}

bool MqttSession::publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) {
  const esp_mqtt_client_handle_t client = client_;
  char name[kMaxTopic + 1] = {};
  if (state_ != MqttState::kConnected || topic.size() > kMaxTopic) return false;
  if (esp_mqtt_client_get_outbox_size(client) > kMaxOutboxBytes) return false;
  topic.copy(name, topic.size());
  return esp_mqtt_client_enqueue(client, name, payload.data(), static_cast<int>(payload.size()), qos, retain, true) >= 0;
}

void MqttSession::subscribe(std::string_view topic, uint8_t qos) {
  char name[kMaxTopic + 1] = {};
  if (state_ != MqttState::kConnected || topic.size() > kMaxTopic) return;
  topic.copy(name, topic.size());
  (void)esp_mqtt_client_subscribe(client_, name, qos);
}

bool MqttSession::next(Message& out) {
  const size_t size = xMessageBufferReceive(arrived_, taken_, sizeof taken_, 0);
  if (size == 0) return false;
  const auto topic_size = static_cast<uint8_t>(taken_[0]);
  out.topic = {taken_ + 1, topic_size};
  out.payload = {taken_ + 1 + topic_size, size - 1 - topic_size};
  return true;
}

void MqttSession::on_event(void* self, esp_event_base_t, int32_t, void* data) {
  MqttSession& session = *static_cast<MqttSession*>(self);
  const esp_mqtt_event_t& event = *static_cast<const esp_mqtt_event_t*>(data);
  if (event.client != session.client_) return;  // one that is being retired
  switch (event.event_id) {
    case MQTT_EVENT_CONNECTED:
      session.state_ = MqttState::kConnected;
      break;
    case MQTT_EVENT_DATA:
      session.take_part(event);
      break;
    case MQTT_EVENT_ERROR:
      if (event.error_handle != nullptr && event.error_handle->error_type != MQTT_ERROR_TYPE_SUBSCRIBE_FAILED)
        session.fail(mqtt_fault(*event.error_handle));
      break;
    case MQTT_EVENT_DISCONNECTED:  // after the error that says why, or without one where the broker hung up
      if (session.state_ != MqttState::kFailed) session.fail(MqttFault::kUnreachable);
      break;
    default:
      break;
  }
}

void MqttSession::take_part(const esp_mqtt_event_t& event) {
  // Only the first part has the topic (mqtt_client.h, MQTT_EVENT_DATA).
  if (event.current_data_offset == 0) {
    const auto topic_size = static_cast<size_t>(event.topic_len);
    const bool fits = topic_size <= kMaxTopic && static_cast<size_t>(event.total_data_len) <= kMaxPayload;
    whole_size_ = 0;
    if (!fits) {
      dropped_++;
      return;
    }
    whole_[0] = static_cast<char>(topic_size);
    std::memcpy(whole_ + 1, event.topic, topic_size);
    whole_size_ = 1 + topic_size;
  }
  if (whole_size_ == 0) return;
  const auto size = static_cast<size_t>(event.data_len);
  if (size > sizeof whole_ - whole_size_) return;
  if (size > 0) std::memcpy(whole_ + whole_size_, event.data, size);
  whole_size_ += size;
  if (event.current_data_offset + event.data_len < event.total_data_len) return;
  if (xMessageBufferSend(arrived_, whole_, whole_size_, 0) != whole_size_) dropped_++;
}

void MqttSession::fail(MqttFault fault) {
  fault_ = fault;
  state_ = MqttState::kFailed;
}

}  // namespace fb::esp32
