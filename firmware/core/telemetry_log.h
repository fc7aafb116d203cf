#pragma once

#include <cstddef>
#include <cstdint>

#include "core/component.h"
#include "core/log_sector.h"
#include "core/status.h"
#include "core/time.h"
#include "hal/flash_region.h"
#include "hal/rng.h"

namespace fb {

/// How far a sample's time can be believed, docs/protocol.md §2. The numbers are those of telemetry.query's rows.
enum class ClockQuality : uint8_t {
  kNone,       ///< ms since the start of its boot
  kSync,       ///< ms since the Unix epoch
  kCorrected,  ///< the same, reckoned after the clock was set
};

/// One sample of the log. What it points to is the log's, until the next read().
struct LoggedSample {
  uint32_t epoch = 0;
  uint32_t seq = 0;
  uint32_t boot = 0;  ///< in which it was measured
  int64_t time_ms = 0;
  ClockQuality quality = ClockQuality::kNone;
  /// Two samples with the same number here have the same names; with others they may have.
  uint32_t shape = 0;
  const Metric* metrics = nullptr;
  size_t count = 0;
};

/// What a device measured: a ring of flash sectors in which a sample is on flash when append() has returned. Format and
/// reasons: docs/telemetry-log.md.
///
/// A sample is known by (epoch, seq). No seq of an epoch is ever given to two samples that a reader could have seen: where
/// a cut write or damage leaves it open whether a number was used, it is passed over.
class TelemetryLog {
 public:
  /// The names of one sample, each with a length byte, have at most this many bytes.
  static constexpr size_t kMaxNames = kMostLogPayload - 2;

  TelemetryLog(FlashRegion& region, Rng& rng) : region_(region), rng_(rng) {}

  /// Opens the log, or makes one where there is none. Reads each sector's header and the newest sector.
  /// @param boot rises with each start; where it does not, the log goes on counting by itself
  /// kNotFound: the region has not two sectors; kStorage: the medium failed. Then append() gives kUnavailable.
  Status mount(uint32_t boot, const Now& now);

  /// Keeps one sample and gives its seq; epoch() may have changed where numbers had run out. kInvalid: no metrics, or more
  /// than kMaxMetrics; kNoSpace: names longer than kMaxNames; kStorage: not kept.
  Expected<uint32_t> append(const Metric* metrics, size_t count, const Now& now);

  /// The clock was set: gives the samples of this boot from before it their time. Only the first call of a boot counts.
  /// kStorage: until the restart only.
  Status clock_set(const Now& now);

  /// A sample of the present epoch. Quick where `seq` follows the one read before; else it is searched for.
  /// kNotFound: not held (not written yet, given up, or damaged); kStorage: the medium failed.
  Expected<LoggedSample> read(uint32_t seq);

  uint32_t epoch() const { return epoch_; }
  /// The number that the next sample gets.
  uint32_t next_seq() const { return tail_.seq; }
  /// The oldest that is held; next_seq() where there is none.
  uint32_t first_seq() const { return first_seq_; }
  /// Numbers from first_seq() to next_seq(); damage may have left gaps among them.
  uint32_t held() const { return tail_.seq - first_seq_; }
  /// Samples of this epoch that the ring gave up since the log was made: seq begins at 0.
  uint32_t lost() const { return first_seq_; }
  /// Sectors that could not be read at mount().
  uint32_t damaged() const { return damaged_; }

 private:
  /// What the writer knows of a shape besides what a LogPlace does.
  struct Shape {
    uint16_t names_crc;  ///< so that not each shape's names need be read
    uint8_t spent;       ///< bytes that a nearer reference would have saved
  };

  size_t sectors() const { return region_.size() / FlashRegion::kSector; }
  LogSector sector(uint32_t number) const;
  /// kNotFound: this is no sector of this log.
  Expected<LogHeader> header(uint32_t number) const;
  /// The last sector for which `fits(header)`, which is true up to some sector and false from there on.
  template <typename Fits>
  Expected<LogHeader> last_sector(Fits fits) const;
  /// The first sector of this epoch behind `number`, up to the newest.
  Expected<LogHeader> sector_after(uint32_t number) const;

  Status find_newest(LogHeader& newest, bool& found);
  Status find_tail(const LogHeader& newest);
  Status find_damage_behind(const LogHeader& newest);
  void find_first(const LogHeader& newest);

  Status begin_log(uint32_t boot);
  Status begin_sector();
  void forget_sector(uint32_t number);
  Status append_here(const Metric* metrics, size_t count, bool clock, int64_t time_ms);
  Expected<size_t> write_sample(uint8_t shape, const Metric* metrics, size_t count, bool clock, int64_t time_ms,
                                uint8_t* payload);
  int find_shape(const Metric* metrics, size_t count, uint16_t names_crc);

  Status seek(uint32_t seq);
  Status load_names(uint8_t shape);
  int64_t boot_start(uint32_t boot);

  FlashRegion& region_;
  Rng& rng_;

  uint32_t epoch_ = 0;
  uint32_t boot_ = 0;
  Millis boot_mono_ = 0;
  int64_t boot_unix_ms_ = 0;  ///< when this boot began; 0 while the clock was not set
  uint32_t base_ = 0;         ///< sector `number` lies at (number + base_) mod sectors()
  uint32_t next_number_ = 0;  ///< the sector to begin next
  uint32_t first_number_ = 0;
  uint32_t first_seq_ = 0;
  uint32_t damaged_ = 0;
  bool mounted_ = false;

  LogPlace tail_;  ///< where the next record goes
  Shape shapes_[kLogShapes] = {};
  uint8_t next_shape_ = 0;

  LogPlace reader_;           ///< behind the sample read last
  uint32_t reader_end_ = 0;   ///< the first seq of the sector behind; 0: the reader is nowhere
  uint32_t asked_boot_ = 0;   ///< of boot_start()
  int64_t asked_start_ = 0;

  uint8_t names_[kMostLogPayload];  ///< the shape record of metrics_
  uint8_t names_size_ = 0;
  uint32_t names_sector_ = 0;
  uint16_t names_at_ = 0;
  uint32_t names_version_ = 0;
  Metric metrics_[kMaxMetrics] = {};
};

}  // namespace fb
