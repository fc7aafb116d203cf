#pragma once

#include <poll.h>

#include <string>

#include "hal/uart.h"
#include "core/status.h"
#include "ports/linux/owned_fd.h"

namespace fb::posix {

/// The cable of docs/protocol.md §8 as a pseudo terminal. Whoever opens the path has plugged it in; while nobody has, what
/// goes out is lost, as on a cable that ends nowhere.
class PtyCable final : public SerialOut {
 public:
  /// What waits for a reader that is slow; then whole messages are not taken.
  static constexpr size_t kMostQueued = 64u << 10;

  PtyCable() = default;
  ~PtyCable() override;
  PtyCable(const PtyCable&) = delete;
  PtyCable& operator=(const PtyCable&) = delete;

  /// @param path where a symbolic link to the terminal is put; one that is there is replaced, another file is not. Empty:
  /// there is no cable. kStorage: it cannot be made.
  Status open(const std::string& path);
  bool write(std::string_view message) override;

  /// What to wait for; fd −1: nothing.
  pollfd wanted() const;
  /// Writes what can be written.
  void service();
  /// What came, at most `capacity`; 0: nothing.
  size_t read(char* out, size_t capacity);
  bool is_open() const { return terminal_.is_open(); }
  bool plugged() const;

 private:
  OwnedFd terminal_;
  std::string path_;
  std::string name_;
  std::string queue_;
};

}  // namespace fb::posix
