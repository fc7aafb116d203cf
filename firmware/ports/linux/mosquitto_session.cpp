#include "ports/linux/mosquitto_session.h"

#include <arpa/inet.h>
#include <mosquitto.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace fb::posix {
namespace {

constexpr int kKeepaliveS = 30;
/// What came and was not read yet; more waits in the socket.
constexpr size_t kMostInbox = 64;

struct BrokerAddress {
  std::string host;
  int port = 0;
  bool tls = false;
};

/// mqtt|mqtts://host[:port], IPv6 in brackets. ws and wss are not spoken here.
bool read_address(std::string_view uri, BrokerAddress& out) {
  const size_t scheme_end = uri.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = uri.substr(0, scheme_end);
  out.tls = scheme == "mqtts";
  if (!out.tls && scheme != "mqtt") return false;
  std::string_view rest = uri.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('/'));
  size_t host_end = rest.find(':');
  if (!rest.empty() && rest.front() == '[') {
    const size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return false;
    out.host = std::string(rest.substr(1, bracket - 1));
    host_end = rest.find(':', bracket);
  } else {
    out.host = std::string(rest.substr(0, host_end));
  }
  out.port = out.tls ? 8883 : 1883;
  if (host_end != std::string_view::npos) {
    const std::string digits(rest.substr(host_end + 1));
    char* end = nullptr;
    const long port = std::strtol(digits.c_str(), &end, 10);
    if (digits.empty() || *end != '\0' || port < 1 || port > 65535) return false;
    out.port = static_cast<int>(port);
  }
  return !out.host.empty();
}

bool is_numeric(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

MqttFault fault_of(int result) {
  switch (result) {
    case MOSQ_ERR_EAI:
    case MOSQ_ERR_LOOKUP: return MqttFault::kNameNotFound;
    case MOSQ_ERR_TLS:
    case MOSQ_ERR_TLS_HANDSHAKE: return MqttFault::kTls;
    case MOSQ_ERR_AUTH: return MqttFault::kNotAuthorised;
    case MOSQ_ERR_KEEPALIVE: return MqttFault::kTimeout;
    case MOSQ_ERR_PROTOCOL: return MqttFault::kRefused;
    case MOSQ_ERR_INVAL: return MqttFault::kBadUri;
    default: return MqttFault::kUnreachable;
  }
}

/// Never undone: at the end a name may still be looked up.
void init_library() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

}  // namespace

/// Freed by whoever holds it last: a name may still be looked up for a session that was given up.
struct MosquittoSession::Client {
  explicit Client(mosquitto* m) : handle(m) {}
  ~Client() { mosquitto_destroy(handle); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  mosquitto* const handle;
  BrokerAddress address;
  bool asked = false;  ///< connecting was begun, so it has a socket to look after
};

struct MosquittoSession::Lookup {
  std::atomic<bool> done{false};
  int result = MOSQ_ERR_SUCCESS;
};

MosquittoSession::MosquittoSession(TlsFiles tls) : tls_(std::move(tls)) { init_library(); }

MosquittoSession::~MosquittoSession() { close(); }

void MosquittoSession::open(const MqttSettings& settings) {
  close();
  fault_ = MqttFault::kNone;
  BrokerAddress address;
  if (!read_address(settings.uri, address)) return fail(MqttFault::kBadUri);
  mosquitto* const handle = mosquitto_new(std::string(settings.client_id).c_str(), true, this);
  if (handle == nullptr) return fail(MqttFault::kRefused);
  client_ = std::make_shared<Client>(handle);
  client_->address = address;
  const std::string username(settings.username);
  const std::string password(settings.password);
  if (!username.empty()) mosquitto_username_pw_set(handle, username.c_str(), password.c_str());
  mosquitto_will_set(handle, std::string(settings.will_topic).c_str(), static_cast<int>(settings.will_payload.size()),
                     settings.will_payload.data(), 1, true);
  if (address.tls) {
    const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    const char* const system_ca = tls_.ca.empty() ? "/etc/ssl/certs" : nullptr;
    if (mosquitto_tls_set(handle, or_null(tls_.ca), system_ca, or_null(tls_.certificate), or_null(tls_.key), nullptr) !=
        MOSQ_ERR_SUCCESS)
      return fail(MqttFault::kTls);
  }
  // A command and its answer are small, and are waited for.
  mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1);
  // Each runs inside of service().
  mosquitto_connect_callback_set(handle, [](mosquitto*, void* self, int code) {
    static_cast<MosquittoSession*>(self)->connected(code);
  });
  mosquitto_publish_callback_set(handle, [](mosquitto*, void* self, int) {
    auto* const session = static_cast<MosquittoSession*>(self);
    if (session->pending_ > 0) session->pending_--;
  });
  mosquitto_message_callback_set(handle, [](mosquitto*, void* self, const mosquitto_message* message) {
    auto* const session = static_cast<MosquittoSession*>(self);
    session->inbox_.push_back(
        {message->topic, {static_cast<const char*>(message->payload), static_cast<size_t>(message->payloadlen)}});
    session->counters_.messages_in++;
    session->counters_.bytes_in +=
        static_cast<uint32_t>(session->inbox_.back().topic.size() + session->inbox_.back().payload.size());
  });
  state_ = MqttState::kConnecting;
  begin();
}

