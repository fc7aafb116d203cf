// The one file of ours with exceptions: httplib throws, and catches.
#include "ports/linux/http_server.h"

#include <httplib.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace fb::posix {
namespace {

constexpr size_t kThreads = 4;
/// A longer body is not even read; between this and the API's own bound the API answers.
constexpr size_t kMostBody = 64u << 10;
constexpr std::chrono::seconds kPatience{10};
constexpr char kJsonType[] = "application/json";

void tell_away(httplib::Response& response) {
  response.status = 503;
  response.set_content(R"({"error":{"message":"the device is away"}})", kJsonType);
}

}  // namespace

struct HttpServer::Parts {
  struct Waiting {
    std::shared_ptr<HttpExchange> exchange;
    bool done = false;
  };

  void answer(const httplib::Request& request, httplib::Response& response);

  httplib::Server server;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable answered;
  std::deque<std::shared_ptr<Waiting>> queue;  ///< not taken yet
  std::vector<std::shared_ptr<Waiting>> taken;
  bool closed = false;
  int port = 0;
  int wake = -1;
};

void HttpServer::Parts::answer(const httplib::Request& request, httplib::Response& response) {
  auto waiting = std::make_shared<Waiting>();
  waiting->exchange = std::make_shared<HttpExchange>();
  HttpExchange& exchange = *waiting->exchange;
  exchange.method = request.method;
  exchange.target = request.target;
  exchange.body = request.body;
  exchange.content_type = request.get_header_value("Content-Type");
  exchange.authorization = request.get_header_value("Authorization");
  exchange.api_key = request.get_header_value("X-API-Key");
  exchange.idempotency_key = request.get_header_value("Idempotency-Key");
  exchange.origin = request.get_header_value("Origin");
  exchange.asked_method = request.get_header_value("Access-Control-Request-Method");
  exchange.asks_private_network = request.get_header_value("Access-Control-Request-Private-Network") == "true";

  std::unique_lock<std::mutex> lock(mutex);
  if (closed) return tell_away(response);
  queue.push_back(waiting);
  const uint64_t one = 1;
  // A full counter wakes as well as one more.
  (void)!::write(wake, &one, sizeof one);
  answered.wait_for(lock, kPatience, [&] { return waiting->done || closed; });
  if (!waiting->done) {
    for (auto at = queue.begin(); at != queue.end(); ++at)
      if (*at == waiting) {
        queue.erase(at);
        break;
      }
    return tell_away(response);
  }
  response.status = exchange.status;
  std::string type;
  for (const auto& [name, value] : exchange.headers) {
    if (name == "Content-Type") {
      type = value;
    } else {
      response.set_header(name, value);
    }
  }
  if (!type.empty()) response.set_content(exchange.answer, type);
}

HttpServer::HttpServer() : parts_(std::make_unique<Parts>()) {}

HttpServer::~HttpServer() { close(); }

Status HttpServer::open(const std::string& host, int port, int wake) {
  Parts& parts = *parts_;
  parts.wake = wake;
  parts.server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // Not SO_REUSEPORT, with which two processes would share a port without a word.
  parts.server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  parts.server.set_tcp_nodelay(true);
  parts.server.set_payload_max_length(kMostBody);
  parts.server.set_keep_alive_timeout(2);
  const auto answer = [&parts](const httplib::Request& request, httplib::Response& response) {
    parts.answer(request, response);
  };
  parts.server.Get(".*", answer)
      .Post(".*", answer)
      .Put(".*", answer)
      .Patch(".*", answer)
      .Delete(".*", answer)
      .Options(".*", answer);
  // What never became a request of ours.
  parts.server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) response.set_content(R"({"error":{"message":"not a request for this device"}})", kJsonType);
  });
  parts.port = port == 0 ? parts.server.bind_to_any_port(host) : parts.server.bind_to_port(host, port) ? port : -1;
  if (parts.port <= 0) return Status::kUnavailable;
  parts.thread = std::thread([&parts] { parts.server.listen_after_bind(); });
  return Status::kOk;
}

int HttpServer::port() const { return parts_->port; }

std::shared_ptr<HttpExchange> HttpServer::next() {
  const std::lock_guard<std::mutex> lock(parts_->mutex);
  if (parts_->queue.empty()) return nullptr;
  auto waiting = parts_->queue.front();
  parts_->queue.pop_front();
  parts_->taken.push_back(waiting);
  return waiting->exchange;
}

void HttpServer::answered(const std::shared_ptr<HttpExchange>& exchange) {
  const std::lock_guard<std::mutex> lock(parts_->mutex);
  for (auto at = parts_->taken.begin(); at != parts_->taken.end(); ++at) {
    if ((*at)->exchange != exchange) continue;
    (*at)->done = true;
    parts_->taken.erase(at);
    break;
  }
  parts_->answered.notify_all();
}

void HttpServer::close() {
  Parts& parts = *parts_;
  {
    const std::lock_guard<std::mutex> lock(parts.mutex);
    parts.closed = true;
    parts.queue.clear();
    parts.answered.notify_all();
  }
  if (!parts.thread.joinable()) return;
  parts.server.stop();
  parts.thread.join();
}

}  // namespace fb::posix
