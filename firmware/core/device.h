#pragma once

#include <cstddef>
#include <string_view>

#include "core/config_store.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/registry.h"
#include "core/rpc_router.h"
#include "core/scheduler.h"
#include "core/telemetry.h"
#include "hal/hal.h"

namespace fb {

/// One device: its components, what it publishes and what it obeys. A body makes it, tells it the time and carries its
/// messages. Everything is allocated when start() returns.
class Device {
 public:
  Device(const Identity& identity, const Hal& hal);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Before start(): what the app can make. kNoSpace: too many.
  Status add_type(ComponentFactory& factory) { return registry_.add_type(factory); }
  /// Counts the boot, reads the flash and makes the components. What cannot be read is replaced by the default, and
  /// logged. Both texts are documents as in core/config_store.h: `first_boot` counts where none is stored and may be
  /// empty, `factory_default` has every component of the app.
  Status start(std::string_view first_boot, std::string_view factory_default, const Now& now);
  /// Where components give what they measured.
  SampleSink& samples() { return telemetry_; }

  /// Runs what is due. Returns when to be called next (kNever: only on a message).
  Millis step(const Now& now);
  /// The session with the broker came up (then status and shadow are published) or went down.
  void set_link(bool up, const Now& now);
  /// One message that arrived. False: its topic is not one of ours.
  bool receive(std::string_view topic, std::string_view payload, const Now& now);
  /// One request from another link: its answer, which stays until the next call.
  std::string_view handle(std::string_view request, const Now& now);
  /// Takes another name and tells it. kNoSpace: longer than 64 bytes; kInvalid: no text. Storing it is the caller's.
  Status rename(std::string_view name);
  /// Before start(): gives the Device API the methods of a board.
  void attach(Board& board) { router_.attach(board); }
  /// A restart was asked for: the body makes the device anew.
  bool restart_wanted() const { return router_.restart_wanted(); }

  /// What the body subscribes to, and the last will it gives the broker when it opens the session.
  std::string_view command_topic() const { return command_topic_.view(); }
  std::string_view status_topic() const { return status_topic_.view(); }
  std::string_view will_payload() const;
  const Identity& identity() const { return identity_; }

 private:
  void count_boot();
  void publish_status();
  void publish_shadow();
  uint64_t shadow_version() const;

  Identity identity_;
  Hal hal_;
  Registry registry_;
  Scheduler scheduler_;
  ConfigStore config_;
  Journal journal_;
  char message_[RpcRouter::kMaxReply];
  Telemetry telemetry_;
  uint32_t boot_ = 0;
  Millis boot_ms_ = 0;
  RpcRouter router_;
  SmallString<96> command_topic_;
  SmallString<96> response_topic_;
  SmallString<96> status_topic_;
  SmallString<96> shadow_topic_;
  uint64_t shadow_published_ = 0;
  bool link_up_ = false;
};

}  // namespace fb
