#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/component.h"
#include "core/log_sector.h"
#include "core/sample_codec.h"
#include "core/status.h"
#include "core/time.h"
#include "hal/flash_region.h"
#include "hal/rng.h"

namespace fb {

/// How far a sample's time can be believed, docs/protocol.md §2. The numbers are those of telemetry.query's rows.
enum class ClockQuality : uint8_t { kNone = 0, kSync = 1, kCorrected = 2 };

/// A sample as the log gives it back. What it points to is the log's until the next read().
struct LoggedSample {
  uint32_t epoch = 0;
  uint32_t seq = 0;
  uint32_t boot = 0;  ///< in which it was measured, as the log counts them
  /// ms since the Unix epoch; since its boot began where the quality is kNone.
  int64_t time_ms = 0;
  ClockQuality quality = ClockQuality::kNone;
  /// Two samples that have the same number here have the same names.
  uint32_t shape = 0;
  const Metric* metrics = nullptr;
  size_t count = 0;
};

/// The samples of a device in a ring of flash sectors, each there whole once append() has returned. The oldest sector
/// goes when the ring is full. Format, and how it stands cuts and damage: docs/telemetry-log.md. One writer, one
/// reader, nothing allocated.
///
/// A sample is known by (epoch, seq). No such number is given to a second sample where a reader could have seen a first
/// one: numbers that a cut write or damage leaves in doubt are passed over.
class TelemetryLog {
 public:
  /// A sample's names have at most this many bytes, one more for each counted.
  static constexpr size_t kMaxNames = kMostLogPayload - 2;

  /// @param region at least two sectors
  TelemetryLog(FlashRegion& region, Rng& rng) : region_(region), rng_(rng) {}

  /// Opens the log, or makes one where there is none. Reads the headers and the newest sector.
  /// @param boot rises with every start; where it does not, the log goes on counting by itself
  /// kNotFound: the region is too small; kStorage: the medium failed. Then append() refuses.
  Status mount(uint32_t boot, const Now& now);

  /// Keeps one sample and gives its number; epoch() has changed where numbers had run out. kInvalid: no metric, or more
  /// than kMaxMetrics; kNoSpace: names too long; kUnavailable: not mounted; else not kept.
  Expected<uint32_t> append(const Metric* metrics, size_t count, const Now& now);

  /// The clock was set: samples of this boot before it get their times. Only the first call of a boot counts. kInvalid:
  /// it was not; else, where it cannot be written, they have them until the restart only.
  Status clock_set(const Now& now);

  /// A sample of this epoch. Quick where it comes after the last one read; else it is searched for. kNotFound: not
  /// held; kCorrupt: it makes no sense; kStorage: the medium failed.
  Expected<LoggedSample> read(uint32_t seq);

  uint32_t epoch() const { return epoch_; }
  /// The number that the next sample gets.
  uint32_t next_seq() const { return tail_.seq; }
  /// The oldest that is held; next_seq() where none is.
  uint32_t first_seq() const { return first_seq_; }
  /// How many from the oldest on; damage may have made gaps among them.
  uint32_t held() const { return tail_.seq - first_seq_; }
  /// Samples of this epoch that the ring gave up, since it was made: numbers begin at 0.
  uint32_t lost() const { return first_seq_; }
  /// Sectors that mount() had to pass over.
  uint32_t damaged() const { return damaged_; }

 private:
  /// What only the writer keeps of a shape.
  struct Shape {
    uint16_t names_crc = 0;  ///< so that not every shape's names are read to find one
    uint8_t spent = 0;       ///< bytes that a nearer reference would have saved
  };

  size_t sectors() const { return region_.size() / FlashRegion::kSector; }
  LogSector sector(uint32_t number) const { return {region_, (number + base_) % sectors()}; }

  Expected<LogHeader> header(uint32_t number) const;
  Expected<LogHeader> header_after(uint32_t number) const;
  template <typename Fits>
  LogHeader last_header(Fits fits) const;

  Status find_newest(LogHeader& newest);
  Status find_tail(const LogHeader& newest);
  Status find_damage_behind(uint32_t newest);
  Status find_first(const LogHeader& newest);
  Status begin_log();
  Status begin_sector();
  void pass_over(size_t numbers);

  Status append_here(const Metric* metrics, size_t count, const Now& now);
  Expected<uint8_t> shape_for(const Metric* metrics, size_t count);
  bool has_names(uint16_t at, const Metric* metrics, size_t count) const;
  Status write_shape(uint8_t number, const Metric* metrics, size_t count);
  Status write_sample(uint8_t shape, const Metric* metrics, size_t count, const Now& now);
  Status write_boot(LogRecord::Kind kind);
  Status write(LogRecord& record);

  Status seek(uint32_t seq);
  Status next_sample(uint32_t seq, LogRecord& record);
  Status load_names(uint8_t shape);
  bool load_reference(const LogPlace& place, uint8_t shape, size_t count, ScaledValue* out) const;
  int64_t boot_start(uint32_t boot);

  FlashRegion& region_;
  Rng& rng_;

  uint32_t epoch_ = 0;
  uint32_t boot_ = 0;
  Millis boot_mono_ = 0;
  int64_t boot_unix_ms_ = 0;   ///< when this boot began; 0 while nobody knows
  uint32_t base_ = 0;          ///< the sector `number` lies at (number + base_) mod sectors()
  uint32_t next_number_ = 0;   ///< of the sector to begin next
  uint32_t first_number_ = 0;  ///< of the oldest sector of this epoch
  uint32_t first_seq_ = 0;
  uint32_t damaged_ = 0;
  bool mounted_ = false;

  LogPlace tail_;  ///< where the next record goes
  std::array<Shape, kLogShapes> shapes_{};
  uint8_t next_shape_ = 0;

  LogPlace reader_;          ///< behind the sample that was read last
  uint32_t reader_end_ = 0;  ///< the first number of the sector after; 0: the reader stands nowhere

  uint32_t asked_boot_ = 0;  ///< which boot_start() looked for last
  int64_t asked_start_ = 0;

  Metric metrics_[kMaxMetrics] = {};
  uint8_t names_[kMaxNames];  ///< of metrics_, as in their shape's record
  size_t names_size_ = 0;
  size_t count_ = 0;
  uint32_t names_number_ = 0;  ///< sector and place of that record; 0: none
  uint16_t names_at_ = 0;
  uint32_t names_version_ = 0;
};

}  // namespace fb
