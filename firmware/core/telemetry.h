#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/batch_uplink.h"
#include "core/component.h"
#include "core/device_settings.h"
#include "core/identity.h"
#include "core/logger.h"
#include "core/rpc_call.h"
#include "core/telemetry_log.h"
#include "hal/hal.h"

namespace fb {

/// Hears every sample besides the log: rules, models.
class SampleTap {
 public:
  virtual ~SampleTap() = default;
  virtual void heard(const Metric* metrics, size_t count, const Now& now) = 0;
};

/// Numbers what components measure, keeps it in the log and sends it in the native profile, docs/protocol.md §2, §3.1 and
/// §3.5. What could not be sent can be asked for again by telemetry.query, until the log needs its place.
class Telemetry final : public SampleSink {
 public:
  /// @param auth whose key batches carry; all of it outlives this
  Telemetry(const Identity& identity, const Hal& hal, Logger& log, const MessageAuth& auth)
      : identity_(identity), hal_(hal), log_(log), auth_(auth), samples_(hal.telemetry, hal.rng) {}

  /// Opens the log.
  Status start(uint32_t boot, const Now& now);
  void set_link(bool up);
  void take(const Metric* metrics, size_t count, const Now& now) override;
  /// kNoSpace: too many. It outlives the last sample.
  Status add_tap(SampleTap& tap) {
    if (tap_count_ == kMaxTaps) return Status::kNoSpace;
    taps_[tap_count_++] = &tap;
    return Status::kOk;
  }

  /// Sends what is due, through the caller's buffer. Returns when it wants to be called next.
  Millis publish(char* buffer, size_t capacity, const TelemetrySettings& settings, const Now& now);
  /// From now on who calls this sends the samples, from the first on that was not sent yet, and nothing is published here until
  /// release(). Null: somebody else does, or there is no memory for it.
  BatchUplink* hold(const Now& now);
  /// What was not sent is published here again.
  void release();
  /// Answers telemetry.query.
  void query(RpcCall& call);

  uint32_t epoch() const { return samples_.epoch(); }
  /// The next number to be used, and the oldest that is held.
  uint32_t next_seq() const { return samples_.next_seq(); }
  uint32_t first_seq() const { return samples_.first_seq(); }
  /// Samples that the log had to give up, or could not keep.
  uint32_t lost() const { return samples_.lost() + refused_; }
  void write_figures(JsonWriter& out) const;

 private:
  /// So many samples of before the session came up are still sent by themselves; the rest is for who asks.
  static constexpr uint32_t kMostBacklog = 30;
  /// Samples that one step sends, so that a backlog does not keep it from its components.
  static constexpr int kSamplesAStep = 8;

  bool have_uplink(const Now& now);
  void cut_backlog();
  Millis publish_live(char* buffer, size_t capacity, const TelemetrySettings& settings, const Now& now);
  bool send_live(const LoggedSample& sample, char* buffer, size_t capacity, const Now& now);

  const Identity& identity_;
  const Hal& hal_;
  Logger& log_;
  const MessageAuth& auth_;
  TelemetryLog samples_;
  static constexpr size_t kMaxTaps = 4;
  SampleTap* taps_[kMaxTaps] = {};
  size_t tap_count_ = 0;
  std::unique_ptr<BatchUplink> batches_;  ///< only where batches are wanted
  Millis boot_ms_ = 0;
  uint32_t live_seq_ = 0;   ///< the next to be sent live
  uint32_t unpublished_from_ = 0;  ///< what came after the last publish(): where batches begin when they are turned on
  uint32_t sent_ = 0;
  uint32_t unsent_ = 0;     ///< passed over or not taken
  uint32_t refused_ = 0;    ///< the log did not take them
  bool clock_told_ = false;
  bool link_up_ = false;
  bool held_ = false;  ///< somebody else sends
};

}  // namespace fb
