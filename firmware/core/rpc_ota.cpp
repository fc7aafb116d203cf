#include "core/rpc_ota.h"

#include <cmath>
#include <cstring>

#include "core/base64.h"
#include "core/rpc_errors.h"

namespace fb {
namespace {

/// Where the wrapped key lies, behind the manifest and its signature.
constexpr size_t kOtaKeyAt = 1536;

/// A number among the parameters, or −1.
double ota_number(RpcCall& call, std::string_view name) {
  const double value = call.params.member(name).number().value_or(-1);
  return value >= 0 && value <= UINT32_MAX && value == std::floor(value) ? value : -1;
}

std::string_view ota_text(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

}  // namespace

constexpr OtaMethods::Entry OtaMethods::kMethods[8] = {
    {"ota.begin", false, Access::kAdmin, &OtaMethods::begin},
    {"ota.digests", false, Access::kAdmin, &OtaMethods::digests},
    {"ota.chunk", false, Access::kAdmin, &OtaMethods::chunk},
    {"ota.finish", true, Access::kAdmin, &OtaMethods::finish},
    {"ota.abort", true, Access::kAdmin, &OtaMethods::abort},
    {"ota.status", false, Access::kViewer, &OtaMethods::status},
    {"ota.confirm", true, Access::kAdmin, &OtaMethods::confirm},
    {"ota.rollback", true, Access::kAdmin, &OtaMethods::roll_back},
};

bool OtaMethods::take(RpcCall& call, std::string_view name, size_t at, size_t& size) {
  const JsonValue given = call.params.member(name);
  if (given.is_string()) {
    // Base64 has no character that JSON must escape: what is escaped is not it.
    const std::string_view raw = given.raw();
    const Expected<size_t> decoded = base64_decode(raw.substr(1, raw.size() - 2), bytes_ + at, kScratch - at);
    size = decoded.value();
    if (decoded.ok()) return true;
  }
  call.answer.invalid_params(name);
  return false;
}

void OtaMethods::answer(OtaFault fault, RpcCall& call) {
  if (fault == OtaFault::kNone) return receiver_.write_status(call.answer.result());
  // What only the device's owner can mend is told to whoever asks.
  const std::string_view message =
      fault == OtaFault::kUnknownKey
          ? "the update was refused: this device was given no key of its maker (docs/ota.md, section 7, says how)"
          : "the update was refused";
  call.answer.error_with_data(rpc::kRefused, message).key("reason").string(ota_fault_word(fault));
  call.answer.end_data();
}

void OtaMethods::begin(RpcCall& call) {
  size_t manifest = 0;
  size_t key = 0;
  if (!take(call, "manifest", 0, manifest)) return;
  if (manifest > kOtaKeyAt) return call.answer.invalid_params("manifest");
  if (call.params.member("key").exists() && !take(call, "key", kOtaKeyAt, key)) return;
  answer(receiver_.begin(ota_text(bytes_, manifest), ota_text(bytes_ + kOtaKeyAt, key)), call);
}

void OtaMethods::digests(RpcCall& call) {
  const double at = ota_number(call, "at");
  if (at < 0) return call.answer.invalid_params("at");
  size_t size = 0;
  if (!take(call, "bytes", 0, size)) return;
  answer(receiver_.digests(static_cast<uint32_t>(at), ota_text(bytes_, size)), call);
}

void OtaMethods::chunk(RpcCall& call) {
  const double index = ota_number(call, "index");
  if (index < 0) return call.answer.invalid_params("index");
  char iv[32];
  size_t iv_size = 0;
  if (call.params.member("iv").exists() && !take(call, "iv", 0, iv_size)) return;
  if (iv_size > sizeof iv) return call.answer.invalid_params("iv");
  std::memcpy(iv, bytes_, iv_size);
  size_t size = 0;
  if (!take(call, "bytes", 0, size)) return;
  answer(receiver_.chunk(static_cast<uint32_t>(index), {iv, iv_size}, bytes_, size), call);
}

}  // namespace fb
