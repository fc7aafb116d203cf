#include "ports/linux/pty_cable.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace fb::posix {
namespace {

/// Where the link at `path` leads; empty where there is none.
std::string link_target(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : std::string();
}

}  // namespace

PtyCable::~PtyCable() {
  // Another process may have taken the path over.
  if (!path_.empty() && link_target(path_) == name_) (void)::unlink(path_.c_str());
}

Status PtyCable::open(const std::string& path) {
  if (path.empty()) return Status::kOk;
  terminal_ = OwnedFd(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  char name[64];
  if (!terminal_.is_open() || ::grantpt(terminal_.get()) != 0 || ::unlockpt(terminal_.get()) != 0 ||
      ::ptsname_r(terminal_.get(), name, sizeof name) != 0)
    return Status::kStorage;
  // Raw from the start, whoever opens it; and once opened and closed it tells that nobody has it open.
  const OwnedFd other(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (!other.is_open() || ::tcgetattr(other.get(), &settings) != 0) return Status::kStorage;
  ::cfmakeraw(&settings);
  if (::tcsetattr(other.get(), TCSANOW, &settings) != 0) return Status::kStorage;
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && !S_ISLNK(found.st_mode)) return Status::kStorage;
  // A link cannot be made over another, so it is made beside it and takes its place.
  const std::string beside = path + ".new";
  (void)::unlink(beside.c_str());
  if (::symlink(name, beside.c_str()) != 0 || std::rename(beside.c_str(), path.c_str()) != 0) return Status::kStorage;
  path_ = path;
  name_ = name;
  return Status::kOk;
}

bool PtyCable::plugged() const {
  if (!terminal_.is_open()) return false;
  pollfd asked{terminal_.get(), POLLOUT, 0};
  return ::poll(&asked, 1, 0) >= 0 && (asked.revents & POLLHUP) == 0;
}

bool PtyCable::write(std::string_view message) {
  if (!plugged()) {
    queue_.clear();
    return false;
  }
  if (message.size() > kMostQueued - queue_.size()) return false;
  queue_.append(message);
  service();
  return true;
}

pollfd PtyCable::wanted() const {
  // A terminal that nobody has open is always "ready": its owner asks from time to time instead.
  if (!plugged()) return {-1, 0, 0};
  return {terminal_.get(), static_cast<short>(POLLIN | (queue_.empty() ? 0 : POLLOUT)), 0};
}

void PtyCable::service() {
  while (!queue_.empty()) {
    const ssize_t done = ::write(terminal_.get(), queue_.data(), queue_.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    queue_.erase(0, static_cast<size_t>(done));
  }
}

size_t PtyCable::read(char* out, size_t capacity) {
  if (!terminal_.is_open()) return 0;
  const ssize_t size = ::read(terminal_.get(), out, capacity);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

}  // namespace fb::posix
