#include "core/http_api.h"

#include <algorithm>
#include <cstring>

#include "core/http_metrics.h"
#include "core/rpc_errors.h"

namespace fb {
namespace {

constexpr std::string_view kHttpComponents = "/api/components";
constexpr std::string_view kHttpSealed = "{\"kid\":\"";
constexpr std::string_view kHttpPreflightHeaders = "Authorization, Content-Type, X-API-Key, Idempotency-Key";

bool http_same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view http_trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1), or of X-API-Key.
std::string_view http_token(const HttpRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  if (request.authorization.size() > kBearer.size() &&
      http_same_letters(request.authorization.substr(0, kBearer.size()), kBearer))
    return http_trim(request.authorization.substr(kBearer.size()));
  return request.authorization.empty() ? http_trim(request.api_key) : std::string_view();
}

/// `application/json`, with or without parameters. Nothing else may carry a body: a form of a foreign page would go out
/// without a preflight.
bool http_is_json(std::string_view content_type) {
  return http_same_letters(http_trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

/// http://localhost, http://127.0.0.1 or http://[::1], with any port.
bool http_is_local(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.substr(0, scheme.size()) != scheme) continue;
    const std::string_view host = origin.substr(scheme.size());
    for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
      if (host == name) return true;
      if (host.substr(0, name.size()) != name || host[name.size()] != ':') continue;
      const std::string_view port = host.substr(name.size() + 1);
      return port.find_first_not_of("0123456789") == std::string_view::npos;
    }
  }
  return false;
}

int http_hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A segment of a path (RFC 3986 §2.1). kInvalid: an escape that is none; kNoSpace.
Expected<std::string_view> http_decode(std::string_view raw, char* out, size_t capacity) {
  size_t size = 0;
  for (size_t at = 0; at < raw.size(); at++) {
    if (size == capacity) return Status::kNoSpace;
    if (raw[at] != '%') {
      out[size++] = raw[at];
      continue;
    }
    const int high = at + 2 < raw.size() ? http_hex(raw[at + 1]) : -1;
    const int low = high >= 0 ? http_hex(raw[at + 2]) : -1;
    if (low < 0) return Status::kInvalid;
    out[size++] = static_cast<char>(high << 4 | low);
    at += 2;
  }
  return std::string_view(out, size);
}

/// `trial_s` of the query: digits, or empty.
std::string_view http_trial(std::string_view query) {
  constexpr std::string_view kTrial = "trial_s=";
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.substr(0, kTrial.size()) == kTrial) return pair.substr(kTrial.size());
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

std::string_view http_method_list(unsigned verbs) {
  switch (verbs) {
    case 1: return "GET, HEAD, OPTIONS";
    case 2: return "POST, OPTIONS";
    case 3: return "GET, HEAD, POST, OPTIONS";
    default: return "GET, HEAD, PUT, DELETE, OPTIONS";
  }
}

}  // namespace

HttpApi::Place HttpApi::place_of(std::string_view path, std::string_view& raw_id) {
  if (path == "/api/system/status") return Place::kStatus;
  if (path == "/api/rpc") return Place::kRpc;
  if (path == "/metrics") return Place::kMetrics;
  if (path.substr(0, kHttpComponents.size()) != kHttpComponents) return Place::kNone;
  path.remove_prefix(kHttpComponents.size());
  if (path.empty()) return Place::kComponents;
  if (path.front() != '/') return Place::kNone;
  path.remove_prefix(1);
  const size_t end = path.find('/');
  raw_id = path.substr(0, end);
  if (raw_id.empty()) return Place::kNone;
  if (end == std::string_view::npos) return Place::kComponent;
  const std::string_view leaf = path.substr(end + 1);
  return leaf == "execute" ? Place::kExecute : leaf == "options" ? Place::kOptions : Place::kNone;
}

