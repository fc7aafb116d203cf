#include "core/rpc_board.h"

#include <cmath>

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

}  // namespace

const BoardMethods::Entry BoardMethods::kMethods[] = {
    {"system.rename", true, Access::kAdmin, &BoardMethods::rename},
    {"wifi.status", false, Access::kViewer, &BoardMethods::wifi_status},
    {"wifi.set", true, Access::kAdmin, &BoardMethods::wifi_set},
    {"mqtt.status", false, Access::kViewer, &BoardMethods::mqtt_status},
    {"mqtt.set", true, Access::kAdmin, &BoardMethods::mqtt_set},
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

}  // namespace fb