void MosquittoSession::begin() {
  const auto connect = [](const Client& client) {
    return mosquitto_connect_async(client.handle, client.address.host.c_str(), client.address.port, kKeepaliveS);
  };
  if (is_numeric(client_->address.host)) {
    client_->asked = true;
    const int result = connect(*client_);
    if (result != MOSQ_ERR_SUCCESS && result != MOSQ_ERR_CONN_PENDING) fail(fault_of(result));
    return;
  }
  lookup_ = std::make_shared<Lookup>();
  std::thread([client = client_, lookup = lookup_, connect] {
    lookup->result = connect(*client);
    lookup->done.store(true, std::memory_order_release);
  }).detach();
}

void MosquittoSession::close() {
  if (client_ != nullptr && lookup_ == nullptr && client_->asked) {
    if (state_ == MqttState::kConnected) {
      // The broker keeps the will to itself only where it hears a goodbye.
      mosquitto_disconnect(client_->handle);
      (void)mosquitto_loop_write(client_->handle, 1);
    }
  }
  client_.reset();
  lookup_.reset();
  counters_.lost_in += static_cast<uint32_t>(inbox_.size());
  counters_.lost_out += static_cast<uint32_t>(pending_);
  inbox_.clear();
  pending_ = 0;
  state_ = MqttState::kOff;
}

void MosquittoSession::fail(MqttFault fault) {
  state_ = MqttState::kFailed;
  fault_ = fault;
}

void MosquittoSession::connected(int code) {
  // CONNACK's return codes, MQTT 3.1.1 §3.2.2.3.
  if (code == 0) {
    state_ = MqttState::kConnected;
    return;
  }
  fail(code == 4 || code == 5 ? MqttFault::kNotAuthorised : MqttFault::kRefused);
}

void MosquittoSession::judge(int result) {
  if (result == MOSQ_ERR_SUCCESS || result == MOSQ_ERR_CONN_PENDING || state_ == MqttState::kFailed) return;
  fail(fault_of(result));
}

bool MosquittoSession::publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) {
  if (state_ != MqttState::kConnected || pending_ >= kMostPending) return false;
  pending_++;  // before: the callback may come inside of the call
  const int result = mosquitto_publish(client_->handle, nullptr, std::string(topic).c_str(),
                                       static_cast<int>(payload.size()), payload.data(), qos, retain);
  if (result == MOSQ_ERR_SUCCESS) {
    counters_.messages_out++;
    counters_.bytes_out += static_cast<uint32_t>(topic.size() + payload.size());
    return true;
  }
  if (pending_ > 0) pending_--;
  return false;
}

void MosquittoSession::subscribe(std::string_view topic, uint8_t qos) {
  if (state_ == MqttState::kConnected)
    judge(mosquitto_subscribe(client_->handle, nullptr, std::string(topic).c_str(), qos));
}

MqttState MosquittoSession::state() { return state_; }

pollfd MosquittoSession::wanted() const {
  pollfd none{-1, 0, 0};
  if (client_ == nullptr || lookup_ != nullptr || !client_->asked || state_ == MqttState::kFailed) return none;
  const int fd = mosquitto_socket(client_->handle);
  if (fd < 0) return none;
  const bool full = inbox_.size() >= kMostInbox;
  const bool writes = state_ == MqttState::kConnecting || mosquitto_want_write(client_->handle);
  return {fd, static_cast<short>((full ? 0 : POLLIN) | (writes ? POLLOUT : 0)), 0};
}

void MosquittoSession::service(short revents) {
  if (client_ == nullptr || state_ == MqttState::kFailed) return;
  if (lookup_ != nullptr) {
    if (!lookup_->done.load(std::memory_order_acquire)) return;
    const int result = lookup_->result;
    lookup_.reset();
    client_->asked = true;
    judge(result);
    if (state_ == MqttState::kFailed) return;
  }
  mosquitto* const handle = client_->handle;
  // Until the broker has answered, its own loop knows what to wait for: a connection or a handshake under way.
  if (state_ == MqttState::kConnecting) return judge(mosquitto_loop(handle, 0, 1));
  if (revents & (POLLIN | POLLHUP | POLLERR)) judge(mosquitto_loop_read(handle, 1));
  if (state_ == MqttState::kConnected && mosquitto_want_write(handle)) judge(mosquitto_loop_write(handle, 1));
  if (state_ == MqttState::kConnected) judge(mosquitto_loop_misc(handle));
}

bool MosquittoSession::next(Message& out) {
  if (inbox_.empty()) return false;
  out = std::move(inbox_.front());
  inbox_.pop_front();
  return true;
}

}  // namespace fb::posix
