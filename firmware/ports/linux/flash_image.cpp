#include "ports/linux/flash_image.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fb::posix {
namespace {

constexpr uint8_t kImageMagic = 0xe9;

bool read_all(int fd, size_t at, void* out, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t step = ::pread(fd, static_cast<char*>(out) + done, size - done, static_cast<off_t>(at + done));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return false;
    done += static_cast<size_t>(step);
  }
  return true;
}

bool write_all(int fd, size_t at, const void* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t step = ::pwrite(fd, static_cast<const char*>(bytes) + done, size - done, static_cast<off_t>(at + done));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return false;
    done += static_cast<size_t>(step);
  }
  return true;
}

}  // namespace

Status FlashImage::open(const std::string& path) {
  file_ = OwnedFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file_.is_open()) return Status::kStorage;
  // Two processes on one flash would each spoil what the other wrote.
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return Status::kUnavailable;
  struct stat found {};
  if (::fstat(file_.get(), &found) != 0) return Status::kStorage;
  if (found.st_size == static_cast<off_t>(kSize)) return Status::kOk;
  if (found.st_size != 0) return Status::kCorrupt;
  return erase(0, kSize);
}

Status FlashImage::read(size_t at, void* out, size_t size) {
  return read_all(file_.get(), at, out, size) ? Status::kOk : Status::kStorage;
}

Status FlashImage::write(size_t at, const void* bytes, size_t size) {
  const auto* const from = static_cast<const uint8_t*>(bytes);
  uint8_t piece[512];
  for (size_t done = 0; done < size; done += sizeof piece) {
    const size_t length = std::min(sizeof piece, size - done);
    if (!read_all(file_.get(), at + done, piece, length)) return Status::kStorage;
    for (size_t i = 0; i < length; i++) piece[i] &= from[done + i];
    if (!write_all(file_.get(), at + done, piece, length)) return Status::kStorage;
  }
  return Status::kOk;
}

Status FlashImage::erase(size_t at, size_t size) {
  uint8_t piece[FlashRegion::kSector];
  std::memset(piece, 0xff, sizeof piece);
  for (size_t done = 0; done < size; done += sizeof piece)
    if (!write_all(file_.get(), at + done, piece, std::min(sizeof piece, size - done))) return Status::kStorage;
  return Status::kOk;
}

Status ImageRegion::read(size_t at, void* out, size_t size) {
  return inside(at, size) ? image_.read(at_ + at, out, size) : Status::kInvalid;
}

Status ImageRegion::write(size_t at, const void* bytes, size_t size) {
  return inside(at, size) ? image_.write(at_ + at, bytes, size) : Status::kInvalid;
}

Status ImageRegion::erase_sector(size_t at) {
  return at % kSector == 0 && inside(at, kSector) ? image_.erase(at_ + at, kSector) : Status::kInvalid;
}

Status MemoryRegion::read(size_t at, void* out, size_t size) {
  if (!inside(at, size)) return Status::kInvalid;
  if (size > 0) std::memcpy(out, bytes_.data() + at, size);
  return Status::kOk;
}

Status MemoryRegion::write(size_t at, const void* bytes, size_t size) {
  if (!inside(at, size)) return Status::kInvalid;
  for (size_t i = 0; i < size; i++) bytes_[at + i] &= static_cast<const uint8_t*>(bytes)[i];
  return Status::kOk;
}

Status MemoryRegion::erase_sector(size_t at) {
  if (at % kSector != 0 || !inside(at, kSector)) return Status::kInvalid;
  std::memset(bytes_.data() + at, 0xff, kSector);
  return Status::kOk;
}

ImageSlots::ImageSlots(FlashImage& image)
    : slots_{ImageRegion(image, FlashImage::kSlotAt[0], FlashImage::kSlotSize),
             ImageRegion(image, FlashImage::kSlotAt[1], FlashImage::kSlotSize)},
      otadata_region_(image, FlashImage::kOtadataAt, 2 * FlashRegion::kSector),
      otadata_(otadata_region_, 2) {}

Status ImageSlots::start() {
  restart_wanted_ = false;
  const Expected<uint8_t> slot = otadata_.start();
  if (slot.ok()) running_ = slot.value();
  return slot.status();
}

Status ImageSlots::boot_other() {
  uint8_t magic = 0;
  const Status read = other().read(0, &magic, 1);
  if (read != Status::kOk) return read;
  return magic == kImageMagic ? otadata_.choose(static_cast<uint8_t>(1 - running_)) : Status::kCorrupt;
}

ImageState ImageSlots::running_state() {
  return otadata_.state().value_or(Otadata::State::kValid) == Otadata::State::kPending ? ImageState::kOnTrial
                                                                                      : ImageState::kConfirmed;
}

Status ImageSlots::confirm_running() { return otadata_.confirm(); }

Status ImageSlots::roll_back() {
  const Status rejected = otadata_.reject();
  restart_wanted_ = rejected == Status::kOk;
  return rejected;
}

}  // namespace fb::posix
