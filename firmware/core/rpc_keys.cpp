#include "core/rpc_keys.h"

#include "core/base64.h"

namespace fb {

constexpr KeyMethods::Entry KeyMethods::kMethods[3] = {
    {"keys.status", false, Access::kNone, &KeyMethods::status},
    {"keys.set", true, Access::kOwner, &KeyMethods::set},
    {"keys.forget", true, Access::kOwner, &KeyMethods::forget},
};

void KeyMethods::status(RpcCall& call) {
  call.answer.result().begin_object().key("required").boolean(auth_.on()).end_object();
}

void KeyMethods::set(RpcCall& call) {
  const JsonValue given = call.params.member("secret");
  const std::string_view raw = given.raw();
  Key secret;
  const Expected<size_t> size =
      given.is_string() ? base64_decode(raw.substr(1, raw.size() - 2), secret.data(), secret.size()) : Status::kInvalid;
  if (!size.ok() || size.value() != secret.size()) return call.answer.invalid_params("secret");
  const Status kept = auth_.set_secret(secret, device_id_.view());
  wipe(secret.data(), secret.size());
  if (kept != Status::kOk) return call.answer.storage_failed();
  status(call);
}

void KeyMethods::forget(RpcCall& call) {
  if (auth_.forget_secret() != Status::kOk) return call.answer.storage_failed();
  status(call);
}

}  // namespace fb
