#pragma once

#include <cstddef>
#include <string_view>

#include "core/config_store.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/registry.h"
#include "core/scheduler.h"
#include "core/telemetry.h"
#include "hal/memory.h"

namespace fb {

class Board;

/// The Device API: JSON-RPC 2.0, the same on every link; docs/protocol.md §3.3 and §4.
class RpcRouter {
 public:
  static constexpr size_t kMaxRequest = 4096;
  static constexpr size_t kMaxReply = 4096;

  /// What the methods speak of; all of it outlives the router.
  struct Parts {
    const Identity& identity;
    Registry& registry;
    Scheduler& scheduler;
    ConfigStore& config;
    Journal& journal;
    Telemetry& telemetry;
    Memory& memory;
    const uint32_t& boot;
    const Millis& boot_ms;
  };

  explicit RpcRouter(const Parts& parts) : parts_(parts) {}

  /// Without a board its methods are unknown. It outlives the router's last call.
  void attach(Board& board) { board_ = &board; }

  /// Carries out one request, or says why not. Total: any bytes have an answer. It stays until the next call.
  std::string_view handle(std::string_view request, const Now& now);
  /// A restart was asked for and answered.
  bool restart_wanted() const { return restart_wanted_; }

 private:
  struct Call {
    JsonValue params;
    std::string_view prefix;  ///< how the caller names the input: "input" or "params"
    const Now& now;
  };
  struct Method {
    std::string_view name;
    bool changes;
    bool board;  ///< only where there is one
    void (RpcRouter::*run)(const Call&);
  };
  static const Method kMethods[];

  void route(const JsonValue& request, const Now& now);
  void run_short_form(const JsonValue& request, const Now& now);
  void run_once(const Method& method, const Call& call);
  std::string_view compose();

  void system_info(const Call& call);
  void system_restart(const Call& call);
  void components_list(const Call& call);
  void components_get(const Call& call);
  void components_options(const Call& call);
  void components_execute(const Call& call);
  void config_get(const Call& call);
  void config_set(const Call& call);
  void telemetry_info(const Call& call);
  void system_rename(const Call& call);
  void wifi_status(const Call& call);
  void wifi_set(const Call& call);
  void mqtt_status(const Call& call);
  void mqtt_set(const Call& call);
  void config_confirm(const Call& call);
  void config_revert(const Call& call);

  /// The component that params.id names; else null, and the error is written.
  Registry::Entry* component_of(const Call& call);
  void execute(Registry::Entry& entry, const JsonValue& input, const Call& call);

  /// Each begins the answer anew, whatever had been written.
  JsonWriter& result();
  void error(int code, std::string_view message);
  void invalid_params(std::string_view field);
  void no_component(std::string_view raw_id);

  Parts parts_;
  Board* board_ = nullptr;
  bool restart_wanted_ = false;
  SmallString<64> id_;
  bool has_id_ = false;
  JsonToken tokens_[256];
  char tail_text_[3584];  ///< "result":… or "error":…, as the journal keeps it
  JsonWriter tail_{tail_text_, sizeof tail_text_};
  char reply_[kMaxReply];
};

}  // namespace fb
