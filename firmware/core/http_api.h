#pragma once

#include <cstddef>
#include <string_view>

#include "core/access.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/time.h"
#include "hal/rng.h"

namespace fb {

/// The device behind the HTTP API. Answers stay until the next call.
class ApiPort {
 public:
  virtual ~ApiPort() = default;
  /// One Device API request: its answer.
  virtual std::string_view handle(std::string_view json, Access access, const Now& now) = 0;
  /// One that carries a seal, docs/protocol.md §5.2. Empty: it was answered before.
  virtual std::string_view handle_sealed(std::string_view json, const Now& now) = 0;
  /// What a token allows, docs/http.md §2; `token` may be empty. A device without a secret asks for none.
  virtual Access access_of(std::string_view token) = 0;
  /// Does it ask for tokens?
  virtual bool guarded() const = 0;
};

/// What a server read of one request. Headers that were not there are empty.
struct HttpRequest {
  std::string_view method;  ///< "GET"
  std::string_view target;  ///< path and query as they came: "/api/components/led?x=1"
  std::string_view body;
  std::string_view content_type;
  std::string_view authorization;
  std::string_view api_key;          ///< X-API-Key
  std::string_view idempotency_key;  ///< Idempotency-Key
  std::string_view origin;
  std::string_view asked_method;  ///< Access-Control-Request-Method: then OPTIONS is a preflight
  bool asks_private_network = false;  ///< Access-Control-Request-Private-Network: true
};

struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

/// What the server sends. The views stay until the next answer, and as long as the request's.
struct HttpAnswer {
  static constexpr size_t kMaxHeaders = 12;

  int status = 200;
  std::string_view body;
  bool more = false;  ///< the body goes on: HttpApi::rest()
  HttpHeader headers[kMaxHeaders];
  size_t header_count = 0;

  void add(std::string_view name, std::string_view value) { headers[header_count++] = {name, value}; }
};

/// What of a body comes after its first piece.
struct HttpPiece {
  std::string_view text;
  bool more = false;  ///< and there is another
};

struct HttpSettings {
  bool simulated = false;
  /// A web origin whose pages may ask a device without a secret, besides those of this machine: "https://bench.example".
  /// With a secret every origin may: the token is the fence. Outlives the API.
  std::string_view allowed_origin;
};

/// The HTTP API of docs/http.md over the Device API. One request at a time, in the device's task.
class HttpApi {
 public:
  static constexpr size_t kMaxBody = 4096;
  /// Enough for a request made of the longest body, for every error, and for all figures with a piece of their text.
  static constexpr size_t kLeastBuffer = kMaxBody + 768;

  /// @param buffer for requests, errors and metrics, kLeastBuffer or more; a larger one makes fewer pieces of metrics
  HttpApi(ApiPort& device, Rng& rng, const HttpSettings& settings, char* buffer, size_t capacity)
      : device_(device), rng_(rng), settings_(settings), buffer_(buffer), capacity_(capacity) {}

  /// Total: any request has an answer.
  HttpAnswer answer(const HttpRequest& request, const Now& now);
  /// The next piece of the last answer's body, where there is more of it; its view stays until the next call here. The
  /// device may step, and answer others, between two.
  HttpPiece rest();

 private:
  enum class Verb : unsigned { kGet = 1, kPost = 2, kPut = 4, kDelete = 8, kOther = 0 };
  enum class Place { kNone, kStatus, kComponents, kComponent, kExecute, kOptions, kRpc, kMetrics };

  static Place place_of(std::string_view path, std::string_view& raw_id);
  static unsigned verbs_of(Place place);
  static Verb verb_of(std::string_view method);

  bool origin_may(const HttpRequest& request) const;
  void add_cors(const HttpRequest& request, HttpAnswer& answer) const;
  void answer_preflight(const HttpRequest& request, Place place, HttpAnswer& answer);
  void answer_place(const HttpRequest& request, Place place, std::string_view raw_id, const Now& now, HttpAnswer& answer);
  void answer_rpc(const HttpRequest& request, Access access, const Now& now, HttpAnswer& answer);
  void answer_metrics(Access access, const Now& now, HttpAnswer& answer);

  JsonWriter begin_call(std::string_view method, const HttpRequest& request);
  /// Copies the members of the parsed body but those the address tells.
  bool copy_body(const JsonValue& body, std::string_view leave_out, JsonWriter& out);
  /// Ends the request in `out`, gives it to the device and tells its result.
  void call(JsonWriter& out, Access access, const Now& now, HttpAnswer& answer);
  void tell(std::string_view reply, Access access, HttpAnswer& answer);
  void refuse(int status, std::string_view message, HttpAnswer& answer);
  static int status_of(int code, Access access);

  ApiPort& device_;
  Rng& rng_;
  HttpSettings settings_;
  char* buffer_;
  size_t capacity_;
  std::string_view figures_;  ///< of which metrics are made, in the buffer's end
  size_t next_line_ = 0;      ///< of them; 0: the body is whole
  char id_[64];
  JsonToken tokens_[640];
};

}  // namespace fb
