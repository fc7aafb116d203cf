#include "core/journal.h"

#include <algorithm>
#include <cstring>

#include "core/crc32.h"
#include "core/little_endian.h"

namespace fb {
namespace {

struct RecordKey {
  char text[4];
  std::string_view view() const { return {text, sizeof text}; }
};

RecordKey record_key(size_t place, char kind) {
  return {{'j', static_cast<char>('0' + place / 10), static_cast<char>('0' + place % 10), kind}};
}

}  // namespace

Expected<std::string_view> Journal::read(size_t place, char kind, uint32_t* number) {
  const Expected<size_t> size = storage_.read(record_key(place, kind).view(), record_, sizeof record_);
  if (!size.ok()) return size.status();
  if (size.value() < kHeader + kTrailer) return Status::kCorrupt;
  const size_t body = size.value() - kTrailer;
  if (crc32({record_, body}) != get_u32(record_ + body)) return Status::kCorrupt;
  *number = get_u32(record_);
  return std::string_view(record_ + kHeader, body - kHeader);
}

Status Journal::write(size_t place, char kind, uint32_t number, std::string_view bytes) {
  if (bytes.size() > kMaxRecord - kHeader - kTrailer) return Status::kNoSpace;
  put_u32(record_, number);
  std::memcpy(record_ + kHeader, bytes.data(), bytes.size());
  const size_t body = kHeader + bytes.size();
  put_u32(record_ + body, crc32({record_, body}));
  return storage_.write(record_key(place, kind).view(), {record_, body + kTrailer});
}

void Journal::load() {
  for (size_t place = 0; place < kEntries; place++) {
    Entry& entry = entries_[place];
    entry = {};
    uint32_t began = 0;
    const Expected<std::string_view> key = read(place, 's', &began);
    if (!key.ok() || began == 0 || key.value().size() > kMaxKey) continue;
    entry.key_crc = crc32(key.value());
    uint32_t ended = 0;
    const bool has_end = read(place, 'f', &ended).ok() && ended == began;
    entry.number = began;
    entry.state = has_end ? Found::kDone : Found::kInterrupted;
    last_number_ = std::max(last_number_, began);
  }
}

Journal::Entry* Journal::find_entry(std::string_view key) {
  const uint32_t key_crc = crc32(key);
  for (size_t place = 0; place < kEntries; place++) {
    Entry& entry = entries_[place];
    if (entry.number == 0 || entry.key_crc != key_crc) continue;
    uint32_t number = 0;
    const Expected<std::string_view> stored = read(place, 's', &number);
    // A record that cannot be read any more is taken for the key's: better "unknown" than done twice.
    if (!stored.ok() || stored.value() == key) return &entry;
  }
  return nullptr;
}

Journal::Found Journal::find(std::string_view key) {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? Found::kNew : entry->state;
}

Expected<std::string_view> Journal::outcome(std::string_view key) {
  const Entry* entry = find_entry(key);
  if (entry == nullptr || entry->state != Found::kDone) return Status::kNotFound;
  uint32_t number = 0;
  const Expected<std::string_view> read_back =
      read(static_cast<size_t>(entry - entries_.data()), 'f', &number);
  if (read_back.ok() && number != entry->number) return Status::kCorrupt;
  return read_back;
}

Status Journal::begin(std::string_view key) {
  Entry* oldest = &entries_[0];
  for (Entry& entry : entries_)
    if (entry.number < oldest->number) oldest = &entry;
  if (key.size() > kMaxKey) return Status::kNoSpace;
  Entry fresh;
  fresh.key_crc = crc32(key);
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
