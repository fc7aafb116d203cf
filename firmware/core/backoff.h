#pragma once

#include <algorithm>

#include "core/time.h"
#include "hal/rng.h"

namespace fb {

/// How long to wait before trying again: twice as long each time, 1 s … 60 s, of which a random half is taken away, so
/// that boards that lost one broker together do not come back together.
class Backoff {
 public:
  explicit Backoff(Rng& rng) : rng_(rng) {}

  Millis next() {
    const Millis whole = std::min<Millis>(kFirst << std::min(failures_, 6u), kLongest);
    failures_++;
    return whole / 2 + rng_.next() % (whole / 2 + 1);
  }
  void reset() { failures_ = 0; }

 private:
  static constexpr Millis kFirst = 1000;
  static constexpr Millis kLongest = 60'000;
  Rng& rng_;
  unsigned failures_ = 0;
};

}  // namespace fb
