#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace fb {

/// How long something takes, in 44 bytes: mean, maximum, and percentiles from a histogram whose steps double. Old runs
/// fade: each time the histogram is full it is halved.
class RunTimes {
 public:
  void add(uint64_t us) {
    count_++;
    total_us_ += us;
    max_us_ = static_cast<uint32_t>(std::max<uint64_t>(max_us_, std::min<uint64_t>(us, UINT32_MAX)));
    size_t bucket = 0;
    while (bucket + 1 < kBuckets && (us >> bucket) > 1) bucket++;
    if (++buckets_[bucket] == UINT16_MAX)
      for (uint16_t& each : buckets_) each /= 2;
  }

  uint32_t count() const { return count_; }
  uint64_t total_us() const { return total_us_; }
  uint32_t max_us() const { return max_us_; }
  double mean_us() const { return count_ == 0 ? 0 : static_cast<double>(total_us_) / count_; }
  /// The end of the step that holds the percentile, so never too small, nor above the maximum.
  uint32_t percentile_us(unsigned percent) const {
    uint32_t all = 0;
    for (const uint16_t each : buckets_) all += each;
    uint32_t below = 0;
    for (size_t bucket = 0; bucket < kBuckets; bucket++) {
      below += buckets_[bucket];
      if (below * 100ull >= static_cast<uint64_t>(all) * percent && below > 0)
        return std::min(max_us_, bucket + 1 == kBuckets ? UINT32_MAX : (2u << bucket) - 1);
    }
    return 0;
  }

 private:
  static constexpr size_t kBuckets = 24;  ///< the last: 8 s and more
  std::array<uint16_t, kBuckets> buckets_{};
  uint32_t count_ = 0;
  uint32_t max_us_ = 0;
  uint64_t total_us_ = 0;
};

}  // namespace fb
