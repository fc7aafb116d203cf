#include "core/rpc_board.h"

#include <cmath>
#include <memory>
#include <new>

#include "core/board.h"

namespace fb {
namespace {

/// ms of params.trial_s; kNever where it does not fit.
Millis board_trial_of(const JsonValue& params) {
  const JsonValue value = params.member("trial_s");
  if (!value.exists()) return Board::kDefaultTrial;
  const double seconds = value.number().value_or(-1);
  if (!(seconds >= Board::kShortestTrialS && seconds <= Board::kLongestTrialS)) return kNever;
  return static_cast<Millis>(std::floor(seconds)) * 1000;
}

/// Where a part of the broker's TLS is kept, and what its PEM must be.
struct TlsPart {
  std::string_view name;
  std::string_view record;
  std::string_view label;
};
constexpr TlsPart kTlsParts[] = {
    {"ca", "tls_ca", "CERTIFICATE-----"}, {"cert", "tls_cert", "CERTIFICATE-----"}, {"key", "tls_key", "PRIVATE KEY-----"}};

bool is_pem(std::string_view text, std::string_view label) {
  return text.substr(0, 11) == "-----BEGIN " && text.find(label) < 40 && text.find("-----END ") != std::string_view::npos;
}

}  // namespace

constexpr BoardMethods::Entry BoardMethods::kMethods[] = {
    {"system.rename", true, Access::kAdmin, &BoardMethods::rename},
    {"wifi.status", false, Access::kViewer, &BoardMethods::wifi_status},
    {"wifi.set", true, Access::kAdmin, &BoardMethods::wifi_set},
    {"mqtt.status", false, Access::kViewer, &BoardMethods::mqtt_status},
    {"mqtt.set", true, Access::kAdmin, &BoardMethods::mqtt_set},
    {"mqtt.tls.set", true, Access::kAdmin, &BoardMethods::tls_set},
};

void BoardMethods::rename(RpcCall& call) {
  char text[64];
  const Expected<std::string_view> name = call.params.member("name").text(text, sizeof text);
  if (!name.ok()) return call.answer.invalid_params("name");
  const Status renamed = board_.rename(name.value());
  if (renamed == Status::kInvalid) return call.answer.invalid_params("name");
  if (renamed != Status::kOk) return call.answer.storage_failed();
  call.answer.result().begin_object().key("name").string(name.value()).end_object();
}

void BoardMethods::wifi_status(RpcCall& call) { board_.write_wifi_status(call.answer.result(), call.now); }

void BoardMethods::wifi_set(RpcCall& call) {
  WifiSettings settings;
  const std::string_view field = settings.read(call.params);
  if (!field.empty()) return call.answer.invalid_params(field);
  const Millis trial = board_trial_of(call.params);
  if (trial == kNever) return call.answer.invalid_params("trial_s");
  board_.try_wifi(settings, trial, call.now);
  call.answer.result().begin_object().key("trial_s").number(static_cast<double>(trial / 1000)).end_object();
}

void BoardMethods::mqtt_status(RpcCall& call) { board_.write_broker_status(call.answer.result()); }

void BoardMethods::mqtt_set(RpcCall& call) {
  BrokerSettings settings;
  const std::string_view field = settings.read(call.params);
  if (!field.empty()) return call.answer.invalid_params(field);
  const Millis trial = board_trial_of(call.params);
  if (trial == kNever) return call.answer.invalid_params("trial_s");
  board_.try_broker(settings, trial, call.now);
  call.answer.result().begin_object().key("trial_s").number(static_cast<double>(trial / 1000)).end_object();
}

void BoardMethods::tls_set(RpcCall& call) {
  const JsonValue name = call.params.member("part");
  const TlsPart* part = nullptr;
  for (const TlsPart& one : kTlsParts)
    if (name.equals(one.name)) part = &one;
  if (part == nullptr) return call.answer.invalid_params("part");
  // Rare, and too large for a stack: its own memory for as long as it takes.
  const std::unique_ptr<char[]> buffer(new (std::nothrow) char[RpcRouter::kMaxRequest]);
  if (buffer == nullptr) return call.answer.storage_failed();
  const Expected<std::string_view> pem = call.params.member("pem").text(buffer.get(), RpcRouter::kMaxRequest);
  if (!pem.ok() || (!pem.value().empty() && !is_pem(pem.value(), part->label))) return call.answer.invalid_params("pem");
  if (board_.store(part->record, pem.value()) != Status::kOk) return call.answer.storage_failed();
  JsonWriter& out = call.answer.result();
  out.begin_object().key("part").string(part->name);
  out.key("bytes").number(static_cast<double>(pem.value().size())).end_object();
}

}  // namespace fb
