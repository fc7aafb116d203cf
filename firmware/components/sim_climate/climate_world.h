#pragma once

#include <cstdint>

#include "core/time.h"
#include "sim/noise.h"

namespace fb {

/// The air around a simulated sensor: a daily cycle that peaks in mid-afternoon, slow weather over it, relative
/// humidity that falls as the same air gets warmer (Magnus formula), pressure with its half-day tide, and the sensor's
/// own noise. Wholly determined by the seed and the times it is asked at.
class ClimateWorld {
 public:
  struct Reading {
    double temperature_c;
    double humidity_pct;
    double pressure_hpa;
  };
  explicit ClimateWorld(uint64_t seed);

  /// @param base_c the day's mean, swing_c half of what the day swings by
  Reading measure(const Now& now, double base_c, double swing_c);

 private:
  SeededNoise noise_;
  Wander warmth_{0.8, 1800};      // °C: sun, doors, people
  Wander moisture_{1.2, 5400};    // hPa of water vapour
  Wander weather_{7, 86'400};     // hPa: highs and lows passing
  Millis last_ms_ = 0;
  bool begun_ = false;
};

}  // namespace fb
