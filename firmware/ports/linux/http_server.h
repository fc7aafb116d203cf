#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"

namespace fb::posix {

/// A request that waits for the device's task, and its answer. Everything is copied: the server's threads and the task
/// share nothing else.
struct HttpExchange {
  std::string method;
  std::string target;
  std::string body;
  std::string content_type;
  std::string authorization;
  std::string api_key;
  std::string idempotency_key;
  std::string origin;
  std::string asked_method;
  bool asks_private_network = false;

  int status = 0;
  std::string answer;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// HTTP/1.1 by cpp-httplib, whose threads read and write; what is asked goes through a queue to the one task that may touch
/// the device.
class HttpServer {
 public:
  HttpServer();
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// @param port 0: any that is free
  /// @param wake an eventfd that is written for each request
  /// kUnavailable: the address is taken or not ours.
  Status open(const std::string& host, int port, int wake);
  int port() const;
  /// The next request, or null. It is given back by answered().
  std::shared_ptr<HttpExchange> next();
  void answered(const std::shared_ptr<HttpExchange>& exchange);
  /// Ends the threads; requests that wait are told that the device is away.
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fb::posix
