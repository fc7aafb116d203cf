#pragma once

#include <map>
#include <string>

#include "hal/storage.h"

namespace fb::posix {

/// Records as files in a folder, one each. A record is written beside the old one and takes its place at once, so that it is
/// always the old or the new one, whenever the process or the power ends.
class FileStorage final : public Storage {
 public:
  /// Makes the folder where it is missing. kStorage: it cannot be made.
  Status open(const std::string& folder);
  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override;
  Status write(std::string_view key, std::string_view bytes) override;

 private:
  std::string folder_;
};

/// Records that end with the process.
class MemoryStorage final : public Storage {
 public:
  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override;
  Status write(std::string_view key, std::string_view bytes) override;

 private:
  std::map<std::string, std::string, std::less<>> records_;
};

}  // namespace fb::posix
