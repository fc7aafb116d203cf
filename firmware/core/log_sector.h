#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/status.h"
#include "hal/flash_region.h"

namespace fb {

inline constexpr size_t kLogHeaderSize = 32;
/// A sector's last byte says that it was given up; records end before it.
inline constexpr size_t kLogEnd = FlashRegion::kSector - 1;
inline constexpr size_t kMostLogPayload = 250;
/// A record's length and check.
inline constexpr size_t kAroundLogPayload = 3;
/// Length, kind, time, one value, check: no sample takes less.
inline constexpr size_t kLeastLogSample = 6;
/// Shapes of a sector that are known at once.
inline constexpr size_t kLogShapes = 16;

/// A payload's first byte; of a sample with the bits below and its shape.
inline constexpr uint8_t kLogShapeRecord = 0x01;
inline constexpr uint8_t kLogBootRecord = 0x02;
inline constexpr uint8_t kLogCorrectionRecord = 0x03;
inline constexpr uint8_t kLogSampleRecord = 0x80;
inline constexpr uint8_t kLogClockSet = 0x40;
inline constexpr uint8_t kLogWhole = 0x20;

/// What a sector of the log begins with; docs/telemetry-log.md §1.
struct LogHeader {
  uint32_t epoch = 0;
  uint32_t seq = 0;
  uint32_t number = 0;
  uint32_t boot = 0;
  int64_t boot_unix_ms = 0;
};

/// A place between two records of a sector, and what those before it say of those after it.
struct LogPlace {
  uint32_t number = 0;    ///< of the sector
  uint32_t seq = 0;       ///< of the next sample
  uint32_t boot = 0;      ///< of the next sample
  int64_t time_ms = 0;    ///< of the last sample
  uint16_t at = kLogEnd;  ///< of the next record
  std::array<uint16_t, kLogShapes> shape_at{};      ///< where each shape's names are; 0: nowhere
  std::array<uint16_t, kLogShapes> reference_at{};  ///< where its last whole sample is; 0: nowhere

  void begin(const LogHeader& header);
  /// Nothing more is read or written here.
  void close() { at = kLogEnd; }
};

/// One record, as it lies in flash; docs/telemetry-log.md §2.
struct LogRecord {
  enum class Kind : uint8_t { kShape, kBoot, kCorrection, kSample, kEnd, kDamaged };

  Kind kind = Kind::kEnd;
  uint8_t shape = 0;         ///< of kShape and kSample
  bool whole = false;        ///< a sample that needs no other
  bool clock_set = false;    ///< when the sample was taken
  uint8_t body = 0;          ///< where a shape's names or a sample's values begin
  uint8_t size = 0;          ///< of the payload
  int64_t boot_unix_ms = 0;  ///< of kCorrection
  uint8_t bytes[1 + kMostLogPayload + 2];

  uint8_t* payload() { return bytes + 1; }
  const uint8_t* payload() const { return bytes + 1; }
};

/// One sector of the log: what its bytes mean, not which sector is to be used.
class LogSector {
 public:
  LogSector(FlashRegion& region, size_t index) : region_(region), base_(index * FlashRegion::kSector) {}

  /// kCorrupt: it has none.
  Expected<LogHeader> header() const;
  /// Erases the sector and begins it anew. kCorrupt: the flash did not keep it.
  Status begin(const LogHeader& header);
  /// Says that what lies in it counts no more, so that an erase that is cut is not taken for damage.
  Status give_up();
  /// It was given up, and how far it is erased does not matter.
  Expected<bool> given_up() const;
  /// It has records, or had some.
  Expected<bool> looks_used() const;
  /// The last byte from `from` on that is not erased. kNotFound: there is none.
  Expected<size_t> last_used(size_t from) const;

  /// Reads the record at `place` and goes behind it, unless it is the end or damage.
  Status next(LogPlace& place, LogRecord& record) const;
  /// Writes a record whose payload and size are set, and reads it back. kNoSpace: it does not fit behind `at`;
  /// kCorrupt: the flash did not keep it; kStorage: what is there now cannot be known.
  Status write(size_t at, LogRecord& record);

 private:
  Status read_record(size_t at, LogRecord& record) const;
  Status write_checked(size_t at, const uint8_t* bytes, size_t size);

  FlashRegion& region_;
  size_t base_;
};

/// CRC-15/CAN (Bosch CAN 2.0, polynomial 0x4599) of a record. Its top bit is always 0, which makes a record's last byte
/// differ from an erased one: a write that was cut is known for certain.
uint16_t log_check(const uint8_t* bytes, size_t size);

}  // namespace fb
