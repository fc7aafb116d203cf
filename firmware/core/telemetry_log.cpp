#include "core/telemetry_log.h"

#include <algorithm>
#include <cstring>

#include "core/crc32.h"

namespace fb {
namespace {

/// Bytes lost to a reference that has become far, before a nearer one is written: where the values only scatter a new
/// one is as far, and costs as much.
constexpr size_t kFarReference = 32;

/// Of names, each with its length before it.
uint16_t log_names_crc(const Metric* metrics, size_t count) {
  uint32_t crc = 0;
  for (size_t i = 0; i < count; i++) {
    const char size = static_cast<char>(metrics[i].name.size());
    crc = crc32(metrics[i].name, crc32({&size, 1}, crc));
  }
  return static_cast<uint16_t>(crc);
}

uint16_t log_names_crc(const LogRecord& shape) {
  const auto size = static_cast<size_t>(shape.size - shape.body);
  return static_cast<uint16_t>(crc32({reinterpret_cast<const char*>(shape.payload()) + shape.body, size}));
}

size_t log_shape_count(const LogRecord& shape) { return (shape.payload()[1] & 0x0f) + 1u; }

}  // namespace

// --- Sectors ---

/// kNotFound: there is no sector of that number in this epoch.
Expected<LogHeader> TelemetryLog::header(uint32_t number) const {
  const Expected<LogHeader> read = sector(number).header();
  if (!read.ok() || read.value().number != number || read.value().epoch != epoch_) return Status::kNotFound;
  return read;
}

/// The next one that is sound, up to the newest.
Expected<LogHeader> TelemetryLog::header_after(uint32_t number) const {
  while (number < tail_.number) {
    const Expected<LogHeader> read = header(++number);
    if (read.ok()) return read;
  }
  return Status::kNotFound;
}

/// The last sector that `fits`, which is true up to some sector and false from there on; number 0: none.
template <typename Fits>
LogHeader TelemetryLog::last_header(Fits fits) const {
  LogHeader last;
  uint32_t low = first_number_;  // those before are known to fit
  uint32_t end = tail_.number + 1;
  while (low < end) {
    const uint32_t middle = low + (end - low) / 2;
    // Damaged ones say nothing: the next sound one before them decides.
    uint32_t number = middle;
    Expected<LogHeader> read = header(number);
    while (!read.ok() && number > low) read = header(--number);
    if (read.ok() && !fits(read.value())) {
      end = number;
    } else {
      if (read.ok()) last = read.value();
      low = middle + 1;
    }
  }
  return last;
}

// --- Opening ---

Status TelemetryLog::mount(uint32_t boot, const Now& now) {
  mounted_ = false;
  boot_ = boot;
  boot_mono_ = now.mono;
  boot_unix_ms_ = 0;
  reader_end_ = 0;
  asked_boot_ = 0;
  asked_start_ = 0;
  names_number_ = 0;
  damaged_ = 0;
  next_shape_ = 0;
  shapes_.fill({});
  if (sectors() < 2) return Status::kNotFound;

  LogHeader newest;
  Status status = find_newest(newest);
  if (status != Status::kOk) return status;
  if (newest.number == 0) {
    status = begin_log();
  } else {
    epoch_ = newest.epoch;
    status = find_tail(newest);
    if (status == Status::kOk) status = find_damage_behind(newest.number);
    if (status == Status::kOk) status = find_first(newest);
    // A boot that counts anew after its settings were erased must not be taken for the earlier one of that number.
    if (boot_ <= tail_.boot) boot_ = tail_.boot == UINT32_MAX ? tail_.boot : tail_.boot + 1;
  }
  mounted_ = status == Status::kOk;
  return status;
}

/// The sound one of the highest number; number 0: there is none.
Status TelemetryLog::find_newest(LogHeader& newest) {
  const size_t count = sectors();
  for (size_t index = 0; index < count; index++) {
    const Expected<LogHeader> read = LogSector(region_, index).header();
    if (read.status() == Status::kCorrupt || (read.ok() && read.value().number <= newest.number)) continue;
    if (!read.ok()) return read.status();
    newest = read.value();
    base_ = static_cast<uint32_t>(index + count - newest.number % count);
  }
  return Status::kOk;
}

Status TelemetryLog::find_tail(const LogHeader& newest) {
  tail_.begin(newest);
  const LogSector last = sector(newest.number);
  LogRecord record;
  do {
    const Status status = last.next(tail_, record);
    if (status != Status::kOk) return status;
    if (record.kind == LogRecord::Kind::kShape) {
      shapes_[record.shape] = {log_names_crc(record), 0};
      next_shape_ = static_cast<uint8_t>((record.shape + 1) % kLogShapes);
    }
  } while (record.kind != LogRecord::Kind::kEnd && record.kind != LogRecord::Kind::kDamaged);
  const Expected<size_t> used = last.last_used(tail_.at);
  if (used.status() == Status::kNotFound) return Status::kOk;
  if (!used.ok()) return used.status();
  // A record that was cut, or damage that may hide as many samples as fit there.
  pass_over((used.value() - tail_.at) / kLeastLogSample + 1);
  return Status::kOk;
}

/// Where the newest sectors' headers are damaged, the newest sound one is an older one, and its numbers go on in them.
Status TelemetryLog::find_damage_behind(uint32_t newest) {
  const size_t count = sectors();
  next_number_ = newest + 1;
  for (uint32_t behind = 1; behind < count; behind++) {
    const LogSector suspect = sector(newest + behind);
    const Expected<LogHeader> read = suspect.header();
    if (read.ok()) return Status::kOk;
    const Expected<bool> given_up = suspect.given_up();
    if (!given_up.ok()) return given_up.status();
    if (given_up.value()) return Status::kOk;
    const Expected<size_t> used = suspect.last_used(kLogHeaderSize);
    if (used.status() == Status::kNotFound) return Status::kOk;
    if (!used.ok()) return used.status();
    pass_over((used.value() - kLogHeaderSize) / kLeastLogSample + 1);
    // It stays, for it says which numbers are in doubt until a header behind it does.
    next_number_ = newest + behind + 1;
  }
  next_number_ = newest + 1;
  return Status::kOk;
}

Status TelemetryLog::find_first(const LogHeader& newest) {
  first_number_ = newest.number;
  first_seq_ = newest.seq;
  const uint32_t count = static_cast<uint32_t>(sectors());
  bool same_log = true;
  for (uint32_t back = 1; back < count; back++) {
    // The ring lies behind the newest, whatever numbers there were.
    const LogSector older = sector(newest.number + count - back);
    const Expected<LogHeader> read = older.header();
    if (read.ok()) {
      same_log = same_log && read.value().epoch == epoch_ && read.value().number + back == newest.number &&
                 read.value().seq <= first_seq_;
      if (!same_log) continue;
      first_number_ = read.value().number;
      first_seq_ = read.value().seq;
    } else if (read.status() == Status::kCorrupt) {
      const Expected<bool> used = older.looks_used();
      if (!used.ok()) return used.status();
      damaged_ += used.value() ? 1 : 0;
    } else {
      return read.status();
    }
  }
  return Status::kOk;
}

Status TelemetryLog::begin_log() {
  const auto count = static_cast<uint32_t>(sectors());
  epoch_ = rng_.next();
  if (epoch_ == 0) epoch_ = 1;  // drawn once: a source that gives 0 must not hold the device up
  tail_ = LogPlace{};
  base_ = count - 1;  // number 1 lies first
  next_number_ = 1;
  first_number_ = 1;
  first_seq_ = 0;
  // What lies there is nothing of ours, and must not be taken for damage.
  for (uint32_t index = 0; index < count; index++) {
    const Status status = LogSector(region_, index).give_up();
    if (status != Status::kOk) return status;
  }
  return begin_sector();
}

/// Nothing more is written to this sector; so many numbers after the last sample are in doubt.
void TelemetryLog::pass_over(size_t numbers) {
  tail_.close();
  tail_.seq += static_cast<uint32_t>(std::min<size_t>(numbers, UINT32_MAX - tail_.seq));
}

Status TelemetryLog::begin_sector() {
  LogHeader header{epoch_, tail_.seq, next_number_, boot_, boot_unix_ms_};
  if (tail_.seq == UINT32_MAX) {
    header.epoch = rng_.next();
    if (header.epoch == 0 || header.epoch == epoch_) header.epoch = epoch_ == UINT32_MAX ? 1 : epoch_ + 1;
    header.seq = 0;
  }
  reader_end_ = 0;
  tail_.close();
  // What lay at its place is gone from now on, even if the erase is cut.
  const auto count = static_cast<uint32_t>(sectors());
  if (header.number >= first_number_ + count) {
    const Expected<LogHeader> oldest = header_after(header.number - count);
    first_number_ = oldest.ok() ? oldest.value().number : header.number;
    first_seq_ = oldest.ok() ? oldest.value().seq : tail_.seq;
  }
  const Status status = sector(header.number).begin(header);
  // One that does not keep what is written to it is passed over; a medium that refuses may take it the next time.
  if (status == Status::kCorrupt) next_number_++;
  if (status != Status::kOk) return status;
  if (header.epoch != epoch_) {
    epoch_ = header.epoch;
    first_number_ = header.number;
    first_seq_ = 0;
  }
  next_number_ = header.number + 1;
  tail_.begin(header);
  shapes_.fill({});
  next_shape_ = 0;
  return Status::kOk;
}

// --- Writing ---

Expected<uint32_t> TelemetryLog::append(const Metric* metrics, size_t count, const Now& now) {
  if (!mounted_) return Status::kUnavailable;
  if (count == 0 || count > kMaxMetrics) return Status::kInvalid;
  size_t names = 0;
  for (size_t i = 0; i < count; i++) {
    if (metrics[i].name.size() > kMaxNames) return Status::kNoSpace;
    names += 1 + metrics[i].name.size();
  }
  if (names > kMaxNames) return Status::kNoSpace;

  Status status = Status::kNoSpace;
  // Once more in a new sector where this one is full or did not keep it, and once more where that keeps nothing at all.
  for (int attempt = 0; attempt < 3 && status != Status::kOk; attempt++) {
    if (attempt > 0 || tail_.at == kLogEnd || tail_.seq == UINT32_MAX) {
      status = begin_sector();
      if (status == Status::kCorrupt) continue;
      if (status != Status::kOk) return status;
    }
    status = append_here(metrics, count, now);
  }
  if (status != Status::kOk) return status;
  return tail_.seq - 1;
}

Status TelemetryLog::append_here(const Metric* metrics, size_t count, const Now& now) {
  if (tail_.boot != boot_) {
    const Status status = write_boot(LogRecord::Kind::kBoot);
    if (status != Status::kOk) return status;
  }
  const Expected<uint8_t> shape = shape_for(metrics, count);
  if (!shape.ok()) return shape.status();
  return write_sample(shape.value(), metrics, count, now);
}

/// Behind the last record; what became of a write that failed is in doubt, and so is its number.
Status TelemetryLog::write(LogRecord& record) {
  const Status status = sector(tail_.number).write(tail_.at, record);
  if (status == Status::kOk) {
    tail_.at = static_cast<uint16_t>(tail_.at + record.size + kAroundLogPayload);
  } else if (status != Status::kNoSpace) {
    pass_over(1);
  }
  return status;
}

Status TelemetryLog::write_boot(LogRecord::Kind kind) {
  LogRecord record;
  uint8_t* const payload = record.payload();
  size_t size = 0;
  payload[size++] = kind == LogRecord::Kind::kBoot ? kLogBootRecord : kLogCorrectionRecord;
  size += put_log_varint(boot_, payload + size);
  if (kind == LogRecord::Kind::kCorrection) size += put_log_varint(log_zigzag(boot_unix_ms_), payload + size);
  record.size = static_cast<uint8_t>(size);
  const Status status = write(record);
  if (status == Status::kOk) tail_.boot = boot_;
  return status;
}

/// Where these names have no number in this sector yet, they get the next one, in place of the oldest.
Expected<uint8_t> TelemetryLog::shape_for(const Metric* metrics, size_t count) {
  const uint16_t names_crc = log_names_crc(metrics, count);
  for (uint8_t number = 0; number < kLogShapes; number++) {
    const uint16_t at = tail_.shape_at[number];
    if (at != 0 && shapes_[number].names_crc == names_crc && has_names(at, metrics, count)) return number;
  }
  const uint8_t number = next_shape_;
  const auto at = tail_.at;
  const Status status = write_shape(number, metrics, count);
  if (status != Status::kOk) return status;
  tail_.shape_at[number] = at;
  tail_.reference_at[number] = 0;
  shapes_[number] = {names_crc, 0};
  next_shape_ = static_cast<uint8_t>((number + 1) % kLogShapes);
  return number;
}

bool TelemetryLog::has_names(uint16_t at, const Metric* metrics, size_t count) const {
  LogRecord record;
  LogPlace place;
  place.at = at;
  if (sector(tail_.number).next(place, record) != Status::kOk || record.kind != LogRecord::Kind::kShape) return false;
  if (log_shape_count(record) != count) return false;
  LogBytes in(record.payload() + record.body, record.size - record.body);
  for (size_t i = 0; i < count; i++) {
    const size_t size = in.byte();
    const uint8_t* const name = in.skip(size);
    if (name == nullptr || metrics[i].name != std::string_view(reinterpret_cast<const char*>(name), size)) return false;
  }
  return true;
}

Status TelemetryLog::write_shape(uint8_t number, const Metric* metrics, size_t count) {
  LogRecord record;
  uint8_t* const payload = record.payload();
  size_t size = 0;
  payload[size++] = kLogShapeRecord;
  payload[size++] = static_cast<uint8_t>(number << 4 | (count - 1));
  for (size_t i = 0; i < count; i++) {
    const std::string_view name = metrics[i].name;
    payload[size++] = static_cast<uint8_t>(name.size());
    if (!name.empty()) std::memcpy(payload + size, name.data(), name.size());
    size += name.size();
  }
  record.size = static_cast<uint8_t>(size);
  return write(record);
}

Status TelemetryLog::write_sample(uint8_t shape, const Metric* metrics, size_t count, const Now& now) {
  const int64_t time_ms = now.clock_set() ? now.unix_ms : static_cast<int64_t>(now.mono - boot_mono_);
  // Unsigned, for between a boot's and the world's time may lie more than fits.
  const auto passed = static_cast<int64_t>(static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(tail_.time_ms));
  LogRecord record;
  uint8_t* const payload = record.payload();
  const size_t body = 1 + put_log_varint(log_zigzag(passed), payload + 1);

  ScaledValue near[kMaxMetrics];
  ScaledValue values[kMaxMetrics];
  const bool has_reference = tail_.reference_at[shape] != 0 && load_reference(tail_, shape, count, near);
  bool whole = !scale_values(metrics, count, has_reference ? near : nullptr, values) || !has_reference;
  size_t packed = 0;
  size_t spent = 0;
  if (!whole) {
    packed = pack_values(metrics, values, count, near, payload + body);
    size_t least = 0;
    for (size_t i = 0; i < count; i++) least += values[i].scale == ScaledValue::kUnscaled ? 9 : 1;
    spent = shapes_[shape].spent + packed - least;
    whole = spent >= kFarReference;
  }
  if (whole) packed = pack_values(metrics, values, count, nullptr, payload + body);
  const int flags = (now.clock_set() ? kLogClockSet : 0) | (whole ? kLogWhole : 0);
  payload[0] = static_cast<uint8_t>(kLogSampleRecord | flags | shape);
  record.size = static_cast<uint8_t>(body + packed);

  const uint16_t at = tail_.at;
  const Status status = write(record);
  if (status != Status::kOk) return status;
  if (whole) tail_.reference_at[shape] = at;
  shapes_[shape].spent = static_cast<uint8_t>(whole ? 0 : spent);
  tail_.time_ms = time_ms;
  tail_.seq++;
  return Status::kOk;
}

Status TelemetryLog::clock_set(const Now& now) {
  if (!mounted_) return Status::kUnavailable;
  if (!now.clock_set()) return Status::kInvalid;
  if (boot_unix_ms_ != 0) return Status::kOk;
  boot_unix_ms_ = now.unix_ms - static_cast<int64_t>(now.mono - boot_mono_);
  if (boot_unix_ms_ == 0) boot_unix_ms_ = 1;  // 0 says that nobody knows
  const Status status = tail_.at == kLogEnd ? Status::kNoSpace : write_boot(LogRecord::Kind::kCorrection);
  // A new sector's header tells it as well.
  return status == Status::kNoSpace ? begin_sector() : status;
}

// --- Reading ---

Expected<LoggedSample> TelemetryLog::read(uint32_t seq) {
  if (!mounted_ || seq < first_seq_ || seq >= tail_.seq) return Status::kNotFound;
  LogRecord record;
  Status status = Status::kOk;
  if (seq < reader_.seq || seq >= reader_end_) status = seek(seq);
  if (status == Status::kOk) status = next_sample(seq, record);
  if (status == Status::kOk) status = load_names(record.shape);
  if (status != Status::kOk) return status;

  ScaledValue near[kMaxMetrics];
  if (!record.whole && !load_reference(reader_, record.shape, count_, near)) return Status::kCorrupt;
  LogBytes in(record.payload() + record.body, record.size - record.body);
  const bool sound = unpack_values(in, count_, record.whole ? nullptr : near, nullptr, metrics_) && in.left() == 0;
  if (!sound) return Status::kCorrupt;

  LoggedSample sample;
  sample.epoch = epoch_;
  sample.seq = seq;
  sample.boot = reader_.boot;
  sample.time_ms = reader_.time_ms;
  sample.shape = names_version_;
  sample.metrics = metrics_;
  sample.count = count_;
  if (record.clock_set) {
    sample.quality = ClockQuality::kSync;
  } else if (const int64_t start = boot_start(reader_.boot); start != 0) {
    sample.quality = ClockQuality::kCorrected;
    sample.time_ms = static_cast<int64_t>(static_cast<uint64_t>(sample.time_ms) + static_cast<uint64_t>(start));
  }
  return sample;
}

/// To the beginning of the sector that has it, if one has.
Status TelemetryLog::seek(uint32_t seq) {
  reader_end_ = 0;
  const LogHeader found = last_header([seq](const LogHeader& header) { return header.seq <= seq; });
  if (found.number == 0) return Status::kNotFound;
  const Expected<LogHeader> after = header_after(found.number);
  reader_.begin(found);
  reader_end_ = after.ok() ? after.value().seq : UINT32_MAX;
  return Status::kOk;
}

/// Reads on in the sector. At its end the reader stays: what is missing behind it is not looked for again and again.
Status TelemetryLog::next_sample(uint32_t seq, LogRecord& record) {
  const LogSector here = sector(reader_.number);
  while (reader_.seq <= seq) {
    const Status status = here.next(reader_, record);
    if (status != Status::kOk) return status;
    if (record.kind == LogRecord::Kind::kEnd || record.kind == LogRecord::Kind::kDamaged) return Status::kNotFound;
  }
  return record.kind == LogRecord::Kind::kSample ? Status::kOk : Status::kNotFound;
}

/// The names of the sample behind which the reader stands, into metrics_.
Status TelemetryLog::load_names(uint8_t shape) {
  const uint16_t at = reader_.shape_at[shape];
  if (names_number_ == reader_.number && names_at_ == at) return Status::kOk;
  LogRecord record;
  LogPlace place;
  place.at = at;
  const Status status = sector(reader_.number).next(place, record);
  if (status != Status::kOk) return status;
  if (record.kind != LogRecord::Kind::kShape) return Status::kCorrupt;
  const size_t size = record.size - record.body;
  const size_t count = log_shape_count(record);
  if (count != count_ || size != names_size_ || std::memcmp(names_, record.payload() + record.body, size) != 0) {
    std::memcpy(names_, record.payload() + record.body, size);
    names_size_ = size;
    count_ = count;
    names_version_++;
    LogBytes in(names_, size);
    for (size_t i = 0; i < count; i++) {
      const size_t length = in.byte();
      const uint8_t* const name = in.skip(length);
      metrics_[i].name = {reinterpret_cast<const char*>(name), name == nullptr ? 0 : length};
    }
  }
  names_number_ = reader_.number;
  names_at_ = at;
  return Status::kOk;
}

bool TelemetryLog::load_reference(const LogPlace& place, uint8_t shape, size_t count, ScaledValue* out) const {
  LogRecord record;
  // As the reader saw it when it went over it: the shape is known, the rest does not matter.
  LogPlace reference;
  reference.at = place.reference_at[shape];
  reference.shape_at[shape] = place.shape_at[shape];
  if (sector(place.number).next(reference, record) != Status::kOk) return false;
  if (record.kind != LogRecord::Kind::kSample || !record.whole || record.shape != shape) return false;
  LogBytes in(record.payload() + record.body, record.size - record.body);
  return unpack_values(in, count, nullptr, out, nullptr) && in.left() == 0;
}

/// When that boot began, ms since the Unix epoch; 0: nobody knows. Headers of a boot tell it from the next sector on
/// after the clock was set; so it is in the boot's last header, or in a correction behind that, or nowhere.
int64_t TelemetryLog::boot_start(uint32_t boot) {
  if (boot == boot_) return boot_unix_ms_;
  if (boot == asked_boot_) return asked_start_;
  int64_t start = 0;
  const LogHeader found = last_header([boot](const LogHeader& header) { return header.boot <= boot; });
  if (found.number != 0) {
    if (found.boot == boot) start = found.boot_unix_ms;
    LogPlace place;
    place.begin(found);
    LogRecord record;
    const LogSector last = sector(found.number);
    while (start == 0) {
      if (last.next(place, record) != Status::kOk) return 0;
      if (record.kind == LogRecord::Kind::kEnd || record.kind == LogRecord::Kind::kDamaged) break;
      if (record.kind == LogRecord::Kind::kCorrection && place.boot == boot) start = record.boot_unix_ms;
    }
  }
  asked_boot_ = boot;
  asked_start_ = start;
  return start;
}

}  // namespace fb