unsigned HttpApi::verbs_of(Place place) {
  const auto get = static_cast<unsigned>(Verb::kGet);
  const auto post = static_cast<unsigned>(Verb::kPost);
  switch (place) {
    case Place::kStatus:
    case Place::kOptions:
    case Place::kMetrics: return get;
    case Place::kComponents: return get | post;
    case Place::kComponent: return get | static_cast<unsigned>(Verb::kPut) | static_cast<unsigned>(Verb::kDelete);
    case Place::kExecute:
    case Place::kRpc: return post;
    case Place::kNone: break;
  }
  return 0;
}

HttpApi::Verb HttpApi::verb_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return Verb::kGet;
  if (method == "POST") return Verb::kPost;
  if (method == "PUT") return Verb::kPut;
  if (method == "DELETE") return Verb::kDelete;
  return Verb::kOther;
}

HttpAnswer HttpApi::answer(const HttpRequest& request, const Now& now) {
  HttpAnswer answer;
  next_line_ = 0;
  answer.add("Cache-Control", "no-store");
  answer.add("X-Content-Type-Options", "nosniff");
  if (settings_.simulated) answer.add("X-Data-Source", "simulation");
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  std::string_view raw_id;
  const Place place = place_of(path, raw_id);
  const bool origin_may = this->origin_may(request);
  if (origin_may) add_cors(request, answer);
  if (place == Place::kNone) {
    refuse(404, "no such path", answer);
  } else if (!origin_may) {
    refuse(403, "a page of this origin may not ask a device without a secret", answer);
  } else if (request.method == "OPTIONS") {
    answer_preflight(request, place, answer);
  } else if ((verbs_of(place) & static_cast<unsigned>(verb_of(request.method))) == 0) {
    answer.add("Allow", http_method_list(verbs_of(place)));
    refuse(405, "not with this method", answer);
  } else if (request.body.size() > kMaxBody) {
    refuse(413, "larger than 4096 bytes", answer);
  } else if (!request.body.empty() && !http_is_json(request.content_type)) {
    refuse(415, "Content-Type: application/json is wanted", answer);
  } else {
    answer_place(request, place, raw_id, now, answer);
  }
  if (request.method == "HEAD") {
    answer.body = {};
    next_line_ = 0;
  }
  answer.more = next_line_ != 0;
  return answer;
}

HttpPiece HttpApi::rest() {
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  if (next_line_ == 0 || !document.parse(figures_).ok()) return {};
  HttpMetrics metrics(buffer_, capacity_ - figures_.size());
  const Expected<std::string_view> text = metrics.write(document.root(), next_line_);
  next_line_ = text.ok() ? metrics.next_line() : 0;
  return {text.value_or({}), next_line_ != 0};
}

bool HttpApi::origin_may(const HttpRequest& request) const {
  return request.origin.empty() || device_.guarded() || http_is_local(request.origin) ||
         (!settings_.allowed_origin.empty() && request.origin == settings_.allowed_origin);
}

void HttpApi::add_cors(const HttpRequest& request, HttpAnswer& answer) const {
  answer.add("Vary", "Origin");
  if (request.origin.empty()) return;
  answer.add("Access-Control-Allow-Origin", device_.guarded() ? "*" : request.origin);
  answer.add("Access-Control-Expose-Headers", "X-Data-Source");
}

void HttpApi::answer_preflight(const HttpRequest& request, Place place, HttpAnswer& answer) {
  const std::string_view methods = http_method_list(verbs_of(place));
  answer.status = 204;
  answer.add("Allow", methods);
  if (request.asked_method.empty()) return;
  answer.add("Access-Control-Allow-Methods", methods);
  answer.add("Access-Control-Allow-Headers", kHttpPreflightHeaders);
  answer.add("Access-Control-Max-Age", "600");
  // What a public page needs to reach a device in the private network (WICG, Private Network Access §3.2).
  if (request.asks_private_network) answer.add("Access-Control-Allow-Private-Network", "true");
}

