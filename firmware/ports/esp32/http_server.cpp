#include "ports/esp32/http_server.h"

#include <cstring>

#include "lwip/sockets.h"

namespace fb::esp32 {
namespace {

constexpr TickType_t kPatience = pdMS_TO_TICKS(5000);

const char* status_line(int status) {
  switch (status) {
    case 200: return "200 OK";
    case 201: return "201 Created";
    case 204: return "204 No Content";
    case 302: return "302 Found";
    case 400: return "400 Bad Request";
    case 401: return "401 Unauthorized";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 409: return "409 Conflict";
    case 413: return "413 Content Too Large";
    case 415: return "415 Unsupported Media Type";
    case 503: return "503 Service Unavailable";
    case 507: return "507 Insufficient Storage";
    default: return status < 500 ? "400 Bad Request" : "500 Internal Server Error";
  }
}

/// What is longer than its place counts as not there: no token and no origin of ours is.
template <size_t N>
std::string_view header(httpd_req_t* request, const char* name, char (&out)[N]) {
  out[0] = '\0';
  if (httpd_req_get_hdr_value_str(request, name, out, N) != ESP_OK) return {};
  return out;
}

/// The board's address in its own network (esp_netif_defaults.h), in the order of the wire.
constexpr uint8_t kOwnNetwork[4] = {192, 168, 4, 1};

/// Did the request come to that address? The server listens to IPv4 as IPv6 where both are built in (RFC 4291 §2.5.5.2).
bool came_by_own_network(httpd_req_t* request) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(httpd_req_to_sockfd(request), reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family == AF_INET)
    return std::memcmp(&reinterpret_cast<sockaddr_in*>(&address)->sin_addr, kOwnNetwork, sizeof kOwnNetwork) == 0;
#if LWIP_IPV6
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr);
  return address.ss_family == AF_INET6 && std::memcmp(bytes, kMapped, sizeof kMapped) == 0 &&
         std::memcmp(bytes + sizeof kMapped, kOwnNetwork, sizeof kOwnNetwork) == 0;
#else
  return false;
#endif
}

}  // namespace

Status HttpServer::begin() {
  answered_ = xSemaphoreCreateBinary();
  httpd_config_t config = HTTPD_DEFAULT_CONFIG();
  config.max_open_sockets = 4;  // of lwIP's ten; a browser that keeps more open loses its oldest
  config.lru_purge_enable = true;
  config.max_resp_headers = HttpAnswer::kMaxHeaders;
  config.uri_match_fn = httpd_uri_match_wildcard;
  if (answered_ == nullptr || httpd_start(&server_, &config) != ESP_OK) return Status::kUnavailable;
  constexpr httpd_method_t kMethods[] = {HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS};
  for (const httpd_method_t method : kMethods) {
    httpd_uri_t any{};
    any.uri = "/*";
    any.method = method;
    any.handler = on_request;
    any.user_ctx = this;
    if (httpd_register_uri_handler(server_, &any) != ESP_OK) return Status::kUnavailable;
  }
  return Status::kOk;
}

// The server's task.

esp_err_t HttpServer::on_request(httpd_req_t* request) {
  HttpServer& server = *static_cast<HttpServer*>(request->user_ctx);
  if (!server.take(request)) return ESP_FAIL;  // the peer is gone or too slow: the connection is closed
  if (!server.ask(State::kAsked)) {
    server.answer_ = HttpAnswer{};
    server.answer_.status = 503;
    server.answer_.add("Content-Type", "application/json");
    server.answer_.body = R"({"error":{"message":"the device is busy"}})";
  }
  const esp_err_t sent = server.send(request);
  // What of a body was not read would be taken for the next request.
  return request->content_len > sizeof server.body_ ? ESP_FAIL : sent;
}

bool HttpServer::ask(State what) {
  state_ = what;
  if (xSemaphoreTake(answered_, kPatience) == pdTRUE) return true;
  if (state_.compare_exchange_strong(what, State::kFree)) return false;
  return xSemaphoreTake(answered_, portMAX_DELAY) == pdTRUE;  // it is being answered just now
}

