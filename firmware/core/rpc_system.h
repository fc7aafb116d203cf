#pragma once

#include "core/config_store.h"
#include "core/identity.h"
#include "core/logger.h"
#include "core/rpc_router.h"
#include "core/telemetry.h"
#include "hal/hal.h"

namespace fb {

/// What is known of this start of the device.
struct BootInfo {
  uint32_t number = 0;
  Millis began = 0;
  ResetReason reason = ResetReason::kUnknown;
  uint8_t failed_in_row = 0;  ///< starts before this one that ended in a crash
  bool safe_mode = false;
  bool storage_failed = false;  ///< the records cannot be read: then it is in safe mode, and believes nobody from the network
  bool restart_wanted = false;
};

/// system.*, telemetry.*, log.*, diagnostics.* and shadow.get, docs/protocol.md §4.1.
class SystemMethods final : public RpcMethodTable<SystemMethods> {
 public:
  struct Parts {
    const Identity& identity;
    Hal& hal;
    Registry& registry;
    Orchestrator& orchestrator;
    ConfigStore& config;
    Telemetry& telemetry;
    Logger& log;
    RpcRouter& router;
    BootInfo& boot;
  };
  explicit SystemMethods(const Parts& parts) : parts_(parts) {}

  /// All figures of the device, an object; the same that diagnostics.get answers.
  void write_diagnostics(JsonWriter& out, const Now& now) const;
  /// {"<component>": <its state>, …} of what the shadow shows.
  void write_shadow(JsonWriter& out) const;

 private:
  friend class RpcMethodTable<SystemMethods>;
  static const Entry kMethods[9];

  void info(RpcCall& call);
  void restart(RpcCall& call);
  void leave_safe_mode(RpcCall& call);
  void telemetry_info(RpcCall& call);
  void telemetry_query(RpcCall& call);
  void log_get(RpcCall& call);
  void log_level(RpcCall& call);
  void diagnostics(RpcCall& call);
  void shadow(RpcCall& call);

  Parts parts_;
};

std::string_view name_of(ResetReason reason);
/// Why it is in safe mode: "crashes" or "storage".
std::string_view safe_mode_reason(const BootInfo& boot);

}  // namespace fb
