#include "core/two_slot_record.h"

#include <cstring>

#include "core/crc32.h"
#include "core/little_endian.h"

namespace fb {
namespace {

constexpr uint32_t kMagic = 0x31524246;  // "FBR1"

}  // namespace

TwoSlotRecord::TwoSlotRecord(Storage& storage, std::string_view name, char* scratch, size_t scratch_size)
    : storage_(storage), scratch_(scratch), scratch_size_(scratch_size) {
  // A name too long would give both slots one key; the longest of ours has 5 bytes.
  if (name_.assign(name) != Status::kOk) scratch_size_ = 0;
}

std::string_view TwoSlotRecord::key(int slot, char* out) const {
  const std::string_view name = name_.view();
  std::memcpy(out, name.data(), name.size());
  out[name.size()] = '.';
  out[name.size() + 1] = slot == 0 ? '0' : '1';
  return {out, name.size() + 2};
}

TwoSlotRecord::Slot TwoSlotRecord::read_slot(int slot) {
  char name[16];
  const Expected<size_t> read = storage_.read(key(slot, name), scratch_, scratch_size_);
  if (!read.ok()) return {read.status(), 0, {}};
  const size_t size = read.value();
  if (size < kOverhead || get_u32(scratch_) != kMagic) return {Status::kCorrupt, 0, {}};
  const uint32_t length = get_u32(scratch_ + 8);
  if (length != size - kOverhead) return {Status::kCorrupt, 0, {}};
  if (crc32({scratch_, size - 4}) != get_u32(scratch_ + size - 4)) return {Status::kCorrupt, 0, {}};
  return {Status::kOk, get_u32(scratch_ + 4), {scratch_ + kHeader, length}};
}

Expected<std::string_view> TwoSlotRecord::load() {
  const Slot first = read_slot(0);
  const Slot second = read_slot(1);  // overwrites what `first.bytes` points to
  loaded_ = true;
  if (first.status != Status::kOk && second.status != Status::kOk) {
    const bool nothing = first.status == Status::kNotFound && second.status == Status::kNotFound;
    if (nothing) return Status::kNotFound;
    const bool failed = first.status == Status::kStorage || second.status == Status::kStorage;
    return failed ? Status::kStorage : Status::kCorrupt;
  }
  // Serial arithmetic, so that a generation may wrap.
  const bool second_newer = second.status == Status::kOk &&
                            (first.status != Status::kOk ||
                             static_cast<int32_t>(second.generation - first.generation) > 0);
  current_ = second_newer ? 1 : 0;
  generation_ = second_newer ? second.generation : first.generation;
  if (second_newer) return second.bytes;
  const Slot again = read_slot(0);
  if (again.status != Status::kOk) return again.status;
  return again.bytes;
}

Status TwoSlotRecord::save(std::string_view bytes) {
  if (bytes.size() + kOverhead > scratch_size_) return Status::kNoSpace;
  if (!loaded_) return Status::kInvalid;  // which slot is the newer one is not known yet
  std::memmove(scratch_ + kHeader, bytes.data(), bytes.size());
  put_u32(scratch_, kMagic);
  put_u32(scratch_ + 4, generation_ + 1);
  put_u32(scratch_ + 8, static_cast<uint32_t>(bytes.size()));
  put_u32(scratch_ + kHeader + bytes.size(), crc32({scratch_, kHeader + bytes.size()}));
  char name[16];
  const int slot = 1 - current_;
  const Status written = storage_.write(key(slot, name), {scratch_, bytes.size() + kOverhead});
  if (written != Status::kOk) return written;
  generation_++;
  current_ = slot;
  return Status::kOk;
}

}  // namespace fb
