// The methods of a device that has a cable, a network and a session of its own, docs/protocol.md §4.1.
#include <cmath>

#include "core/board.h"
#include "core/rpc_errors.h"
#include "core/rpc_router.h"

namespace fb {
namespace {

/// ms of params.trial_s; kNever where it does not fit.
Millis trial_of(const JsonValue& params) {
  const JsonValue value = params.member("trial_s");
  if (!value.exists()) return Board::kDefaultTrial;
  const double seconds = value.number().value_or(-1);
  if (!(seconds >= Board::kShortestTrialS && seconds <= Board::kLongestTrialS)) return kNever;
  return static_cast<Millis>(std::floor(seconds)) * 1000;
}

}  // namespace

void RpcRouter::system_rename(const Call& call) {
  char text[64];
  const Expected<std::string_view> name = call.params.member("name").text(text, sizeof text);
  if (!name.ok()) return invalid_params("name");
  const Status renamed = board_->rename(name.value());
  if (renamed == Status::kInvalid) return invalid_params("name");
  if (renamed != Status::kOk) return error(rpc::kStorageFailed, "the storage failed: nothing has changed");
  result().begin_object().key("name").string(parts_.identity.name.view()).end_object();
}

void RpcRouter::wifi_status(const Call& call) { board_->write_wifi_status(result(), call.now); }

void RpcRouter::wifi_set(const Call& call) {
  WifiSettings settings;
  const std::string_view field = settings.read(call.params);
  if (!field.empty()) return invalid_params(field);
  const Millis trial = trial_of(call.params);
  if (trial == kNever) return invalid_params("trial_s");
  board_->try_wifi(settings, trial, call.now);
  result().begin_object().key("trial_s").number(static_cast<double>(trial / 1000)).end_object();
}

void RpcRouter::mqtt_status(const Call&) { board_->write_broker_status(result()); }

void RpcRouter::mqtt_set(const Call& call) {
  BrokerSettings settings;
  const std::string_view field = settings.read(call.params);
  if (!field.empty()) return invalid_params(field);
  const Millis trial = trial_of(call.params);
  if (trial == kNever) return invalid_params("trial_s");
  board_->try_broker(settings, trial, call.now);
  result().begin_object().key("trial_s").number(static_cast<double>(trial / 1000)).end_object();
}

void RpcRouter::config_confirm(const Call&) {
  if (board_->confirm(result().begin_object().key("confirmed")) != Status::kOk)
    return error(rpc::kStorageFailed, "the storage failed: what is not stored stays on trial");
  tail_.end_object();
}

void RpcRouter::config_revert(const Call& call) {
  board_->revert(result().begin_object().key("reverted"), call.now);
  tail_.end_object();
}

}  // namespace fb
