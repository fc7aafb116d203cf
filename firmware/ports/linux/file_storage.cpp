#include "ports/linux/file_storage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "ports/linux/owned_fd.h"

namespace fb::posix {
namespace {

/// A key is a file's name: no way out of the folder.
bool is_record_name(std::string_view key) {
  for (const char c : key)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
      return false;
  return !key.empty() && key.size() <= 64 && key.front() != '.';
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return true;
}

}  // namespace

Status FileStorage::open(const std::string& folder) {
  folder_ = folder + "/";
  struct stat found {};
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Status::kStorage;
  return ::stat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) ? Status::kOk : Status::kStorage;
}

Expected<size_t> FileStorage::read(std::string_view key, char* out, size_t capacity) {
  if (!is_record_name(key)) return Status::kInvalid;
  const OwnedFd file(::open((folder_ + std::string(key)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return errno == ENOENT ? Status::kNotFound : Status::kStorage;
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return Status::kStorage;
  const auto size = static_cast<size_t>(found.st_size);
  if (size > capacity) return Status::kNoSpace;
  for (size_t at = 0; at < size;) {
    const ssize_t done = ::pread(file.get(), out + at, size - at, static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return Status::kStorage;
    at += static_cast<size_t>(done);
  }
  return size;
}

Status FileStorage::write(std::string_view key, std::string_view bytes) {
  if (!is_record_name(key)) return Status::kInvalid;
  const std::string path = folder_ + std::string(key);
  // Its name begins with a point, so that no key is ever it.
  const std::string beside = folder_ + "." + std::string(key) + ".new";
  OwnedFd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.is_open()) return Status::kStorage;
  // The bytes must be on the disk before the name is: else a loss of power leaves a name without them.
  if (!write_all(file.get(), bytes) || ::fdatasync(file.get()) != 0) return Status::kStorage;
  file.close();
  return std::rename(beside.c_str(), path.c_str()) == 0 ? Status::kOk : Status::kStorage;
}

Expected<size_t> MemoryStorage::read(std::string_view key, char* out, size_t capacity) {
  const auto found = records_.find(key);
  if (found == records_.end()) return Status::kNotFound;
  if (found->second.size() > capacity) return Status::kNoSpace;
  std::memcpy(out, found->second.data(), found->second.size());
  return found->second.size();
}

Status MemoryStorage::write(std::string_view key, std::string_view bytes) {
  records_[std::string(key)] = std::string(bytes);
  return Status::kOk;
}

}  // namespace fb::posix
