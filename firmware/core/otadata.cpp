#include "core/otadata.h"

#include <cstring>
#include <string_view>

#include "core/crc32.h"
#include "core/little_endian.h"

namespace fb {
namespace {

constexpr size_t kOtadataRecordSize = 32;
constexpr size_t kOtadataStateAt = 24;
constexpr size_t kOtadataCrcAt = 28;
/// The ROM's CRC-32 with this start is the usual one gone on from it.
constexpr uint32_t kOtadataCrcSeed = 0xffffffff;

uint32_t otadata_crc(const char* record) { return crc32(std::string_view(record, 4), kOtadataCrcSeed); }

bool otadata_counts(const Otadata::Record& record) {
  return record.sequence != 0 && record.state != Otadata::State::kInvalid && record.state != Otadata::State::kAborted;
}

}  // namespace

Status Otadata::read(Pair& pair) {
  if (slots_ == 0 || region_.size() < 2 * FlashRegion::kSector) return Status::kInvalid;
  for (int i = 0; i < 2; i++) {
    char bytes[kOtadataRecordSize];
    const Status status = region_.read(static_cast<size_t>(i) * FlashRegion::kSector, bytes, sizeof bytes);
    if (status != Status::kOk) return status;
    pair.records[i] = {};
    const uint32_t sequence = get_u32(bytes);
    if (sequence == 0xffffffff || get_u32(bytes + kOtadataCrcAt) != otadata_crc(bytes)) continue;
    pair.records[i] = {sequence, static_cast<State>(get_u32(bytes + kOtadataStateAt))};
  }
  const bool first = otadata_counts(pair.records[0]);
  const bool second = otadata_counts(pair.records[1]);
  const bool second_newer = second && (!first || pair.records[1].sequence > pair.records[0].sequence);
  pair.active = second_newer ? 1 : first ? 0 : -1;
  return Status::kOk;
}

Status Otadata::write(int sector, const Record& record) {
  char bytes[kOtadataRecordSize];
  std::memset(bytes, 0xff, sizeof bytes);
  put_u32(bytes, record.sequence);
  put_u32(bytes + kOtadataStateAt, static_cast<uint32_t>(record.state));
  put_u32(bytes + kOtadataCrcAt, otadata_crc(bytes));
  const size_t at = static_cast<size_t>(sector) * FlashRegion::kSector;
  const Status erased = region_.erase_sector(at);
  return erased == Status::kOk ? region_.write(at, bytes, sizeof bytes) : erased;
}

Expected<uint8_t> Otadata::start() {
  Pair pair;
  Status status = read(pair);
  for (int i = 0; i < 2 && status == Status::kOk; i++) {
    if (pair.records[i].state == State::kPending) status = write(i, {pair.records[i].sequence, State::kAborted});
  }
  if (status == Status::kOk) status = read(pair);
  if (status != Status::kOk) return status;
  if (pair.active < 0) {
    const bool blank = pair.records[0].sequence == 0 && pair.records[1].sequence == 0;
    // The image that came by cable is the one to go back to.
    status = blank ? write(0, {1, State::kValid}) : Status::kOk;
    if (status != Status::kOk) return status;
    return uint8_t{0};
  }
  const Record active = pair.records[pair.active];
  if (active.state == State::kNew) {
    status = write(pair.active, {active.sequence, State::kPending});
    if (status != Status::kOk) return status;
  }
  return slot_of(active);
}

Status Otadata::choose(uint8_t slot) {
  if (slot >= slots_) return Status::kInvalid;
  Pair pair;
  const Status status = read(pair);
  if (status != Status::kOk) return status;
  if (pair.active < 0) return write(0, {slot + 1u, State::kNew});
  const Record& active = pair.records[pair.active];
  uint32_t sequence = active.sequence + 1;
  while ((sequence - 1) % slots_ != slot) sequence++;
  return write(1 - pair.active, {sequence, State::kNew});
}

Expected<Otadata::State> Otadata::state() {
  Pair pair;
  const Status status = read(pair);
  if (status != Status::kOk) return status;
  return pair.active < 0 ? State::kUndefined : pair.records[pair.active].state;
}

Status Otadata::confirm() {
  Pair pair;
  const Status status = read(pair);
  if (status != Status::kOk) return status;
  if (pair.active < 0) return Status::kNotFound;
  const Record& active = pair.records[pair.active];
  return active.state == State::kValid ? Status::kOk : write(pair.active, {active.sequence, State::kValid});
}

Status Otadata::reject() {
  Pair pair;
  const Status status = read(pair);
  if (status != Status::kOk) return status;
  if (pair.active < 0 || !otadata_counts(pair.records[1 - pair.active])) return Status::kNotFound;
  return write(pair.active, {pair.records[pair.active].sequence, State::kInvalid});
}

}  // namespace fb
