#pragma once

#include <cstddef>
#include <cstdint>

#include "core/component.h"
#include "core/identity.h"
#include "hal/hal.h"

namespace fb {

/// Numbers what components measure and sends it in the native profile, docs/protocol.md §2 and §3.1. The log is in RAM
/// and keeps nothing that was sent, so each boot is a new epoch and nothing can be asked for again.
class Telemetry final : public SampleSink {
 public:
  Telemetry(const Identity& identity, const Hal& hal, char* buffer, size_t capacity)
      : identity_(identity), hal_(hal), buffer_(buffer), capacity_(capacity) {}

  /// Draws the epoch.
  Status start(const Now& now);
  /// While the link is down samples get their numbers and are lost; the gap shows.
  void set_link(bool up) { link_up_ = up; }
  void take(const Metric* metrics, size_t count, const Now& now) override;

  uint32_t epoch() const { return epoch_; }
  /// The next number to be used; also the oldest held, as none is.
  uint32_t next_seq() const { return seq_; }
  uint32_t lost() const { return lost_; }

 private:
  void new_log();

  const Identity& identity_;
  const Hal& hal_;
  char* buffer_;
  size_t capacity_;
  SmallString<96> topic_;
  uint32_t epoch_ = 0;
  uint32_t seq_ = 0;
  uint32_t lost_ = 0;
  Millis boot_ms_ = 0;
  bool link_up_ = false;
};

}  // namespace fb
