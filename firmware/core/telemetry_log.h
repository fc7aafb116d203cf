#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/component.h"
#include "hal/flash_region.h"
#include "hal/rng.h"

namespace fb {

/// How far a sample's time can be believed, docs/protocol.md §2.
enum class ClockQuality : uint8_t { kNone = 0, kSync = 1, kCorrected = 2 };

/// A sample as the log gives it back.
struct LoggedSample {
  uint32_t epoch = 0;
  uint32_t seq = 0;
  /// ms since the Unix epoch; since its boot began where the quality is kNone.
  int64_t time_ms = 0;
  ClockQuality quality = ClockQuality::kNone;
  const Metric* metrics = nullptr;  ///< until the log's next call
  size_t count = 0;
};

/// The samples of a device in a ring of flash sectors, each there whole once append() has returned; docs/telemetry-log.md
/// is the format. The oldest sector goes when the ring is full. One writer, one reader, nothing allocated.
class TelemetryLog {
 public:
  static constexpr size_t kMaxNames = 240;  ///< bytes of a sample's names, one more for each

  /// @param region at least two sectors
  TelemetryLog(FlashRegion& region, Rng& rng) : region_(region), rng_(rng) {}

  /// Finds the end of the log, or begins a new one. kNotFound: the region is too small; kStorage: it cannot be read. Then
  /// append() refuses.
  Status mount(uint32_t boot, const Now& now);
  /// Keeps one sample and gives its number. kNoSpace: names too long; kStorage: not kept, and its number is used again.
  Expected<uint32_t> append(const Metric* metrics, size_t count, const Now& now);
  /// The clock was set: samples of this boot before it get their times.
  Status clock_set(const Now& now);

  /// The sample of that number; quick where it is the one after the last. kNotFound: not held; kCorrupt: damaged.
  Expected<LoggedSample> read(uint32_t seq);

  uint32_t epoch() const { return epoch_; }
  uint32_t next_seq() const { return next_seq_; }
  uint32_t first_seq() const { return first_seq_; }
  /// Samples of this epoch that the ring gave up.
  uint32_t lost() const { return first_seq_; }

 private:
  static constexpr size_t kSector = FlashRegion::kSector;
  static constexpr size_t kHeader = 32;
  static constexpr size_t kMostPayload = 250;
  static constexpr size_t kAround = 3;  ///< length and checksum
  static constexpr size_t kMostShapes = 32;
  static constexpr size_t kMostRemembered = 64;
  static constexpr uint8_t kNoDecimals = 0xff;
  static constexpr uint8_t kForgotten = 0xff;

  struct Header {
    uint32_t epoch;
    uint32_t first_seq;
    uint32_t number;
    uint32_t boot;
    int64_t boot_unix_ms;
  };
  /// What a sector's records so far say of the next one.
  struct Context {
    struct Shape {
      uint16_t at;         ///< of its record in the sector
      uint8_t count;
      uint8_t remembered;  ///< place of its first metric, or kForgotten
    };
    uint32_t number = 0;   ///< of the sector
    uint32_t next_seq = 0;
    uint32_t boot = 0;
    int64_t time_ms = 0;
    size_t at = kHeader;   ///< of the next record
    uint8_t shape_count = 0;
    uint8_t remembered_count = 0;
    std::array<Shape, kMostShapes> shapes;
    std::array<int64_t, kMostRemembered> last;
    std::array<uint8_t, kMostRemembered> decimals;

    void begin(const Header& header);
    void add_shape(uint8_t count);
  };
  enum class Record : uint8_t { kOther, kSample, kEnd, kDamaged, kFailed };

  size_t sectors() const { return region_.size() / kSector; }
  size_t base_of(uint32_t number) const { return (number % sectors()) * kSector; }
  Status read_header(size_t sector, Header& out);
  /// Reads the record at context.at into payload_ and goes past it; of a sample decodes it too, where asked.
  Record next_record(Context& context, bool decode);
  bool take_sample(Context& context, size_t size, bool decode);
  bool read_names(const Context::Shape& shape, uint32_t number);
  Status seek(uint32_t seq);
  Status open_sector(const Now& now);
  Status write_record(size_t size);
  size_t put_shape(const Metric* metrics, size_t count);
  size_t put_sample(const Metric* metrics, size_t count, size_t shape, const Now& now, int64_t* last, uint8_t* decimals);
  size_t find_shape(const Metric* metrics, size_t count);
  int64_t boot_began(uint32_t boot, uint32_t from_number);

  FlashRegion& region_;
  Rng& rng_;
  uint32_t epoch_ = 0;
  uint32_t first_seq_ = 0;
  uint32_t next_seq_ = 0;
  uint32_t oldest_number_ = 0;
  uint32_t boot_ = 0;
  Millis boot_ms_ = 0;
  int64_t boot_unix_ms_ = 0;
  uint32_t asked_boot_ = 0;  ///< the one that boot_began() looked for last
  int64_t asked_unix_ms_ = 0;
  bool usable_ = false;
  bool open_ = false;    ///< the writer's sector takes more
  Context writer_;
  Context reader_;
  bool reading_ = false;  ///< the reader stands somewhere
  LoggedSample sample_;
  Metric metrics_[kMaxMetrics];
  uint32_t names_number_ = 0;  ///< sector and place of the shape that names_ holds
  size_t names_at_ = 0;
  char names_[kMostPayload];
  uint8_t payload_[kMostPayload + kAround];
};

}  // namespace fb
