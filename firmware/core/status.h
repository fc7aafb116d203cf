#pragma once

#include <cstdint>
#include <utility>

namespace fb {

/// How an act of the core or of the hardware under it ended.
enum class [[nodiscard]] Status : uint8_t {
  kOk,
  kNotFound,
  kInvalid,      ///< the caller's input does not fit
  kNoSpace,      ///< a buffer or a table is full
  kCorrupt,      ///< stored bytes fail their check
  kStorage,      ///< the storage refused
  kUnavailable,  ///< not now: try again later
  kRefused,      ///< understood, and not done
};

/// A value, or the reason there is none. Where the status is not kOk the value is a default one.
template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}
  Expected(Status status) : status_(status) {}

  bool ok() const { return status_ == Status::kOk; }
  Status status() const { return status_; }
  const T& value() const { return value_; }
  /// By value: `other` may be a temporary.
  T value_or(T other) const { return ok() ? value_ : other; }

 private:
  T value_{};
  Status status_ = Status::kOk;
};

}  // namespace fb
