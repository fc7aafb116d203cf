#include "core/journal.h"

#include <algorithm>
#include <cstring>

#include "core/crc32.h"
#include "core/little_endian.h"

namespace fb {
namespace {

constexpr size_t kHeader = 4;  // the act's number
constexpr size_t kTrailer = 4;
constexpr size_t kMaxRecord = kHeader + std::max(Journal::kMaxKey, Journal::kMaxOutcome) + kTrailer;

struct RecordKey {
  char text[4];
  std::string_view view() const { return {text, sizeof text}; }
};

RecordKey record_key(size_t place, char kind) {
  return {{'j', static_cast<char>('0' + place / 10), static_cast<char>('0' + place % 10), kind}};
}

}  // namespace

Expected<std::string_view> Journal::read(size_t place, char kind, uint32_t* number, char* out, size_t capacity) {
  char record[kMaxRecord];
  const Expected<size_t> size = storage_.read(record_key(place, kind).view(), record, sizeof record);
  if (!size.ok()) return size.status();
  if (size.value() < kHeader + kTrailer) return Status::kCorrupt;
  const size_t body = size.value() - kTrailer;
  if (crc32({record, body}) != get_u32(record + body)) return Status::kCorrupt;
  const size_t length = body - kHeader;
  if (length > capacity) return Status::kNoSpace;
  *number = get_u32(record);
  std::memcpy(out, record + kHeader, length);
  return std::string_view(out, length);
}

Status Journal::write(size_t place, char kind, uint32_t number, std::string_view bytes) {
  char record[kMaxRecord];
  if (bytes.size() > kMaxRecord - kHeader - kTrailer) return Status::kNoSpace;
  put_u32(record, number);
  std::memcpy(record + kHeader, bytes.data(), bytes.size());
  const size_t body = kHeader + bytes.size();
  put_u32(record + body, crc32({record, body}));
  return storage_.write(record_key(place, kind).view(), {record, body + kTrailer});
}

void Journal::load() {
  for (size_t place = 0; place < kEntries; place++) {
    Entry& entry = entries_[place];
    entry = {};
    char bytes[kMaxOutcome];
    uint32_t began = 0;
    const Expected<std::string_view> key = read(place, 's', &began, bytes, sizeof bytes);
    if (!key.ok() || began == 0 || entry.key.assign(key.value()) != Status::kOk) continue;
    uint32_t ended = 0;
    const Expected<std::string_view> outcome = read(place, 'f', &ended, bytes, sizeof bytes);
    entry.number = began;
    entry.state = outcome.ok() && ended == began ? Found::kDone : Found::kInterrupted;
    last_number_ = std::max(last_number_, began);
  }
}

Journal::Entry* Journal::find_entry(std::string_view key) {
  for (Entry& entry : entries_)
    if (entry.number != 0 && entry.key.view() == key) return &entry;
  return nullptr;
}

Journal::Found Journal::find(std::string_view key) const {
  for (const Entry& entry : entries_)
    if (entry.number != 0 && entry.key.view() == key) return entry.state;
  return Found::kNew;
}

Expected<std::string_view> Journal::outcome(std::string_view key, char* out, size_t capacity) {
  const Entry* entry = find_entry(key);
  if (entry == nullptr || entry->state != Found::kDone) return Status::kNotFound;
  uint32_t number = 0;
  const Expected<std::string_view> read_back =
      read(static_cast<size_t>(entry - entries_.data()), 'f', &number, out, capacity);
  if (read_back.ok() && number != entry->number) return Status::kCorrupt;
  return read_back;
}

Status Journal::begin(std::string_view key) {
  Entry* oldest = &entries_[0];
  for (Entry& entry : entries_)
    if (entry.number < oldest->number) oldest = &entry;
  Entry fresh;
  if (fresh.key.assign(key) != Status::kOk) return Status::kNoSpace;
  fresh.number = last_number_ + 1;
  fresh.state = Found::kUnderWay;
  const Status written = write(static_cast<size_t>(oldest - entries_.data()), 's', fresh.number, key);
  // Whatever was at that place may be gone now, so it is forgotten either way.
  *oldest = {};
  if (written != Status::kOk) return Status::kStorage;
  *oldest = fresh;
  last_number_ = fresh.number;
  return Status::kOk;
}

Status Journal::end(std::string_view key, std::string_view outcome) {
  Entry* entry = find_entry(key);
  if (entry == nullptr) return Status::kNotFound;
  const Status written = write(static_cast<size_t>(entry - entries_.data()), 'f', entry->number, outcome);
  entry->state = written == Status::kOk ? Found::kDone : Found::kInterrupted;
  return written == Status::kOk ? Status::kOk : Status::kStorage;
}

}  // namespace fb
