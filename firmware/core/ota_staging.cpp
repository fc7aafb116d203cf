#include "core/ota_staging.h"

#include <algorithm>
#include <cstring>

#include "core/little_endian.h"

namespace fb {
namespace {

constexpr size_t kOtaSector = FlashRegion::kSector;
constexpr size_t kOtaDigest = 32;
constexpr size_t kOtaMark = 16;
constexpr uint32_t kOtaMarksASector = kOtaSector / kOtaMark;

constexpr char kOtaSessionMagic[4] = {'F', 'B', 'S', '1'};
constexpr size_t kOtaHeadAt = 16;
constexpr size_t kOtaSealAt = kOtaHeadAt + OtaManifest::kHeadSize;
constexpr size_t kOtaListMarkAt = kOtaSealAt + kOtaDigest;
constexpr uint32_t kOtaListMark = 0xffffffff;

constexpr size_t ota_sectors(size_t bytes) { return (bytes + kOtaSector - 1) / kOtaSector; }

std::string_view ota_bytes(const char* bytes, size_t size) { return {bytes, size}; }

}  // namespace

size_t OtaStaging::list_at() const { return session_at() - ota_sectors(chunks_ * kOtaDigest) * kOtaSector; }
size_t OtaStaging::marks_at() const { return list_at() - ota_sectors(chunks_ * kOtaMark) * kOtaSector; }

bool OtaStaging::fits(uint32_t chunks) const {
  const size_t image = ota_sectors(static_cast<size_t>(chunks) * OtaManifest::kChunkSize);
  const size_t rest = ota_sectors(chunks * kOtaDigest) + ota_sectors(chunks * kOtaMark) + 1;
  return image + rest <= slot_.size() / kOtaSector;
}

Status OtaStaging::find(char* head) {
  if (slot_.size() < kOtaSector) return Status::kNotFound;
  char record[kOtaListMarkAt];
  const Status read = slot_.read(session_at(), record, sizeof record);
  if (read != Status::kOk) return read;
  if (std::memcmp(record, kOtaSessionMagic, sizeof kOtaSessionMagic) != 0) return Status::kNotFound;
  Sha256State state;
  crypto_.sha256_begin(state);
  crypto_.sha256_add(state, ota_bytes(record, kOtaSealAt));
  const Digest seal = crypto_.sha256_end(state);
  if (std::memcmp(seal.data(), record + kOtaSealAt, seal.size()) != 0) return Status::kNotFound;
  // The seal holds against accidents; what it covers is read as carefully as if it had come over the air.
  OtaManifest manifest;
  const OtaFault fault = manifest.read(ota_bytes(record + kOtaHeadAt, OtaManifest::kHeadSize));
  if (fault != OtaFault::kNone) return Status::kNotFound;
  if (!fits(manifest.chunks())) return Status::kNotFound;
  std::memcpy(head, record + kOtaHeadAt, OtaManifest::kHeadSize);
  session_ = get_u32(record + 4);
  seal_ = seal;
  chunks_ = manifest.chunks();
  return Status::kOk;
}

Status OtaStaging::open(uint32_t session, std::string_view head, uint32_t chunks) {
  if (head.size() != OtaManifest::kHeadSize || !fits(chunks)) return Status::kInvalid;
  char record[kOtaListMarkAt];
  std::memset(record, 0xff, kOtaHeadAt);
  std::memcpy(record, kOtaSessionMagic, sizeof kOtaSessionMagic);
  put_u32(record + 4, session);
  std::memcpy(record + kOtaHeadAt, head.data(), head.size());
  Sha256State state;
  crypto_.sha256_begin(state);
  crypto_.sha256_add(state, ota_bytes(record, kOtaSealAt));
  seal_ = crypto_.sha256_end(state);
  std::memcpy(record + kOtaSealAt, seal_.data(), seal_.size());
  session_ = session;
  chunks_ = chunks;
  Status status = slot_.erase_sector(session_at());
  if (status == Status::kOk) status = slot_.erase_sector(marks_at());
  if (status == Status::kOk) status = slot_.write(session_at(), record, sizeof record);
  return status;
}

Status OtaStaging::erase() { return slot_.erase_sector(session_at()); }

Status OtaStaging::write_digests(uint32_t at, std::string_view bytes) {
  size_t to = list_at() + at * kOtaDigest;
  while (!bytes.empty()) {
    const size_t inside = to % kOtaSector;
    if (inside == 0) {
      const Status erased = slot_.erase_sector(to);
      if (erased != Status::kOk) return erased;
    }
    const size_t size = std::min(bytes.size(), kOtaSector - inside);
    const Status written = slot_.write(to, bytes.data(), size);
    if (written != Status::kOk) return written;
    bytes.remove_prefix(size);
    to += size;
  }
  return Status::kOk;
}

Status OtaStaging::read_digest(uint32_t index, Digest& out) {
  return slot_.read(list_at() + index * kOtaDigest, out.data(), out.size());
}

Status OtaStaging::digest_list(Digest& out) {
  Sha256State state;
  crypto_.sha256_begin(state);
  const Status status = hash(state, list_at(), chunks_ * kOtaDigest);
  out = crypto_.sha256_end(state);
  return status;
}

OtaStaging::Mark OtaStaging::mark_of(uint32_t index) const {
  Mark mark;
  std::memcpy(mark.bytes, seal_.data(), 12);
  put_u32(mark.bytes + 12, index);
  return mark;
}

Status OtaStaging::has_mark(size_t at, uint32_t index) {
  const Mark mark = mark_of(index);
  Mark found;
  const Status read = slot_.read(at, found.bytes, sizeof found.bytes);
  if (read != Status::kOk) return read;
  return std::memcmp(mark.bytes, found.bytes, sizeof mark.bytes) == 0 ? Status::kOk : Status::kNotFound;
}

Status OtaStaging::mark_list() {
  const Mark mark = mark_of(kOtaListMark);
  return slot_.write(session_at() + kOtaListMarkAt, mark.bytes, sizeof mark.bytes);
}

Status OtaStaging::is_list_marked() { return has_mark(session_at() + kOtaListMarkAt, kOtaListMark); }

Status OtaStaging::write_chunk(uint32_t index, const uint8_t* bytes, size_t size) {
  const size_t at = static_cast<size_t>(index) * OtaManifest::kChunkSize;
  Status status = at % kOtaSector == 0 ? slot_.erase_sector(at) : Status::kOk;
  if (status == Status::kOk) status = slot_.write(at, bytes, size);
  uint8_t back[256];
  for (size_t done = 0; status == Status::kOk && done < size; done += sizeof back) {
    const size_t piece = std::min(sizeof back, size - done);
    status = slot_.read(at + done, back, piece);
    if (status == Status::kOk && std::memcmp(back, bytes + done, piece) != 0) status = Status::kCorrupt;
  }
  return status;
}

Status OtaStaging::mark_chunk(uint32_t index) {
  const uint32_t next = index + 1;
  if (next % kOtaMarksASector == 0 && next < chunks_) {
    // Before this mark leads a reader there, nothing old may stand in the next sector.
    const Status erased = slot_.erase_sector(marks_at() + next * kOtaMark);
    if (erased != Status::kOk) return erased;
  }
  const Mark mark = mark_of(index);
  return slot_.write(marks_at() + index * kOtaMark, mark.bytes, sizeof mark.bytes);
}

Expected<uint32_t> OtaStaging::marked() {
  uint32_t index = 0;
  while (index < chunks_) {
    const Status status = has_mark(marks_at() + index * kOtaMark, index);
    if (status == Status::kNotFound) break;
    if (status != Status::kOk) return status;
    index++;
  }
  return index;
}

Status OtaStaging::hash(Sha256State& state, size_t at, size_t size) {
  char piece[512];
  Status status = Status::kOk;
  for (size_t done = 0; status == Status::kOk && done < size; done += sizeof piece) {
    const size_t length = std::min(sizeof piece, size - done);
    status = slot_.read(at + done, piece, length);
    if (status == Status::kOk) crypto_.sha256_add(state, ota_bytes(piece, length));
  }
  return status;
}

}  // namespace fb
