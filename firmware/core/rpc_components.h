#pragma once

#include "core/config_store.h"
#include "core/rpc_router.h"

namespace fb {

class Board;

/// components.* and config.*, docs/protocol.md §4.1.
class ComponentMethods final : public RpcMethodTable<ComponentMethods>, public ShortCommands {
 public:
  ComponentMethods(Registry& registry, Orchestrator& orchestrator, ConfigStore& config)
      : registry_(registry), orchestrator_(orchestrator), config_(config) {}

  /// Its settings are confirmed and reverted with the configuration. It outlives the last call.
  void attach(Board& board) { board_ = &board; }
  void execute_short(std::string_view component, const JsonValue& input, RpcCall& call) override;

 private:
  friend class RpcMethodTable<ComponentMethods>;
  static const Entry kMethods[13];

  void list(RpcCall& call);
  void get(RpcCall& call);
  void options(RpcCall& call);
  void execute(RpcCall& call);
  void types(RpcCall& call);
  void add(RpcCall& call);
  void remove(RpcCall& call);
  void config_get(RpcCall& call);
  void config_schema(RpcCall& call);
  void config_set(RpcCall& call);
  void config_apply(RpcCall& call);
  void config_confirm(RpcCall& call);
  void config_revert(RpcCall& call);

  /// The component that params.id names; else null, and the error is written.
  Registry::Entry* component_of(RpcCall& call);
  void execute(Registry::Entry& entry, const JsonValue& input, std::string_view prefix, RpcCall& call);
  /// Writes why a change was refused. @param changes the list that its items are of; @param head how its place is named
  void refuse(const ConfigStore::Refusal& refusal, const JsonValue& changes, std::string_view head, RpcCall& call);
  /// ms of params.trial_s; 0 where there is none, kNever where it does not fit, and the error is written.
  Millis trial_of(RpcCall& call);

  Registry& registry_;
  Orchestrator& orchestrator_;
  ConfigStore& config_;
  Board* board_ = nullptr;
};

}  // namespace fb
