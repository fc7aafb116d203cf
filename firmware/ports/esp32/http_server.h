#pragma once

#include <atomic>

#include "core/http_api.h"
#include "core/status.h"
#include "esp_http_server.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"

namespace fb::esp32 {

/// Who answers, in the device's task. Total.
class WebAnswerer {
 public:
  virtual ~WebAnswerer() = default;
  /// @param by_own_network it came to the board's address in its own network, not in the one it joined
  virtual HttpAnswer answer(const HttpRequest& request, bool by_own_network, const Now& now) = 0;
  /// The next piece of an answer that had more.
  virtual HttpPiece rest() = 0;
};

/// HTTP by esp_http_server on port 80. Its task reads a request, lays it before the device's task, which owns the device and
/// comes by every 10 ms, and sends what that answered. One request at a time; one that waits for longer than 5 s is told
/// 503. A body of more than one piece goes out in chunks, each asked of the device's task when the one before is sent.
class HttpServer {
 public:
  /// For the answers of HttpApi, which are made in it; other answers are copied here, as far as they fit.
  static constexpr size_t kBuffer = 8 * 1024;
  static_assert(kBuffer >= HttpApi::kLeastBuffer);
  char* buffer() { return buffer_; }

  /// Once, after esp_netif_init(). kUnavailable: no memory, or the port is taken.
  Status begin();
  /// Of the device's task: answers the request that waits, if there is one.
  void serve(WebAnswerer& answerer, const Now& now);

 private:
  enum class State : uint8_t { kFree, kAsked, kAskedMore, kAnswering };

  static esp_err_t on_request(httpd_req_t* request);
  bool take(httpd_req_t* request);
  /// Lays `what` before the device's task. False: it did not come by in time.
  bool ask(State what);
  esp_err_t send(httpd_req_t* request);
  void keep(const HttpAnswer& answer);

  struct Headers {
    char content_type[64], authorization[160], api_key[96], idempotency_key[80], origin[128], asked_method[16],
        private_network[8];
  };

  httpd_handle_t server_ = nullptr;
  SemaphoreHandle_t answered_ = nullptr;
  std::atomic<State> state_{State::kFree};
  Headers headers_;
  char body_[HttpApi::kMaxBody + 1];  ///< one byte more, so that what is too long is seen
  HttpRequest request_;
  bool by_own_network_ = false;
  HttpAnswer answer_;
  char texts_[1024];  ///< the answer's headers with NULs
  char buffer_[kBuffer];
};

}  // namespace fb::esp32