void HttpApi::answer_place(const HttpRequest& request, Place place, std::string_view raw_id, const Now& now,
                           HttpAnswer& answer) {
  const Access access = device_.access_of(http_token(request));
  if (place == Place::kRpc) return answer_rpc(request, access, now, answer);
  if (place == Place::kMetrics) return answer_metrics(access, now, answer);

  char id_text[64];
  const Expected<std::string_view> decoded = http_decode(raw_id, id_text, sizeof id_text);
  if (!decoded.ok()) return refuse(decoded.status() == Status::kInvalid ? 400 : 404, "no such component", answer);
  const std::string_view id = decoded.value();
  const Verb verb = verb_of(request.method);
  const bool wants_body = verb == Verb::kPost || verb == Verb::kPut;
  // Whole and by itself, so that nothing of it can reach beyond its place in the request made of it.
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  if (wants_body && (!document.parse(request.body).ok() || !document.root().is_object()))
    return refuse(400, "the body is no JSON object", answer);
  const JsonValue body = wants_body ? document.root() : JsonValue();
  const size_t question = std::min(request.target.find('?'), request.target.size());
  const std::string_view trial = http_trial(request.target.substr(std::min(question + 1, request.target.size())));
  if (trial.size() > 4 || !std::all_of(trial.begin(), trial.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return refuse(400, "trial_s: seconds are wanted", answer);

  JsonWriter out(buffer_, capacity_);
  switch (place) {
    case Place::kStatus: out = begin_call("system.info", request); break;
    case Place::kComponents:
      out = begin_call(verb == Verb::kGet ? "components.list" : "components.add", request);
      if (verb == Verb::kPost && !copy_body(body, {}, out)) return refuse(400, "the body does not fit", answer);
      break;
    case Place::kOptions:
      out = begin_call("components.options", request);
      out.key("id").string(id);
      break;
    case Place::kExecute:
      out = begin_call("components.execute", request);
      out.key("id").string(id).key("input").raw(body.raw());
      break;
    case Place::kComponent:
      if (verb == Verb::kPut) {
        out = begin_call("config.set", request);
        if (!trial.empty()) out.key("trial_s").raw(trial);
        out.key("components").begin_array().begin_object().key("id").string(id);
        if (!copy_body(body, "id", out)) return refuse(400, "the body does not fit", answer);
        out.end_object().end_array();
        break;
      }
      out = begin_call(verb == Verb::kDelete ? "components.remove" : "components.get", request);
      out.key("id").string(id);
      if (verb == Verb::kDelete && !trial.empty()) out.key("trial_s").raw(trial);
      break;
    case Place::kRpc:
    case Place::kMetrics:
    case Place::kNone: break;
  }
  call(out, access, now, answer);
}

JsonWriter HttpApi::begin_call(std::string_view method, const HttpRequest& request) {
  static constexpr char kHex[] = "0123456789abcdef";
  // The id is the key by which a device knows an act again, so one that is not told must be new each time.
  std::string_view id = request.idempotency_key;
  if (id.empty()) {
    constexpr std::string_view kHead = "http-";
    size_t size = kHead.copy(id_, kHead.size());
    for (int word = 0; word < 4; word++) {
      const uint32_t random = rng_.next();
      for (int shift = 28; shift >= 0; shift -= 4) id_[size++] = kHex[random >> shift & 15];
    }
    id = {id_, size};
  }
  JsonWriter out(buffer_, capacity_);
  out.begin_object().key("jsonrpc").string("2.0").key("id").string(id).key("method").string(method);
  out.key("params").begin_object();
  return out;
}

bool HttpApi::copy_body(const JsonValue& body, std::string_view leave_out, JsonWriter& out) {
  for (JsonValue name = body.first(); name.exists();) {
    const JsonValue value = name.after(body);
    char text[64];
    const Expected<std::string_view> plain = name.text(text, sizeof text);
    if (!plain.ok()) return false;
    if (leave_out.empty() || plain.value() != leave_out) out.key(plain.value()).raw(value.raw());
    name = value.after(body);
  }
  return true;
}

void HttpApi::call(JsonWriter& out, Access access, const Now& now, HttpAnswer& answer) {
  out.end_object().end_object();
  const Expected<std::string_view> json = out.finish();
  if (!json.ok()) return refuse(400, "the request does not fit", answer);
  tell(device_.handle(json.value(), access, now), access, answer);
}

void HttpApi::tell(std::string_view reply, Access access, HttpAnswer& answer) {
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  if (!document.parse(reply).ok()) return refuse(500, "the device's answer cannot be read", answer);
  const JsonValue error = document.root().member("error");
  answer.add("Content-Type", "application/json");
  if (!error.exists()) {
    answer.body = document.root().member("result").raw();
    return;
  }
  answer.status = status_of(static_cast<int>(error.member("code").number().value_or(rpc::kInternal)), access);
  if (answer.status == 401) answer.add("WWW-Authenticate", "Bearer");
  JsonWriter out(buffer_, capacity_);
  out.begin_object().key("error").raw(error.raw()).end_object();
  answer.body = out.finish().value_or(R"({"error":{"code":-32603,"message":"the error is too large"}})");
}

void HttpApi::answer_rpc(const HttpRequest& request, Access access, const Now& now, HttpAnswer& answer) {
  const bool sealed = request.body.substr(0, kHttpSealed.size()) == kHttpSealed;
  const std::string_view reply =
      sealed ? device_.handle_sealed(request.body, now) : device_.handle(request.body, access, now);
  if (reply.empty()) return refuse(409, "this message was taken before", answer);
  answer.body = reply;
  answer.add("Content-Type", "application/json");
  // Whoever speaks JSON-RPC reads the answer; only who asks with the wrong token has to hear it from HTTP too.
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  if (!document.parse(reply).ok()) return;
  const JsonValue code = document.root().member("error").member("code");
  if (code.number().value_or(0) != rpc::kNotAllowed) return;
  answer.status = status_of(rpc::kNotAllowed, sealed ? Access::kViewer : access);
  if (answer.status == 401) answer.add("WWW-Authenticate", "Bearer");
}

void HttpApi::answer_metrics(Access access, const Now& now, HttpAnswer& answer) {
  JsonWriter out = begin_call("diagnostics.get", {});
  out.end_object().end_object();
  const std::string_view reply = device_.handle(out.finish().value_or({}), access, now);
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  if (!document.parse(reply).ok()) return refuse(500, "the device's answer cannot be read", answer);
  if (!document.root().member("result").exists()) return tell(reply, access, answer);
  // Behind the text that is made of it: the device's own copy does not outlast its next step.
  const std::string_view result = document.root().member("result").raw();
  if (result.size() >= capacity_) return refuse(500, "the figures do not fit", answer);
  char* const kept = buffer_ + capacity_ - result.size();
  std::memcpy(kept, result.data(), result.size());
  figures_ = {kept, result.size()};
  if (!document.parse(figures_).ok()) return refuse(500, "the device's answer cannot be read", answer);
  HttpMetrics metrics(buffer_, capacity_ - figures_.size());
  const Expected<std::string_view> text = metrics.write(document.root());
  if (!text.ok()) return refuse(500, "the figures do not fit", answer);
  next_line_ = metrics.next_line();
  answer.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  answer.body = text.value();
}

void HttpApi::refuse(int status, std::string_view message, HttpAnswer& answer) {
  answer.status = status;
  answer.add("Content-Type", "application/json");
  JsonWriter out(buffer_, capacity_);
  out.begin_object().key("error").begin_object().key("message").string(message).end_object().end_object();
  answer.body = out.finish().value_or("{}");
}

int HttpApi::status_of(int code, Access access) {
  switch (code) {
    case rpc::kParseError:
    case rpc::kInvalidRequest:
    case rpc::kInvalidParams: return 400;
    case rpc::kNoMethod:
    case rpc::kNoComponent: return 404;
    case rpc::kNotAllowed: return access == Access::kNone ? 401 : 403;
    case rpc::kExpired:
    case rpc::kBusy:
    case rpc::kRefused:
    case rpc::kOutcomeUnknown: return 409;
    case rpc::kStorageFailed: return 507;
    default: return 500;
  }
}

}  // namespace fb
