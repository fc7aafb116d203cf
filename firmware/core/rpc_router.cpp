#include "core/rpc_router.h"

#include "core/rpc_errors.h"

namespace fb {

const RpcRouter::Method RpcRouter::kMethods[] = {
    {"system.info", false, false, &RpcRouter::system_info},
    {"system.restart", true, false, &RpcRouter::system_restart},
    {"components.list", false, false, &RpcRouter::components_list},
    {"components.get", false, false, &RpcRouter::components_get},
    {"components.options", false, false, &RpcRouter::components_options},
    {"components.execute", true, false, &RpcRouter::components_execute},
    {"config.get", false, false, &RpcRouter::config_get},
    {"config.set", true, false, &RpcRouter::config_set},
    {"telemetry.info", false, false, &RpcRouter::telemetry_info},
    {"system.rename", true, true, &RpcRouter::system_rename},
    {"wifi.status", false, true, &RpcRouter::wifi_status},
    {"wifi.set", true, true, &RpcRouter::wifi_set},
    {"mqtt.status", false, true, &RpcRouter::mqtt_status},
    {"mqtt.set", true, true, &RpcRouter::mqtt_set},
    {"config.confirm", true, true, &RpcRouter::config_confirm},
    {"config.revert", true, true, &RpcRouter::config_revert},
};

std::string_view RpcRouter::handle(std::string_view request, const Now& now) {
  has_id_ = false;
  if (request.size() > kMaxRequest) {
    error(rpc::kInvalidRequest, "larger than 4096 bytes");
    return compose();
  }
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  const JsonParse parsed = document.parse(request);
  if (parsed.fault == JsonParse::Fault::kTooManyValues) {
    error(rpc::kInvalidRequest, "more than 256 values");
  } else if (!parsed.ok()) {
    tail_.reset();
    tail_.key("error").begin_object().key("code").number(rpc::kParseError).key("message");
    tail_.string(parsed.fault == JsonParse::Fault::kTooDeep ? "nested more than 16 deep" : "not JSON");
    tail_.key("data").begin_object().key("at").number(static_cast<double>(parsed.at)).end_object().end_object();
  } else {
    route(document.root(), now);
  }
  return compose();
}

std::string_view RpcRouter::compose() {
  if (!tail_.finish().ok()) error(rpc::kInternal, "the answer is too large");
  const std::string_view tail = tail_.finish().value();
  JsonWriter out(reply_, sizeof reply_);
  out.begin_object().key("jsonrpc").string("2.0").key("id");
  if (has_id_) {
    out.string(id_.view());
  } else {
    out.null();
  }
  out.raw(tail).end_object();
  return out.finish().value();
}

void RpcRouter::route(const JsonValue& request, const Now& now) {
  if (!request.is_object()) return error(rpc::kInvalidRequest, "not an object");
  if (!request.member("jsonrpc").exists() && request.member("command").exists())
    return run_short_form(request, now);

  char id[64];
  const Expected<std::string_view> id_text = request.member("id").text(id, sizeof id);
  if (!id_text.ok() || id_text.value().empty())
    return error(rpc::kInvalidRequest, "id: a string of 1 to 64 bytes is wanted");
  (void)id_.assign(id_text.value());
  has_id_ = true;
  if (!request.member("jsonrpc").equals("2.0")) return error(rpc::kInvalidRequest, "jsonrpc: \"2.0\" is wanted");
  const JsonValue name = request.member("method");
  if (!name.is_string()) return error(rpc::kInvalidRequest, "method: a string is wanted");
  const JsonValue exp = request.member("exp");
  const Expected<double> exp_s = exp.number();
  if (exp.exists() && !exp_s.ok()) return error(rpc::kInvalidRequest, "exp: seconds since the Unix epoch are wanted");

  for (const Method& method : kMethods) {
    if (!name.equals(method.name) || (method.board && board_ == nullptr)) continue;
    const Call call{request.member("params"), "input", now};
    if (call.params.exists() && !call.params.is_object()) return invalid_params("params");
    // What was done is told, however late it is asked for; expiry only keeps an act from beginning.
    const bool seen = method.changes && parts_.journal.find(id_.view()) != Journal::Found::kNew;
    const double now_s = static_cast<double>(now.unix_ms) / 1000;
    if (!seen && exp.exists() && now.clock_set() && now_s > exp_s.value()) {
      tail_.reset();
      tail_.key("error").begin_object().key("code").number(rpc::kExpired).key("message").string("expired");
      tail_.key("data").begin_object().key("exp").number(exp_s.value()).key("now").number(now_s);
      tail_.end_object().end_object();
      return;
    }
    return method.changes ? run_once(method, call) : (this->*method.run)(call);
  }
  error(rpc::kNoMethod, "no such method");
}

void RpcRouter::run_once(const Method& method, const Call& call) {
  constexpr std::string_view kUnknownOutcome = "interrupted: whether it was carried out is unknown";
  switch (parts_.journal.find(id_.view())) {
    case Journal::Found::kUnderWay: return error(rpc::kBusy, "the same id is under way");
    case Journal::Found::kInterrupted: return error(rpc::kOutcomeUnknown, kUnknownOutcome);
    case Journal::Found::kDone: {
      const Expected<std::string_view> outcome = parts_.journal.outcome(id_.view());
      if (!outcome.ok()) return error(rpc::kOutcomeUnknown, kUnknownOutcome);
      tail_.reset();
      tail_.raw(outcome.value());
      return;
    }
    case Journal::Found::kNew: break;
  }
  if (parts_.journal.begin(id_.view()) != Status::kOk)
    return error(rpc::kStorageFailed, "the journal cannot be written: not carried out");
  (this->*method.run)(call);
  const Expected<std::string_view> outcome = tail_.finish();
  // Only a result can be: every error is bounded well below.
  if (!outcome.ok() || outcome.value().size() > Journal::kMaxOutcome)
    error(rpc::kAnswerTooLarge, "carried out, but its answer is too large");
  // Where the end cannot be kept, the caller still hears the truth now, and "unknown" if it asks again.
  (void)parts_.journal.end(id_.view(), tail_.finish().value());
}

void RpcRouter::run_short_form(const JsonValue& request, const Now& now) {
  constexpr std::string_view kSet = "set_";
  char text[64];
  const Expected<std::string_view> command = request.member("command").text(text, sizeof text);
  if (!command.ok() || command.value().substr(0, kSet.size()) != kSet)
    return error(rpc::kNoMethod, "command: set_ and a component's id are wanted");
  Registry::Entry* entry = parts_.registry.find(command.value().substr(kSet.size()));
  if (entry == nullptr) {
    // Rebuilt as JSON, since the source may hold escapes.
    char quoted[2 * sizeof text];
    JsonWriter id(quoted, sizeof quoted);
    id.string(command.value().substr(kSet.size()));
    return no_component(id.finish().value_or("null"));
  }
  execute(*entry, request.member("params"), Call{{}, "params", now});
}

JsonWriter& RpcRouter::result() {
  tail_.reset();
  return tail_.key("result");
}

void RpcRouter::error(int code, std::string_view message) {
  tail_.reset();
  tail_.key("error").begin_object().key("code").number(code).key("message").string(message).end_object();
}

void RpcRouter::invalid_params(std::string_view field) {
  tail_.reset();
  tail_.key("error").begin_object().key("code").number(rpc::kInvalidParams).key("message").string("params do not fit");
  tail_.key("data").begin_object().key("field").string(field).end_object().end_object();
}

void RpcRouter::no_component(std::string_view raw_id) {
  constexpr size_t kMaxRawId = 6 * 64 + 2;  // every byte an escape; what is longer can be no id, and is not repeated
  tail_.reset();
  tail_.key("error").begin_object().key("code").number(rpc::kNoComponent).key("message").string("no such component");
  if (raw_id.size() <= kMaxRawId) tail_.key("data").begin_object().key("id").raw(raw_id).end_object();
  tail_.end_object();
}

}  // namespace fb
