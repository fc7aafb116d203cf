#include "core/telemetry_log.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/crc32.h"
#include "core/little_endian.h"

namespace fb {
namespace {

constexpr uint32_t kLogMagic = 0x31544246;  // "FBT1"
constexpr uint8_t kShapeRecord = 0x01;
constexpr uint8_t kBootRecord = 0x02;
constexpr uint8_t kCorrectionRecord = 0x03;
constexpr uint8_t kSampleRecord = 0x80;
constexpr uint8_t kClockWasSet = 0x40;
constexpr uint8_t kShapeMask = 0x3f;
constexpr uint8_t kErased = 0xff;

constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr uint8_t kMostDecimals = 9;
constexpr uint64_t kRawDouble = 15;
/// Integers beyond are not all doubles.
constexpr double kExactInteger = 9007199254740992.0;

uint64_t log_zigzag(int64_t value) { return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63); }
int64_t log_unzigzag(uint64_t value) { return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1); }

size_t put_varint(uint64_t value, uint8_t* out) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) out[size++] = static_cast<uint8_t>(value) | 0x80;
  out[size++] = static_cast<uint8_t>(value);
  return size;
}

/// Reads on from `at`; false past the end or beyond 64 bits.
bool get_varint(const uint8_t* bytes, size_t size, size_t& at, uint64_t& out) {
  out = 0;
  for (unsigned shift = 0; at < size && shift < 64; shift += 7) {
    const uint8_t byte = bytes[at++];
    out |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/// The integer that gives `value` back when divided by 10^decimals; false where there is none.
bool as_decimal(double value, uint8_t decimals, int64_t& out) {
  const double scaled = value * kPowers[decimals];
  if (!(std::fabs(scaled) < kExactInteger)) return false;
  out = std::llround(scaled);
  return static_cast<double>(out) / kPowers[decimals] == value && !(out == 0 && std::signbit(value));
}

uint16_t log_check(const uint8_t* bytes, size_t size) {
  return static_cast<uint16_t>(crc32({reinterpret_cast<const char*>(bytes), size}));
}

}  // namespace

void TelemetryLog::Context::begin(const Header& header) {
  number = header.number;
  next_seq = header.first_seq;
  boot = header.boot;
  time_ms = 0;
  at = kHeader;
  shape_count = 0;
  remembered_count = 0;
}

void TelemetryLog::Context::add_shape(uint8_t count) {
  Shape& shape = shapes[shape_count++];
  shape.at = static_cast<uint16_t>(at);
  shape.count = count;
  shape.remembered = remembered_count + count <= static_cast<int>(kMostRemembered) ? remembered_count : kForgotten;
  if (shape.remembered == kForgotten) return;
  for (uint8_t i = 0; i < count; i++) {
    last[remembered_count] = 0;
    decimals[remembered_count++] = kNoDecimals;
  }
}

Status TelemetryLog::read_header(size_t sector, Header& out) {
  char bytes[kHeader];
  const Status status = region_.read(sector * kSector, bytes, kHeader);
  if (status != Status::kOk) return status;
  if (get_u32(bytes) != kLogMagic || crc32({bytes, kHeader - 4}) != get_u32(bytes + kHeader - 4)) return Status::kCorrupt;
  out.epoch = get_u32(bytes + 4);
  out.first_seq = get_u32(bytes + 8);
  out.number = get_u32(bytes + 12);
  out.boot = get_u32(bytes + 16);
  out.boot_unix_ms =
      static_cast<int64_t>(get_u32(bytes + 20) | static_cast<uint64_t>(get_u32(bytes + 24)) << 32);
  // A sector lies where its number says, or it is none of ours.
  return out.epoch != 0 && out.number % sectors() == sector ? Status::kOk : Status::kCorrupt;
}

Status TelemetryLog::mount(uint32_t boot, const Now& now) {
  boot_ = boot;
  boot_ms_ = now.mono;
  boot_unix_ms_ = 0;
  usable_ = open_ = reading_ = false;
  if (sectors() < 2) return Status::kNotFound;

  Header newest{};
  bool any = false;
  for (size_t sector = 0; sector < sectors(); sector++) {
    Header header;
    const Status status = read_header(sector, header);
    if (status == Status::kStorage) return status;
    if (status != Status::kOk || (any && header.number <= newest.number)) continue;
    newest = header;
    any = true;
  }
  usable_ = true;
  if (!any) {
    epoch_ = rng_.next();
    if (epoch_ == 0) epoch_ = 1;  // drawn once: a source that gives 0 must not hold the device up
    first_seq_ = next_seq_ = 0;
    writer_.number = UINT32_MAX;  // so that the first sector has the number 0
    oldest_number_ = 0;
    return Status::kOk;
  }
  epoch_ = newest.epoch;
  writer_.begin(newest);
  Record record;
  do record = next_record(writer_, true);
  while (record == Record::kOther || record == Record::kSample);
  if (record == Record::kFailed) return Status::kStorage;
  open_ = record == Record::kEnd;
  next_seq_ = writer_.next_seq;
  first_seq_ = newest.first_seq;
  oldest_number_ = newest.number;
  // Backwards while the sectors belong to this log; a damaged one is passed over.
  for (uint32_t number = newest.number, back = 1; back < sectors() && number >= back; back++) {
    Header header;
    if (read_header((number - back) % sectors(), header) != Status::kOk || header.number != number - back) continue;
    if (header.epoch != epoch_) break;
    oldest_number_ = header.number;
    first_seq_ = header.first_seq;
  }
  return Status::kOk;
}

TelemetryLog::Record TelemetryLog::next_record(Context& context, bool decode) {
  const size_t base = base_of(context.number);
  if (context.at + kAround > kSector) return Record::kEnd;
  uint8_t length;
  if (region_.read(base + context.at, &length, 1) != Status::kOk) return Record::kFailed;
  if (length == kErased) {
    // Erased to its end, or damaged here.
    uint8_t rest[64];
    for (size_t at = context.at; at < kSector; at += sizeof rest) {
      const size_t size = std::min(sizeof rest, kSector - at);
      if (region_.read(base + at, rest, size) != Status::kOk) return Record::kFailed;
      for (size_t i = 0; i < size; i++)
        if (rest[i] != kErased) return Record::kDamaged;
    }
    return Record::kEnd;
  }
  const size_t size = length;
  if (size == 0 || size > kMostPayload || context.at + size + kAround > kSector) return Record::kDamaged;
  if (region_.read(base + context.at, payload_, size + kAround) != Status::kOk) return Record::kFailed;
  const uint16_t check = static_cast<uint16_t>(payload_[size + 1] | payload_[size + 2] << 8);
  if (log_check(payload_, size + 1) != check) return Record::kDamaged;

  const uint8_t kind = payload_[1];
  bool sound = true;
  if (kind >= kSampleRecord) {
    sound = take_sample(context, size, decode);
  } else if (kind == kShapeRecord) {
    sound = size >= 2 && payload_[2] <= kMaxMetrics && context.shape_count < kMostShapes;
    if (sound) context.add_shape(payload_[2]);
  } else if (kind == kBootRecord) {
    size_t at = 2;
    uint64_t boot;
    sound = get_varint(payload_, size + 1, at, boot);
    if (sound) context.boot = static_cast<uint32_t>(boot);
  } else {
    sound = kind == kCorrectionRecord;
  }
  if (!sound) return Record::kDamaged;
  context.at += size + kAround;
  if (kind < kSampleRecord) return Record::kOther;
  context.next_seq++;
  return Record::kSample;
}

bool TelemetryLog::take_sample(Context& context, size_t size, bool decode) {
  const uint8_t kind = payload_[1];
  const size_t shape_at = kind & kShapeMask;
  if (shape_at >= context.shape_count) return false;
  const Context::Shape& shape = context.shapes[shape_at];
  size_t at = 2;
  uint64_t token;
  if (!get_varint(payload_, size + 1, at, token)) return false;
  context.time_ms = static_cast<int64_t>(static_cast<uint64_t>(context.time_ms) + static_cast<uint64_t>(log_unzigzag(token)));
  for (uint8_t i = 0; i < shape.count; i++) {
    if (!get_varint(payload_, size + 1, at, token)) return false;
    const bool remembered = shape.remembered != kForgotten;
    const size_t place = remembered ? shape.remembered + i : 0;
    double value;
    if ((token & 1) == 0) {
      if (!remembered || context.decimals[place] == kNoDecimals) return false;
      context.last[place] = static_cast<int64_t>(static_cast<uint64_t>(context.last[place]) +
                                                 static_cast<uint64_t>(log_unzigzag(token >> 1)));
      value = static_cast<double>(context.last[place]) / kPowers[context.decimals[place]];
    } else if (token >> 1 <= kMostDecimals) {
      const auto decimals = static_cast<uint8_t>(token >> 1);
      if (!get_varint(payload_, size + 1, at, token)) return false;
      const int64_t integer = log_unzigzag(token);
      if (remembered) {
        context.last[place] = integer;
        context.decimals[place] = decimals;
      }
      value = static_cast<double>(integer) / kPowers[decimals];
    } else {
      if (token >> 1 != kRawDouble || at + 8 > size + 1) return false;
      std::memcpy(&value, payload_ + at, 8);
      at += 8;
    }
    metrics_[i].value = value;
  }
  if (at != size + 1) return false;
  if (!decode) return true;
  sample_.epoch = epoch_;
  sample_.seq = context.next_seq;
  sample_.time_ms = context.time_ms;
  sample_.quality = (kind & kClockWasSet) != 0 ? ClockQuality::kSync : ClockQuality::kNone;
  sample_.metrics = metrics_;
  sample_.count = shape.count;
  return true;
}

bool TelemetryLog::read_names(const Context::Shape& shape, uint32_t number) {
  const bool there = names_at_ == shape.at && names_number_ == number && names_at_ != 0;
  if (!there) {
    names_at_ = 0;
    uint8_t size;
    const size_t base = base_of(number) + shape.at;
    if (region_.read(base, &size, 1) != Status::kOk || size < 2 || size > kMostPayload) return false;
    if (region_.read(base + 1, names_, size) != Status::kOk) return false;
    names_at_ = shape.at;
    names_number_ = number;
  }
  size_t at = 2;
  for (uint8_t i = 0; i < shape.count; i++) {
    const size_t length = static_cast<uint8_t>(names_[at]);
    if (at + 1 + length > sizeof names_) {
      names_at_ = 0;
      return false;
    }
    metrics_[i].name = {names_ + at + 1, length};
    at += 1 + length;
  }
  return true;
}

Status TelemetryLog::seek(uint32_t seq) {
  reading_ = false;
  // The last sector whose first sample is not after it. Damaged headers are passed over, so every one is looked at.
  Header found{};
  bool any = false;
  for (uint32_t number = oldest_number_; number - oldest_number_ < sectors() && number != writer_.number + 1; number++) {
    Header header;
    if (read_header(number % sectors(), header) != Status::kOk || header.number != number || header.epoch != epoch_) continue;
    if (header.first_seq > seq) break;
    found = header;
    any = true;
  }
  if (!any) return Status::kNotFound;
  reader_.begin(found);
  reading_ = true;
  return Status::kOk;
}

Expected<LoggedSample> TelemetryLog::read(uint32_t seq) {
  if (!usable_ || seq >= next_seq_ || seq < first_seq_) return Status::kNotFound;
  // Forward in the sector where it stands; else to the one that has it.
  const bool near = reading_ && reader_.number - oldest_number_ < sectors() && seq >= reader_.next_seq &&
                    seq - reader_.next_seq < 64;
  if (!near && seek(seq) != Status::kOk) return Status::kNotFound;
  for (int sought = near ? 0 : 1;;) {
    const Record record = next_record(reader_, true);
    if (record == Record::kSample && reader_.next_seq == seq + 1) break;
    if (record == Record::kOther || record == Record::kSample) continue;
    // The sector is at its end: the next one has it, unless it was just looked for.
    reading_ = false;
    if (record == Record::kFailed) return Status::kStorage;
    if (sought++ > 0) return Status::kCorrupt;
    if (seek(seq) != Status::kOk) return Status::kNotFound;
  }
  const size_t shape = payload_[1] & kShapeMask;
  if (!read_names(reader_.shapes[shape], reader_.number)) return Status::kCorrupt;
  LoggedSample sample = sample_;
  if (sample.quality == ClockQuality::kNone) {
    const int64_t began = boot_began(reader_.boot, reader_.number);
    if (began != 0) {
      sample.time_ms += began;
      sample.quality = ClockQuality::kCorrected;
    }
  }
  return sample;
}

int64_t TelemetryLog::boot_began(uint32_t boot, uint32_t from_number) {
  if (boot == boot_) return boot_unix_ms_;
  if (boot == asked_boot_) return asked_unix_ms_;
  asked_boot_ = boot;
  asked_unix_ms_ = 0;
  // Over this sector and those after it, until another boot begins. Only lengths and kinds are read.
  for (uint32_t number = from_number; number != writer_.number + 1; number++) {
    Header header;
    if (read_header(number % sectors(), header) != Status::kOk || header.number != number) continue;
    if (number != from_number && header.boot != boot) return 0;
    if (header.boot == boot && header.boot_unix_ms != 0) return asked_unix_ms_ = header.boot_unix_ms;
    bool inside = header.boot == boot;
    for (size_t at = kHeader; at + kAround <= kSector;) {
      uint8_t head[24];
      const size_t size = std::min(sizeof head, kSector - at);
      if (region_.read(base_of(number) + at, head, size) != Status::kOk || head[0] == 0 || head[0] > kMostPayload) break;
      size_t place = 2;
      uint64_t value;
      if (head[1] == kBootRecord && get_varint(head, size, place, value)) {
        if (inside && value != boot) return 0;
        inside = value == boot;
      } else if (head[1] == kCorrectionRecord && get_varint(head, size, place, value) && value == boot &&
                 get_varint(head, size, place, value)) {
        return asked_unix_ms_ = log_unzigzag(value);
      }
      at += head[0] + kAround;
    }
  }
  return 0;
}

Status TelemetryLog::open_sector(const Now& now) {
  open_ = false;
  if (next_seq_ == UINT32_MAX) {
    // Numbers are used up: a new log, whose sectors follow.
    const uint32_t before = epoch_;
    epoch_ = rng_.next();
    if (epoch_ == 0 || epoch_ == before) epoch_ = before == UINT32_MAX ? 1 : before + 1;
    next_seq_ = first_seq_ = 0;
    oldest_number_ = writer_.number + 1;
  }
  const uint32_t number = writer_.number + 1;
  const size_t base = base_of(number);
  // Where the ring is full its oldest sector goes first.
  if (number - oldest_number_ >= sectors()) {
    uint32_t next = number - static_cast<uint32_t>(sectors()) + 1;
    Header header;
    while (next != number && (read_header(next % sectors(), header) != Status::kOk || header.number != next)) next++;
    oldest_number_ = next;
    first_seq_ = next == number ? next_seq_ : header.first_seq;
  }
  if (reading_ && reader_.number - oldest_number_ >= sectors()) reading_ = false;
  names_at_ = 0;
  if (region_.erase_sector(base) != Status::kOk) return Status::kStorage;
  if (now.clock_set() && boot_unix_ms_ == 0) boot_unix_ms_ = now.unix_ms - static_cast<int64_t>(now.mono - boot_ms_);
  const Header header{epoch_, next_seq_, number, boot_, boot_unix_ms_};
  char bytes[kHeader];
  put_u32(bytes, kLogMagic);
  put_u32(bytes + 4, header.epoch);
  put_u32(bytes + 8, header.first_seq);
  put_u32(bytes + 12, header.number);
  put_u32(bytes + 16, header.boot);
  put_u32(bytes + 20, static_cast<uint32_t>(header.boot_unix_ms));
  put_u32(bytes + 24, static_cast<uint32_t>(static_cast<uint64_t>(header.boot_unix_ms) >> 32));
  put_u32(bytes + 28, crc32({bytes, kHeader - 4}));
  if (region_.write(base, bytes, kHeader) != Status::kOk) return Status::kStorage;
  writer_.begin(header);
  open_ = true;
  return Status::kOk;
}

Status TelemetryLog::write_record(size_t size) {
  payload_[0] = static_cast<uint8_t>(size);
  const uint16_t check = log_check(payload_, size + 1);
  payload_[size + 1] = static_cast<uint8_t>(check);
  payload_[size + 2] = static_cast<uint8_t>(check >> 8);
  if (writer_.at + size + kAround > kSector) return Status::kNoSpace;
  if (region_.write(base_of(writer_.number) + writer_.at, payload_, size + kAround) != Status::kOk) {
    open_ = false;  // what lies there now is not known
    return Status::kStorage;
  }
  return Status::kOk;
}

size_t TelemetryLog::put_shape(const Metric* metrics, size_t count) {
  size_t size = 0;
  payload_[++size] = kShapeRecord;
  payload_[++size] = static_cast<uint8_t>(count);
  for (size_t i = 0; i < count; i++) {
    const std::string_view name = metrics[i].name;
    payload_[++size] = static_cast<uint8_t>(name.size());
    std::memcpy(payload_ + size + 1, name.data(), name.size());
    size += name.size();
  }
  return size;
}

size_t TelemetryLog::find_shape(const Metric* metrics, size_t count) {
  for (size_t place = 0; place < writer_.shape_count; place++) {
    if (writer_.shapes[place].count != count || !read_names(writer_.shapes[place], writer_.number)) continue;
    size_t same = 0;
    while (same < count && metrics_[same].name == metrics[same].name) same++;
    if (same == count) return place;
  }
  return kMostShapes;
}

size_t TelemetryLog::put_sample(const Metric* metrics, size_t count, size_t place, const Now& now, int64_t* last,
                                uint8_t* decimals) {
  const Context::Shape& shape = writer_.shapes[place];
  const int64_t time_ms = now.clock_set() ? now.unix_ms : static_cast<int64_t>(now.mono - boot_ms_);
  payload_[1] = static_cast<uint8_t>(kSampleRecord | (now.clock_set() ? kClockWasSet : 0) | place);
  size_t size = 2;
  size += put_varint(log_zigzag(time_ms - writer_.time_ms), payload_ + size);
  for (size_t i = 0; i < count; i++) {
    const bool remembered = shape.remembered != kForgotten;
    last[i] = remembered ? writer_.last[shape.remembered + i] : 0;
    decimals[i] = remembered ? writer_.decimals[shape.remembered + i] : kNoDecimals;
    const double value = metrics[i].value;
    int64_t integer;
    if (decimals[i] != kNoDecimals && as_decimal(value, decimals[i], integer)) {
      size += put_varint(log_zigzag(integer - last[i]) << 1, payload_ + size);
      last[i] = integer;
      continue;
    }
    uint8_t tried = 0;
    while (tried <= kMostDecimals && !as_decimal(value, tried, integer)) tried++;
    if (tried <= kMostDecimals) {
      payload_[size++] = static_cast<uint8_t>(tried << 1 | 1);
      size += put_varint(log_zigzag(integer), payload_ + size);
      last[i] = integer;
      decimals[i] = tried;
    } else {
      payload_[size++] = static_cast<uint8_t>(kRawDouble << 1 | 1);
      std::memcpy(payload_ + size, &value, 8);
      size += 8;
    }
  }
  return size - 1;
}

Expected<uint32_t> TelemetryLog::append(const Metric* metrics, size_t count, const Now& now) {
  if (!usable_) return Status::kStorage;
  size_t names = 0;
  for (size_t i = 0; i < count; i++) {
    if (metrics[i].name.size() > 64) return Status::kNoSpace;
    names += metrics[i].name.size() + 1;
  }
  if (count > kMaxMetrics || names > kMaxNames) return Status::kNoSpace;

  // A second time where the sector turned out to be full, in a new one.
  for (int attempt = 0; attempt < 2; attempt++) {
    if (!open_ || attempt > 0) {
      const Status opened = open_sector(now);
      if (opened != Status::kOk) return opened;
    }
    if (writer_.boot != boot_) {
      payload_[1] = kBootRecord;
      const size_t size = 1 + put_varint(boot_, payload_ + 2);
      const Status written = write_record(size);
      if (written == Status::kNoSpace) continue;
      if (written != Status::kOk) return written;
      writer_.at += size + kAround;
      writer_.boot = boot_;
    }
    size_t shape = find_shape(metrics, count);
    if (shape == kMostShapes) {
      if (writer_.shape_count == kMostShapes) continue;
      const size_t size = put_shape(metrics, count);
      const Status written = write_record(size);
      if (written == Status::kNoSpace) continue;
      if (written != Status::kOk) return written;
      shape = writer_.shape_count;
      writer_.add_shape(static_cast<uint8_t>(count));
      writer_.at += size + kAround;
    }
    int64_t last[kMaxMetrics];
    uint8_t decimals[kMaxMetrics];
    const size_t size = put_sample(metrics, count, shape, now, last, decimals);
    const Status written = write_record(size);
    if (written == Status::kNoSpace) continue;
    if (written != Status::kOk) return written;
    const Context::Shape& kept = writer_.shapes[shape];
    for (size_t i = 0; kept.remembered != kForgotten && i < count; i++) {
      writer_.last[kept.remembered + i] = last[i];
      writer_.decimals[kept.remembered + i] = decimals[i];
    }
    writer_.time_ms = now.clock_set() ? now.unix_ms : static_cast<int64_t>(now.mono - boot_ms_);
    writer_.at += size + kAround;
    writer_.next_seq++;
    return next_seq_++;
  }
  return Status::kStorage;
}

Status TelemetryLog::clock_set(const Now& now) {
  if (!now.clock_set()) return Status::kInvalid;
  if (!usable_) return Status::kStorage;
  boot_unix_ms_ = now.unix_ms - static_cast<int64_t>(now.mono - boot_ms_);
  // Nothing of this boot lies in flash yet: the next sector's header, or the next boot record's correction, will tell.
  if (!open_ || writer_.boot != boot_) return Status::kOk;
  payload_[1] = kCorrectionRecord;
  size_t size = 2;
  size += put_varint(boot_, payload_ + size);
  size += put_varint(log_zigzag(boot_unix_ms_), payload_ + size);
  const Status written = write_record(size - 1);
  // Where the sector is full the header of the next one has it.
  if (written == Status::kNoSpace) return open_sector(now);
  if (written == Status::kOk) writer_.at += size - 1 + kAround;
  return written;
}

}  // namespace fb
