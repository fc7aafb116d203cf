#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "sim/near_math.h"

namespace fb {

/// Numbers that look random and are the same for the same seed on every body (xorshift64*, Vigna 2016).
class SeededNoise {
 public:
  explicit SeededNoise(uint64_t seed) {
    // One splitmix64 step, so that neighbouring seeds are worlds apart, and 0 is a seed like any other.
    uint64_t z = seed + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    state_ = (z ^ (z >> 31)) | 1;
  }

  /// 0 ≤ x < 1
  double uniform() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<double>((state_ * 0x2545f4914f6cdd1du) >> 11) / 9007199254740992.0;
  }

  /// Mean 0, deviation 1.
  double normal() {
    // Box–Muller; the second of the pair is not kept, so that the state is one number.
    const double radius = std::sqrt(-2 * near_log(1 - uniform()));
    return radius * near_cos_of_turns(uniform());
  }

 private:
  uint64_t state_;
};

/// A value that wanders and is drawn back to 0 (Ornstein–Uhlenbeck, stepped exactly for any interval).
class Wander {
 public:
  Wander(double deviation, double return_s) : deviation_(deviation), return_s_(return_s) {}

  double advance(double elapsed_s, SeededNoise& noise) {
    if (!begun_) {
      begun_ = true;
      value_ = deviation_ * noise.normal();
      return value_;
    }
    const double kept = near_exp(-elapsed_s / return_s_);
    value_ = value_ * kept + deviation_ * std::sqrt(1 - kept * kept) * noise.normal();
    return value_;
  }

 private:
  double deviation_;
  double return_s_;
  double value_ = 0;
  bool begun_ = false;
};

/// A seed of its own for whatever is called `name` in the world of `seed`: two names share no noise (FNV-1a over both).
inline uint64_t seed_of(uint64_t seed, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int byte = 0; byte < 8; byte++) hash = (hash ^ ((seed >> (8 * byte)) & 0xff)) * 0x100000001b3u;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

/// A value that drifts about 0, as Wander does, but is known for every time without a past: those who ask at different
/// times, or for the first time after a year, see the same course.
class Drift {
 public:
  /// @param knot_s how long it takes to become another value
  Drift(uint64_t seed, double deviation, double knot_s) : seed_(seed), deviation_(deviation), knot_s_(knot_s) {}

  double at(double t_s) const {
    return deviation_ * (0.8 * course(seed_, t_s / knot_s_) + 0.6 * course(~seed_, 3 * t_s / knot_s_));
  }

 private:
  /// Through one normal number at each whole `x`, smoothly.
  static double course(uint64_t seed, double x) {
    const double knot = std::floor(x);
    const double part = x - knot;
    const double eased = part * part * (3 - 2 * part);
    return at_knot(seed, knot) * (1 - eased) + at_knot(seed, knot + 1) * eased;
  }
  static double at_knot(uint64_t seed, double knot) {
    SeededNoise noise(seed + 0xd1342543de82ef95u * static_cast<uint64_t>(static_cast<int64_t>(knot)));
    return noise.normal();
  }

  uint64_t seed_;
  double deviation_;
  double knot_s_;
};

}  // namespace fb
