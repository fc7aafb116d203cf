#include "core/log_sector.h"

#include <algorithm>
#include <cstring>

#include "core/crc32.h"
#include "core/little_endian.h"
#include "core/sample_codec.h"

namespace fb {
namespace {

constexpr char kLogMagic[4] = {'F', 'B', 'L', '1'};
constexpr uint8_t kLogErased = 0xff;
constexpr uint8_t kLogGivenUp = 0;
/// A log would have to be written for centuries to get here: such a number is damage.
constexpr uint32_t kMostLogNumber = 0x7fffffff;

constexpr uint8_t kLogShapeBits = 0x0f;
constexpr uint8_t kLogReserved = 0x10;

/// Most records are not longer, and take one read.
constexpr size_t kLogFirstRead = 16;

/// Of each 4 bits what the division leaves: a start reads and checks a whole sector.
constexpr std::array<uint16_t, 16> make_log_check_table() {
  std::array<uint16_t, 16> table{};
  for (uint16_t i = 0; i < 16; i++) {
    uint16_t crc = static_cast<uint16_t>(i << 11);
    for (int bit = 0; bit < 4; bit++) crc = static_cast<uint16_t>((crc & 0x4000) != 0 ? crc << 1 ^ 0x4599 : crc << 1);
    table[i] = crc & 0x7fff;
  }
  return table;
}
constexpr std::array<uint16_t, 16> kLogCheckTable = make_log_check_table();

/// A shape's names fill its record exactly.
bool is_log_shape(LogBytes in) {
  const size_t count = (in.byte() & 0x0f) + 1u;
  for (size_t i = 0; i < count; i++) in.skip(in.byte());
  return in.ok() && in.left() == 0;
}

/// Says in `record` what its payload is; a kind that does not fit is damage, for the check held.
void parse_log_record(LogRecord& record) {
  record.kind = LogRecord::Kind::kDamaged;
  LogBytes in(record.payload(), record.size);
  const uint8_t head = in.byte();
  if ((head & kLogSampleRecord) != 0) {
    if ((head & kLogReserved) != 0) return;
    record.shape = head & kLogShapeBits;
    record.whole = (head & kLogWhole) != 0;
    record.clock_set = (head & kLogClockSet) != 0;
    record.kind = LogRecord::Kind::kSample;
  } else if (head == kLogShapeRecord) {
    if (!is_log_shape(in)) return;
    record.shape = in.byte() >> 4;
    record.body = 2;
    record.kind = LogRecord::Kind::kShape;
  } else if (head == kLogBootRecord) {
    record.kind = LogRecord::Kind::kBoot;
  } else if (head == kLogCorrectionRecord) {
    record.kind = LogRecord::Kind::kCorrection;
  }
}

}  // namespace

uint16_t log_check(const uint8_t* bytes, size_t size) {
  uint16_t crc = 0;
  for (size_t i = 0; i < size; i++)
    for (const int part : {bytes[i] >> 4, bytes[i] & 0x0f})
      crc = static_cast<uint16_t>((crc << 4 ^ kLogCheckTable[static_cast<size_t>(crc >> 11 ^ part)]) & 0x7fff);
  return crc;
}

void LogPlace::begin(const LogHeader& header) {
  *this = LogPlace{};
  number = header.number;
  seq = header.seq;
  boot = header.boot;
  at = kLogHeaderSize;
}

Expected<LogHeader> LogSector::header() const {
  char bytes[kLogHeaderSize];
  const Status status = region_.read(base_, bytes, sizeof bytes);
  if (status != Status::kOk) return status;
  if (std::memcmp(bytes, kLogMagic, sizeof kLogMagic) != 0) return Status::kCorrupt;
  if (crc32({bytes, sizeof bytes - 4}) != get_u32(bytes + 28)) return Status::kCorrupt;
  LogHeader header;
  header.epoch = get_u32(bytes + 4);
  header.seq = get_u32(bytes + 8);
  header.number = get_u32(bytes + 12);
  header.boot = get_u32(bytes + 16);
  header.boot_unix_ms = static_cast<int64_t>(get_u32(bytes + 20) | static_cast<uint64_t>(get_u32(bytes + 24)) << 32);
  if (header.epoch == 0 || header.number == 0 || header.number > kMostLogNumber) return Status::kCorrupt;
  return header;
}

Status LogSector::begin(const LogHeader& header) {
  if (header.number > kMostLogNumber) return Status::kStorage;
  char bytes[kLogHeaderSize];
  std::memcpy(bytes, kLogMagic, sizeof kLogMagic);
  put_u32(bytes + 4, header.epoch);
  put_u32(bytes + 8, header.seq);
  put_u32(bytes + 12, header.number);
  put_u32(bytes + 16, header.boot);
  put_u32(bytes + 20, static_cast<uint32_t>(header.boot_unix_ms));
  put_u32(bytes + 24, static_cast<uint32_t>(static_cast<uint64_t>(header.boot_unix_ms) >> 32));
  put_u32(bytes + 28, crc32({bytes, sizeof bytes - 4}));
  Status status = give_up();
  if (status == Status::kOk) status = region_.erase_sector(base_);
  if (status != Status::kOk) return status;
  return write_checked(0, reinterpret_cast<const uint8_t*>(bytes), sizeof bytes);
}

Status LogSector::give_up() { return region_.write(base_ + kLogEnd, &kLogGivenUp, 1); }

Expected<bool> LogSector::given_up() const {
  uint8_t mark;
  const Status status = region_.read(base_ + kLogEnd, &mark, 1);
  if (status != Status::kOk) return status;
  return mark == kLogGivenUp;
}

Expected<bool> LogSector::looks_used() const {
  uint8_t first;
  const Status status = region_.read(base_ + kLogHeaderSize, &first, 1);
  if (status != Status::kOk) return status;
  const Expected<bool> gone = given_up();
  if (!gone.ok()) return gone.status();
  return first != kLogErased && !gone.value();
}

Expected<size_t> LogSector::last_used(size_t from) const {
  size_t last = kLogEnd;
  uint8_t bytes[64];
  for (size_t at = from; at < kLogEnd; at += sizeof bytes) {
    const size_t size = std::min(sizeof bytes, kLogEnd - at);
    const Status status = region_.read(base_ + at, bytes, size);
    if (status != Status::kOk) return status;
    for (size_t i = 0; i < size; i++)
      if (bytes[i] != kLogErased) last = at + i;
  }
  if (last == kLogEnd) return Status::kNotFound;
  return last;
}

Status LogSector::read_record(size_t at, LogRecord& record) const {
  record.kind = LogRecord::Kind::kEnd;
  if (at + kAroundLogPayload + 1 > kLogEnd) return Status::kOk;
  const size_t first = std::min(kLogFirstRead, kLogEnd - at);
  Status status = region_.read(base_ + at, record.bytes, first);
  if (status != Status::kOk || record.bytes[0] == kLogErased) return status;
  record.kind = LogRecord::Kind::kDamaged;
  record.size = record.bytes[0];
  const size_t whole = record.size + kAroundLogPayload;
  if (record.size == 0 || record.size > kMostLogPayload || at + whole > kLogEnd) return Status::kOk;
  if (whole > first) status = region_.read(base_ + at + first, record.bytes + first, whole - first);
  if (status != Status::kOk) return status;
  const uint8_t* const check = record.payload() + record.size;
  if (log_check(record.bytes, 1u + record.size) == (check[0] | check[1] << 8)) parse_log_record(record);
  return Status::kOk;
}

Status LogSector::next(LogPlace& place, LogRecord& record) const {
  const Status status = read_record(place.at, record);
  if (status != Status::kOk) return status;
  LogBytes in(record.payload(), record.size);
  in.byte();
  bool fits = true;
  switch (record.kind) {
    case LogRecord::Kind::kEnd:
    case LogRecord::Kind::kDamaged: return Status::kOk;
    case LogRecord::Kind::kShape:
      place.shape_at[record.shape] = place.at;
      place.reference_at[record.shape] = 0;
      break;
    case LogRecord::Kind::kBoot:
    case LogRecord::Kind::kCorrection: {
      const uint64_t boot = in.varint();
      if (record.kind == LogRecord::Kind::kCorrection) record.boot_unix_ms = log_unzigzag(in.varint());
      fits = in.ok() && in.left() == 0 && boot <= UINT32_MAX;
      if (fits) place.boot = static_cast<uint32_t>(boot);
      break;
    }
    case LogRecord::Kind::kSample: {
      const auto passed = static_cast<uint64_t>(log_unzigzag(in.varint()));
      const bool whole = record.whole || place.reference_at[record.shape] != 0;
      fits = in.ok() && place.shape_at[record.shape] != 0 && whole && place.seq != UINT32_MAX;
      if (!fits) break;
      record.body = static_cast<uint8_t>(record.size - in.left());
      // Unsigned, for what damage wrote may overflow.
      place.time_ms = static_cast<int64_t>(static_cast<uint64_t>(place.time_ms) + passed);
      if (record.whole) place.reference_at[record.shape] = place.at;
      place.seq++;
      break;
    }
  }
  if (fits) {
    place.at = static_cast<uint16_t>(place.at + record.size + kAroundLogPayload);
  } else {
    record.kind = LogRecord::Kind::kDamaged;
  }
  return Status::kOk;
}

Status LogSector::write(size_t at, LogRecord& record) {
  const size_t whole = record.size + kAroundLogPayload;
  if (at + whole > kLogEnd) return Status::kNoSpace;
  record.bytes[0] = record.size;
  const uint16_t check = log_check(record.bytes, 1u + record.size);
  record.payload()[record.size] = static_cast<uint8_t>(check);
  record.payload()[record.size + 1] = static_cast<uint8_t>(check >> 8);
  return write_checked(at, record.bytes, whole);
}

Status LogSector::write_checked(size_t at, const uint8_t* bytes, size_t size) {
  const Status written = region_.write(base_ + at, bytes, size);
  if (written != Status::kOk) return written;
  uint8_t found[64];
  for (size_t done = 0; done < size;) {
    const size_t part = std::min(sizeof found, size - done);
    const Status status = region_.read(base_ + at + done, found, part);
    if (status != Status::kOk) return status;
    if (std::memcmp(found, bytes + done, part) != 0) return Status::kCorrupt;
    done += part;
  }
  return Status::kOk;
}

}  // namespace fb
