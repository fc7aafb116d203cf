#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "core/status.h"

namespace fb {

/// Text of at most `N` bytes, kept in place.
template <size_t N>
class SmallString {
 public:
  static constexpr size_t kCapacity = N;

  /// kNoSpace where it does not fit; then it is empty.
  Status assign(std::string_view text) {
    size_ = 0;
    return append(text);
  }

  /// kNoSpace where it does not fit; then nothing was appended.
  Status append(std::string_view text) {
    if (text.size() > N - size_) return Status::kNoSpace;
    if (!text.empty()) std::memcpy(bytes_ + size_, text.data(), text.size());
    size_ += text.size();
    return Status::kOk;
  }

  std::string_view view() const { return {bytes_, size_}; }
  bool empty() const { return size_ == 0; }

 private:
  char bytes_[N] = {};
  size_t size_ = 0;
};

}  // namespace fb
