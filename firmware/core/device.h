#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/config_store.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/logger.h"
#include "core/message_auth.h"
#include "core/orchestrator.h"
#include "core/registry.h"
#include "core/rpc_components.h"
#include "core/rpc_keys.h"
#include "core/rpc_ota.h"
#include "core/rpc_router.h"
#include "core/rpc_system.h"
#include "core/state_memory.h"
#include "core/telemetry.h"
#include "hal/hal.h"

namespace fb {

/// What a device wants of its body when nothing is due for a while.
struct SleepWish {
  SleepKind kind = SleepKind::kNone;
  Millis until = 0;
};

/// One device: its components, what it publishes and what it obeys. A body makes it, tells it the time and carries its
/// messages. Everything that is not a component's is allocated when it is made.
class Device {
 public:
  /// So many starts in a row that ended in a crash, and the next is in safe mode: network, API and OTA only.
  static constexpr uint8_t kCrashesToSafeMode = 3;
  /// After so long in safe mode for crashes it tries to run as before.
  static constexpr Millis kSafeModeMs = 1'800'000;
  /// Up so long, a device's crashes before are forgotten.
  static constexpr Millis kSteadyMs = 60'000;
  /// After a message came, a device stays awake for as long.
  static constexpr Millis kAwakeAfterMessageMs = 10'000;

  Device(const Identity& identity, const Hal& hal);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Before start(): what the app can make. kNoSpace: too many.
  Status add_type(ComponentFactory& factory) { return registry_.add_type(factory); }
  /// Before start(): methods besides the core's. The group outlives the device's last call.
  void add_methods(RpcMethods& methods) { router_.add(methods); }
  /// Before start(): whose firmware it takes; without, none. The version and the device's own key are the device's. What it
  /// points to outlives the device.
  void trust(const OtaTrust& trust) { trust_ = trust; }
  /// Counts the boot, reads the flash and makes the components. What cannot be read is replaced by the default, and
  /// logged; where the storage itself fails, it starts in safe mode and refuses every request from a network. Both texts
  /// are documents as in core/config_store.h: `first_boot` counts where none is stored and may be empty,
  /// `factory_default` has every component of the app.
  Status start(std::string_view first_boot, std::string_view factory_default, const Now& now);
  /// Where components give what they measured.
  SampleSink& samples() { return telemetry_; }
  Telemetry& telemetry() { return telemetry_; }
  Logger& log() { return log_; }
  const Orchestrator& orchestrator() const { return orchestrator_; }
  /// For services: executes a component as a person would. @param input JSON, at most 64 values
  /// kNotFound: there is none; kInvalid, kRefused: it does not take this; kUnavailable: it does not run.
  Status execute(std::string_view component, std::string_view input, const Now& now);
  /// Makes a component due at once.
  void wake(const Component& component, const Now& now);
  /// Sends on a topic of this device, `iot/node/{id}/{leaf}`. False: there is no session, or it was not taken.
  bool tell(std::string_view leaf, std::string_view payload, uint8_t qos, bool retain) {
    return link_up_ && publish(leaf, payload, qos, retain);
  }

  /// Sends what `batch` made. kUnavailable: there is no session, it was not taken, or it cannot be sealed.
  Status send(BatchUplink& batch) {
    return link_up_ ? batch.send(router_.scratch(), RpcRouter::kScratch) : Status::kUnavailable;
  }
  /// Is there a session with the broker?
  bool link_up() const { return link_up_; }
  /// 0: no firmware comes in; else a number that changes with each piece that came or was read back.
  uint32_t update_progress() const { return ota_ ? ota_->progress() : 0; }

  /// Runs what is due. Returns when to be called next (kNever: only on a message).
  Millis step(const Now& now);
  /// What the body may do until then, asked after step().
  SleepWish sleep_wish() const { return sleep_; }
  /// Is there a network, with or without a broker? A new image that finds one has shown half of what it must.
  void set_network(bool up) { network_up_ = up; }
  /// Something stands in the way of sleep until it is called again with false: an update, a trial, a person at the cable.
  void keep_awake(bool awake) { kept_awake_ = awake; }
  /// The session with the broker came up (then status and shadow are published) or went down.
  void set_link(bool up, const Now& now);
  /// One message that arrived. False: its topic is not one of ours.
  bool receive(std::string_view topic, std::string_view payload, const Now& now);
  /// One request from a network link: where the device has a secret, only what is sealed by its keys is carried out, and the
  /// answer is sealed. Empty: no answer.
  std::string_view handle_sealed(std::string_view request, const Now& now);
  /// One request from another link: its answer, which stays until the next call of any other function here.
  std::string_view handle(std::string_view request, Access access, const Now& now);
  /// The same as a frame for the cable.
  std::string_view framed_answer() { return router_.framed(); }
  /// Takes another name and tells it. kNoSpace: longer than 64 bytes; kInvalid: no text. Storing it is the caller's.
  Status rename(std::string_view name);
  /// Before start(): a board's settings are confirmed with the configuration.
  void attach(Board& board) { component_methods_.attach(board); }
  /// ConfigStore::kMaxDocument bytes in which nothing lies between two calls.
  char* config_scratch() { return config_.scratch(); }
  /// A restart was asked for: the body makes the device anew.
  bool restart_wanted() const { return boot_.restart_wanted || (ota_ && ota_->restart_wanted()); }
  void want_restart() { boot_.restart_wanted = true; }

  /// What the body subscribes to, and the last will it gives the broker when it opens the session.
  std::string_view command_topic() const { return command_topic_.view(); }
  std::string_view desired_topic() const { return desired_topic_.view(); }
  std::string_view status_topic() const { return status_topic_.view(); }
  std::string_view will_payload() const;
  const Identity& identity() const { return identity_; }
  const BootInfo& boot() const { return boot_; }

 private:
  void start_ota(const Now& now);
  void count_boot();
  void count_crashes();
  void end_crash_watch(const Now& now);
  bool publish(std::string_view leaf, std::string_view payload, uint8_t qos, bool retain);
  void publish_status(std::string_view state, Millis wake_in);
  void publish_shadow();
  void publish_log();
  void publish_diagnostics(const Now& now);
  Millis publish_due(const Now& now);
  void plan_sleep(Millis next, const Now& now);
  Status execute(Registry::Entry& entry, const JsonValue& input, const Now& now);
  void take_desired(std::string_view payload, const Now& now);
  uint64_t shadow_version() const;
  JsonWriter scratch_writer() { return {router_.scratch(), RpcRouter::kScratch}; }

  Identity identity_;
  Hal hal_;
  Logger log_;
  Registry registry_;
  Orchestrator orchestrator_;
  ConfigStore config_;
  Journal journal_;
  Telemetry telemetry_;
  BootInfo boot_;
  RpcRouter router_;
  StateMemory states_;
  MessageAuth auth_;
  KeyMethods key_methods_;
  OtaTrust trust_;
  Key ota_key_{};
  std::optional<OtaReceiver> ota_;
  std::optional<OtaMethods> ota_methods_;
  ComponentMethods component_methods_;
  SystemMethods system_methods_;
  SmallString<96> command_topic_;
  SmallString<96> desired_topic_;
  SmallString<96> status_topic_;
  uint64_t shadow_published_ = 0;
  uint32_t registry_published_ = 0;
  uint32_t log_published_ = 0;
  Millis diagnostics_due_ = 0;
  Millis awake_until_ = 0;
  SleepWish sleep_;
  bool kept_awake_ = false;
  bool link_up_ = false;
  bool network_up_ = false;
};

}  // namespace fb
