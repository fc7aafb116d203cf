#include "core/rpc_call.h"

#include "core/rpc_errors.h"

namespace fb {

JsonWriter& RpcAnswer::result() {
  out_.reset();
  return out_.key("result");
}

void RpcAnswer::error(int code, std::string_view message) {
  out_.reset();
  out_.key("error").begin_object().key("code").number(code).key("message").string(message).end_object();
}

JsonWriter& RpcAnswer::error_with_data(int code, std::string_view message) {
  out_.reset();
  out_.key("error").begin_object().key("code").number(code).key("message").string(message);
  return out_.key("data").begin_object();
}

void RpcAnswer::invalid_params(std::string_view path) {
  error_with_data(rpc::kInvalidParams, "params do not fit").key("field").string(path);
  end_data();
}

void RpcAnswer::no_component(std::string_view raw_id) {
  constexpr size_t kMaxRawId = 6 * 64 + 2;  // every byte an escape; what is longer can be no id, and is not repeated
  if (raw_id.size() > kMaxRawId) return error(rpc::kNoComponent, "no such component");
  error_with_data(rpc::kNoComponent, "no such component").key("id").raw(raw_id);
  end_data();
}

void RpcAnswer::repeat(std::string_view tail) {
  out_.reset();
  out_.raw(tail);
}

}  // namespace fb
