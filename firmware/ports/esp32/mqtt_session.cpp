#include "ports/esp32/mqtt_session.h"

#include <cstdlib>
#include <cstring>

#include "core/keys.h"
#include "esp_crt_bundle.h"
#include "ports/esp32/faults.h"

namespace fb::esp32 {
namespace {

constexpr size_t kArrivedBytes = 10 * 1024;
constexpr size_t kLeavingBytes = 12 * 1024;
/// What may wait for the broker's acknowledgement; beyond it the courier waits, its buffer fills, and publish() refuses.
constexpr int kMaxOutboxBytes = 16 * 1024;
constexpr TickType_t kOutboxPoll = pdMS_TO_TICKS(20);
/// Three certificates of 2048 bits.
constexpr size_t kMaxPem = 6 * 1024;
/// It publishes, and so it writes TLS records; the handshake is in esp-mqtt's own task.
constexpr uint32_t kCourierStack = 5 * 1024;
/// Below esp-mqtt's task (5), so that one that says it has stopped is gone before its client is.
constexpr UBaseType_t kCourierPriority = 3;
constexpr TickType_t kStopSettles = 2;
constexpr int kBeginPolls = 200;

struct Held {
  explicit Held(SemaphoreHandle_t lock) : lock_(lock) { xSemaphoreTake(lock_, portMAX_DELAY); }
  ~Held() { xSemaphoreGive(lock_); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  SemaphoreHandle_t lock_;
};

bool is_tls(std::string_view uri) { return uri.substr(0, 5) == "mqtts" || uri.substr(0, 3) == "wss"; }

/// With its NUL; null where it is empty, as esp-mqtt wants it.
template <size_t N, size_t M>
const char* ended(const SmallString<N>& text, char (&out)[M]) {
  static_assert(M > N);
  text.view().copy(out, N);
  out[text.view().size()] = '\0';
  return text.empty() ? nullptr : out;
}

void forget(char*& pem) {
  if (pem == nullptr) return;
  wipe(pem, std::strlen(pem));
  std::free(pem);
  pem = nullptr;
}

}  // namespace

Status MqttSession::begin() {
  lock_ = xSemaphoreCreateMutex();
  arrived_ = xMessageBufferCreate(kArrivedBytes);
  leaving_ = xMessageBufferCreate(kLeavingBytes);
  const bool made = lock_ != nullptr && arrived_ != nullptr && leaving_ != nullptr &&
                    xTaskCreate(run_courier, "courier", kCourierStack, this, kCourierPriority, nullptr) == pdPASS;
  if (!made) lock_ = nullptr;  // then nothing is taken
  return made ? Status::kOk : Status::kNoSpace;
}

// The device's task.

void MqttSession::open(const MqttSettings& settings) {
  if (lock_ == nullptr) return;
  {
    const Held held(lock_);
    turn_++;
    const bool fits = wanted_.uri.assign(settings.uri) == Status::kOk &&
                      wanted_.username.assign(settings.username) == Status::kOk &&
                      wanted_.password.assign(settings.password) == Status::kOk &&
                      wanted_.client_id.assign(settings.client_id) == Status::kOk &&
                      wanted_.will_topic.assign(settings.will_topic) == Status::kOk &&
                      wanted_.will_payload.assign(settings.will_payload) == Status::kOk;
    wanted_.open = fits;
    fault_ = fits ? MqttFault::kNone : MqttFault::kBadUri;
    state_ = fits ? MqttState::kConnecting : MqttState::kFailed;
  }
  (void)hand_over({}, {}, 0, false, false);  // wakes the courier; where there is no room it is awake
}

void MqttSession::close() {
  if (lock_ == nullptr) return;
  {
    const Held held(lock_);
    if (!wanted_.open && state_ == MqttState::kOff) return;
    turn_++;
    wanted_.open = false;
    fault_ = MqttFault::kNone;
    state_ = MqttState::kOff;
  }
  (void)hand_over({}, {}, 0, false, false);
}

bool MqttSession::publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) {
  return state_ == MqttState::kConnected && hand_over(topic, payload, qos, retain, false);
}

void MqttSession::subscribe(std::string_view topic, uint8_t qos) {
  if (state_ != MqttState::kConnected || hand_over(topic, {}, qos, false, true)) return;
  // A session that hears nothing is none: it fails, and is opened again.
  const Held held(lock_);
  fault_ = MqttFault::kRefused;
  state_ = MqttState::kFailed;
}

MqttCounters MqttSession::counters() {
  return {messages_out_, bytes_out_, messages_in_, bytes_in_, lost_out_, lost_in_};
}

bool MqttSession::hand_over(std::string_view topic, std::string_view payload, uint8_t qos, bool retain, bool subscribe) {
  if (topic.size() > kMaxTopic || payload.size() > kMaxPayload) return false;
  const Parcel parcel = {turn_, static_cast<uint16_t>(topic.size()), qos, retain, subscribe};
  std::memcpy(packed_, &parcel, sizeof parcel);
  size_t size = sizeof parcel;
  size += topic.copy(packed_ + size, topic.size());
  packed_[size++] = '\0';
  size += payload.copy(packed_ + size, payload.size());
  if (xMessageBufferSend(leaving_, packed_, size, 0) != size) return false;
  handed_over_++;
  return true;
}

bool MqttSession::next(Message& out) {
  if (lock_ == nullptr) return false;
  const size_t size = xMessageBufferReceive(arrived_, taken_, sizeof taken_, 0);
  if (size == 0) return false;
  const auto topic_size = static_cast<uint8_t>(taken_[0]);
  out.topic = {taken_ + 1, topic_size};
  out.payload = {taken_ + 1 + topic_size, size - 1 - topic_size};
  return true;
}

// The courier.

void MqttSession::run_courier(void* self) {
  MqttSession& session = *static_cast<MqttSession*>(self);
  for (;;) {
    if (session.turn_ != session.client_turn_) session.change_session();
    const size_t size =
        xMessageBufferReceive(session.leaving_, session.carried_bytes_, kMaxParcel, portMAX_DELAY);
    session.carry(size);
    session.carried_++;
  }
}

void MqttSession::change_session() {
  retire_client();
  {
    const Held held(lock_);
    using_ = wanted_;
    client_turn_ = turn_;
  }
  if (using_.open) start_client();
}

void MqttSession::retire_client() {
  if (client_ != nullptr) {
    (void)esp_mqtt_client_stop(client_);  // says DISCONNECT where it was connected, and waits for esp-mqtt's task
    vTaskDelay(kStopSettles);             // which writes to the client once more after it has said that it stopped
    (void)esp_mqtt_client_destroy(client_);
    client_ = nullptr;
  }
  lost_out_ += unanswered_.exchange(0);  // the session is clean: nobody sends them again
  forget(ca_);
  forget(certificate_);
  forget(key_);
}

void MqttSession::start_client() {
  esp_mqtt_client_config_t config{};  // esp_mqtt_client_init copies all but the PEMs
  config.broker.address.uri = ended(using_.uri, texts_.uri);
  config.credentials.client_id = ended(using_.client_id, texts_.client_id);
  config.credentials.username = ended(using_.username, texts_.username);
  config.credentials.authentication.password = ended(using_.password, texts_.password);
  config.session.last_will.topic = ended(using_.will_topic, texts_.will_topic);
  config.session.last_will.msg = using_.will_payload.view().data();
  config.session.last_will.msg_len = static_cast<int>(using_.will_payload.view().size());
  config.session.last_will.qos = 1;
  config.session.last_will.retain = 1;
  config.session.keepalive = 30;
  config.network.disable_auto_reconnect = true;
  config.network.timeout_ms = 8000;
  config.buffer.size = 1536;
  if (is_tls(using_.uri.view())) {
    ca_ = load_pem("tls_ca");
    certificate_ = load_pem("tls_cert");
    key_ = load_pem("tls_key");
    // esp-mqtt takes the bundle before the certificate where it is given both (mqtt_client.c).
    if (ca_ != nullptr)
      config.broker.verification.certificate = ca_;
    else
      config.broker.verification.crt_bundle_attach = esp_crt_bundle_attach;
    if (certificate_ != nullptr && key_ != nullptr) {
      config.credentials.authentication.certificate = certificate_;
      config.credentials.authentication.key = key_;
    }
  }
  begun_ = false;
  client_ = esp_mqtt_client_init(&config);
  if (client_ == nullptr) return tell(MqttState::kFailed, MqttFault::kBadUri);
  if (esp_mqtt_client_register_event(client_, MQTT_EVENT_ANY, on_event, this) != ESP_OK ||
      esp_mqtt_client_start(client_) != ESP_OK)
    return tell(MqttState::kFailed, MqttFault::kRefused);
  // A client that is stopped before its task began is not stopped, and would be destroyed under it.
  for (int i = 0; i < kBeginPolls && !begun_; i++) vTaskDelay(1);
}

/// Null where there is none. What is longer than kMaxPem is none.
char* MqttSession::load_pem(std::string_view key) {
  char* const pem = static_cast<char*>(std::malloc(kMaxPem + 1));
  if (pem == nullptr) return nullptr;
  const Expected<size_t> size = storage_.read(key, pem, kMaxPem);
  if (!size.ok() || size.value() == 0) {
    std::free(pem);
    return nullptr;
  }
  pem[size.value()] = '\0';
  char* const shrunk = static_cast<char*>(std::realloc(pem, size.value() + 1));
  return shrunk == nullptr ? pem : shrunk;
}

void MqttSession::carry(size_t size) {
  Parcel parcel;
  if (size < sizeof parcel + 1) return;
  std::memcpy(&parcel, carried_bytes_, sizeof parcel);
  if (parcel.topic_size == 0) return;
  const auto lose = [&] {
    if (!parcel.subscribe) lost_out_++;
  };
  if (client_ == nullptr || parcel.turn != client_turn_) return lose();
  const char* const topic = carried_bytes_ + sizeof parcel;
  const char* const payload = topic + parcel.topic_size + 1;
  const auto payload_size = static_cast<int>(carried_bytes_ + size - payload);
  carried_bytes_[size] = '\0';  // esp-mqtt measures a payload of length 0 by its NUL
  while (turn_ == client_turn_ && state_ == MqttState::kConnected &&
         esp_mqtt_client_get_outbox_size(client_) > kMaxOutboxBytes)
    vTaskDelay(kOutboxPoll);
  if (turn_ != client_turn_) return lose();
  // Not esp_mqtt_client_enqueue(): its task sends one message a turn, and sleeps up to a second between two.
  if (parcel.subscribe) {
    if (esp_mqtt_client_subscribe(client_, topic, parcel.qos) < 0) tell(MqttState::kFailed, MqttFault::kRefused);
    return;
  }
  if (parcel.qos > 0) unanswered_++;  // before: its acknowledgement may come inside of the call
  if (esp_mqtt_client_publish(client_, topic, payload, payload_size, parcel.qos, parcel.retain ? 1 : 0) < 0) {
    if (parcel.qos > 0) unanswered_--;
    return lose();
  }
  messages_out_++;
  bytes_out_ += static_cast<uint32_t>(parcel.topic_size) + static_cast<uint32_t>(payload_size);
}

// esp-mqtt's task.

void MqttSession::tell(MqttState state, MqttFault fault) {
  const Held held(lock_);
  if (turn_ != client_turn_) return;
  fault_ = fault;
  state_ = state;
}

void MqttSession::on_event(void* self, esp_event_base_t, int32_t, void* data) {
  MqttSession& session = *static_cast<MqttSession*>(self);
  const esp_mqtt_event_t& event = *static_cast<const esp_mqtt_event_t*>(data);
  switch (event.event_id) {
    case MQTT_EVENT_BEFORE_CONNECT:
      session.begun_ = true;
      break;
    case MQTT_EVENT_CONNECTED:
      session.tell(MqttState::kConnected, MqttFault::kNone);
      break;
    case MQTT_EVENT_PUBLISHED:  // of QoS 1, for none is enqueued
      if (session.unanswered_ > 0) session.unanswered_--;
      break;
    case MQTT_EVENT_DATA:
      if (session.turn_ == session.client_turn_) session.take_part(event);
      break;
    case MQTT_EVENT_ERROR:
      if (event.error_handle != nullptr && event.error_handle->error_type != MQTT_ERROR_TYPE_SUBSCRIBE_FAILED)
        session.tell(MqttState::kFailed, mqtt_fault(*event.error_handle));
      break;
    case MQTT_EVENT_DISCONNECTED:  // after the error that says why, or without one where the broker hung up
      if (session.state_ != MqttState::kFailed) session.tell(MqttState::kFailed, MqttFault::kUnreachable);
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
      lost_in_++;
      return;
    }
    whole_[0] = static_cast<char>(topic_size);
    std::memcpy(whole_ + 1, event.topic, topic_size);
    whole_size_ = 1 + topic_size;
  }
  if (whole_size_ == 0) return;
  const auto size = static_cast<size_t>(event.data_len);
  if (size > sizeof whole_ - whole_size_) {
    lost_in_++;
    whole_size_ = 0;
    return;
  }
  if (size > 0) std::memcpy(whole_ + whole_size_, event.data, size);
  whole_size_ += size;
  if (event.current_data_offset + event.data_len < event.total_data_len) return;
  messages_in_++;
  bytes_in_ += static_cast<uint32_t>(whole_size_ - 1);
  if (xMessageBufferSend(arrived_, whole_, whole_size_, 0) != whole_size_) lost_in_++;
}

}  // namespace fb::esp32