bool HttpServer::take(httpd_req_t* request) {
  size_t size = 0;
  const size_t wanted = request->content_len < sizeof body_ ? request->content_len : sizeof body_;
  while (size < wanted) {
    const int got = httpd_req_recv(request, body_ + size, wanted - size);
    if (got <= 0) return false;
    size += static_cast<size_t>(got);
  }
  request_ = HttpRequest{};
  request_.method = http_method_str(static_cast<http_method>(request->method));
  request_.target = request->uri;
  request_.body = {body_, size};
  request_.content_type = header(request, "Content-Type", headers_.content_type);
  request_.authorization = header(request, "Authorization", headers_.authorization);
  request_.api_key = header(request, "X-API-Key", headers_.api_key);
  request_.idempotency_key = header(request, "Idempotency-Key", headers_.idempotency_key);
  request_.origin = header(request, "Origin", headers_.origin);
  request_.asked_method = header(request, "Access-Control-Request-Method", headers_.asked_method);
  request_.asks_private_network =
      header(request, "Access-Control-Request-Private-Network", headers_.private_network) == "true";
  by_own_network_ = came_by_own_network(request);
  return true;
}

esp_err_t HttpServer::send(httpd_req_t* request) {
  (void)httpd_resp_set_status(request, status_line(answer_.status));
  for (size_t i = 0; i < answer_.header_count; i++) {
    const HttpHeader& each = answer_.headers[i];
    // Both are ended by a NUL: keep() saw to it, and the answer above is of literals.
    if (each.name == "Content-Type")
      (void)httpd_resp_set_type(request, each.value.data());
    else
      (void)httpd_resp_set_hdr(request, each.name.data(), each.value.data());
  }
  if (!answer_.more) return httpd_resp_send(request, answer_.body.data(), static_cast<ssize_t>(answer_.body.size()));
  for (;;) {
    // A chunk of no bytes would end the body.
    const auto size = static_cast<ssize_t>(answer_.body.size());
    if (size > 0 && httpd_resp_send_chunk(request, answer_.body.data(), size) != ESP_OK) return ESP_FAIL;
    if (!answer_.more) return httpd_resp_send_chunk(request, nullptr, 0);
    // Closed without the last chunk, the peer knows that something is missing.
    if (!ask(State::kAskedMore)) return ESP_FAIL;
  }
}

// The device's task.

void HttpServer::serve(WebAnswerer& answerer, const Now& now) {
  State asked = State::kAsked;
  State more = State::kAskedMore;
  if (state_.compare_exchange_strong(asked, State::kAnswering)) {
    keep(answerer.answer(request_, by_own_network_, now));
  } else if (state_.compare_exchange_strong(more, State::kAnswering)) {
    const HttpPiece piece = answerer.rest();  // of HttpApi's, and so in the buffer already
    answer_.body = piece.text;
    answer_.more = piece.more;
  } else {
    return;
  }
  state_ = State::kFree;
  xSemaphoreGive(answered_);
}

/// The answer's views are the device's and do not outlive its next step: here they are copied.
void HttpServer::keep(const HttpAnswer& answer) {
  answer_ = HttpAnswer{};
  answer_.status = answer.status;
  answer_.more = answer.more;
  size_t used = 0;
  const auto copy = [&](std::string_view text) {
    char* const at = texts_ + used;
    used += text.copy(at, text.size());
    texts_[used++] = '\0';
    return std::string_view(at, text.size());
  };
  for (size_t i = 0; i < answer.header_count; i++) {
    const HttpHeader& each = answer.headers[i];
    if (used + each.name.size() + each.value.size() + 2 > sizeof texts_) continue;
    const std::string_view name = copy(each.name);
    answer_.add(name, copy(each.value));
  }
  if (answer.body.size() > sizeof buffer_) {
    answer_.status = 500;
    answer_.body = {};
    return;
  }
  if (!answer.body.empty()) std::memmove(buffer_, answer.body.data(), answer.body.size());
  answer_.body = {buffer_, answer.body.size()};
}

}  // namespace fb::esp32
