#include "core/rpc_router.h"

#include <cstring>

#include "core/rpc_errors.h"
#include "core/serial_line.h"

namespace fb {

void RpcRouter::add(RpcMethods& group) {
  RpcMethods** last = &groups_;
  while (*last != nullptr) last = &(*last)->next_;
  *last = &group;
}

std::string_view RpcRouter::handle(std::string_view request, Access access, const Now& now) {
  has_id_ = false;
  counts_.calls++;
  if (request.size() > kMaxRequest) {
    answer_.error(rpc::kInvalidRequest, "larger than 4096 bytes");
    return compose();
  }
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  const JsonParse parsed = document.parse(request);
  if (parsed.fault == JsonParse::Fault::kTooManyValues) {
    answer_.error(rpc::kInvalidRequest, "more than 256 values");
  } else if (!parsed.ok()) {
    const bool deep = parsed.fault == JsonParse::Fault::kTooDeep;
    answer_.error_with_data(rpc::kParseError, deep ? "nested more than 16 deep" : "not JSON")
        .key("at").number(static_cast<double>(parsed.at));
    answer_.end_data();
  } else {
    route(document.root(), access, now);
    log_.set_cause({});
  }
  return compose();
}

std::string_view RpcRouter::refuse_unsealed(std::string_view reason, uint64_t epoch_floor) {
  has_id_ = false;
  counts_.calls++;
  counts_.denied++;
  answer_.error_with_data(rpc::kNotAllowed, "a seal of this device's keys is wanted").key("reason").string(reason);
  if (epoch_floor > 0) answer_.out().key("floor").number(static_cast<double>(epoch_floor));
  answer_.end_data();
  return compose();
}

std::string_view RpcRouter::compose() {
  if (!answer_.out().finish().ok()) answer_.error(rpc::kInternal, "the answer is too large");
  const std::string_view tail = answer_.out().finish().value();
  if (tail.substr(0, 8) == "\"error\":") counts_.errors++;
  char* const front = buffer_ + kFrameHead;
  JsonWriter head(front, kMaxHead - 1);
  head.begin_object().key("jsonrpc").string("2.0").key("id");
  if (has_id_) {
    head.string(id_.view());
  } else {
    head.null();
  }
  // The head goes right before the tail, whose place does not depend on it.
  const size_t size = head.size();
  char* const at = buffer_ + kTailAt - size - 1;
  std::memmove(at, front, size);
  at[size] = ',';
  at[size + 1 + tail.size()] = '}';
  reply_ = {at, size + 1 + tail.size() + 1};
  return reply_;
}

std::string_view RpcRouter::framed() {
  return frame_in_place(const_cast<char*>(reply_.data()), reply_.size());  // it lies in buffer_
}

void RpcRouter::route(const JsonValue& request, Access access, const Now& now) {
  RpcCall call{{}, now, access, answer_};
  if (!request.is_object()) return answer_.error(rpc::kInvalidRequest, "not an object");
  if (!request.member("jsonrpc").exists() && request.member("command").exists()) return route_short(request, call);

  char id[64];
  const Expected<std::string_view> id_text = request.member("id").text(id, sizeof id);
  if (!id_text.ok() || id_text.value().empty())
    return answer_.error(rpc::kInvalidRequest, "id: a string of 1 to 64 bytes is wanted");
  (void)id_.assign(id_text.value());
  has_id_ = true;
  if (!request.member("jsonrpc").equals("2.0"))
    return answer_.error(rpc::kInvalidRequest, "jsonrpc: \"2.0\" is wanted");
  const JsonValue name = request.member("method");
  if (!name.is_string()) return answer_.error(rpc::kInvalidRequest, "method: a string is wanted");
  const JsonValue exp = request.member("exp");
  const Expected<double> exp_s = exp.number();
  if (exp.exists() && !exp_s.ok())
    return answer_.error(rpc::kInvalidRequest, "exp: seconds since the Unix epoch are wanted");

  for (RpcMethods* group = groups_; group != nullptr; group = group->next_) {
    const RpcMethods::Method* method = group->find(name);
    if (method == nullptr) continue;
    if (access < method->access) {
      counts_.denied++;
      return answer_.error(rpc::kNotAllowed, "not allowed for this key");
    }
    call.params = request.member("params");
    if (call.params.exists() && !call.params.is_object()) return answer_.invalid_params("params");
    // What was done is told, however late it is asked for; expiry only keeps an act from beginning.
    const bool seen = method->changes && journal_.find(id_.view()) != Journal::Found::kNew;
    const double now_s = static_cast<double>(now.unix_ms) / 1000;
    if (!seen && exp.exists() && now.clock_set() && now_s > exp_s.value()) {
      counts_.expired++;
      answer_.error_with_data(rpc::kExpired, "expired").key("exp").number(exp_s.value()).key("now").number(now_s);
      return answer_.end_data();
    }
    log_.set_cause(id_.view());
    return method->changes ? run_once(*group, *method, call) : group->run(*method, call);
  }
  answer_.error(rpc::kNoMethod, "no such method");
}

void RpcRouter::route_short(const JsonValue& request, RpcCall& call) {
  constexpr std::string_view kSet = "set_";
  char text[64];
  const Expected<std::string_view> command = request.member("command").text(text, sizeof text);
  if (!command.ok() || command.value().substr(0, kSet.size()) != kSet || short_ == nullptr)
    return answer_.error(rpc::kNoMethod, "command: set_ and a component's id are wanted");
  if (call.access < Access::kOperator) {
    counts_.denied++;
    return answer_.error(rpc::kNotAllowed, "not allowed for this key");
  }
  short_->execute_short(command.value().substr(kSet.size()), request.member("params"), call);
}

void RpcRouter::run_once(RpcMethods& group, const RpcMethods::Method& method, RpcCall& call) {
  constexpr std::string_view kUnknownOutcome = "interrupted: whether it was carried out is unknown";
  switch (journal_.find(id_.view())) {
    case Journal::Found::kUnderWay: return answer_.error(rpc::kBusy, "the same id is under way");
    case Journal::Found::kInterrupted: return answer_.error(rpc::kOutcomeUnknown, kUnknownOutcome);
    case Journal::Found::kDone: {
      counts_.repeated++;
      const Expected<std::string_view> outcome = journal_.outcome(id_.view());
      if (!outcome.ok()) return answer_.error(rpc::kOutcomeUnknown, kUnknownOutcome);
      return answer_.repeat(outcome.value());
    }
    case Journal::Found::kNew: break;
  }
  if (journal_.begin(id_.view()) != Status::kOk)
    return answer_.error(rpc::kStorageFailed, "the journal cannot be written: not carried out");
  group.run(method, call);
  const Expected<std::string_view> outcome = answer_.out().finish();
  // Only a result can be: every error is bounded well below.
  if (!outcome.ok() || outcome.value().size() > Journal::kMaxOutcome)
    answer_.error(rpc::kAnswerTooLarge, "carried out, but its answer is too large");
  // Where the end cannot be kept, the caller still hears the truth now, and "unknown" if it asks again.
  (void)journal_.end(id_.view(), answer_.out().finish().value());
}

}  // namespace fb
