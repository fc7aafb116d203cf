#include "components/sim_climate/climate_world.h"

#include <algorithm>
#include <cmath>

namespace fb {
namespace {

constexpr double kTau = 6.283185307179586;
constexpr double kDayS = 86'400;
constexpr double kWarmestHour = 15;
constexpr double kRelativeHumidityAtBase = 52;  // %

/// Water vapour that saturated air holds, hPa (Magnus, WMO-No. 8, annex 4.B).
double saturation_hpa(double temp_c) { return 6.112 * std::exp(17.62 * temp_c / (243.12 + temp_c)); }

double rounded(double value, double steps_per_unit) { return std::round(value * steps_per_unit) / steps_per_unit; }

}  // namespace

SeededNoise::SeededNoise(uint64_t seed) {
  // One splitmix64 step, so that neighbouring seeds are worlds apart, and 0 is a seed like any other.
  uint64_t z = seed + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  state_ = (z ^ (z >> 31)) | 1;
}

double SeededNoise::uniform() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return static_cast<double>((state_ * 0x2545f4914f6cdd1du) >> 11) / 9007199254740992.0;
}

double SeededNoise::normal() {
  // Box–Muller; the second of the pair is not kept, so that the state is one number.
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(kTau * uniform());
}

double Wander::advance(double elapsed_s, SeededNoise& noise) {
  if (!begun_) {
    begun_ = true;
    value_ = deviation_ * noise.normal();
    return value_;
  }
  const double kept = std::exp(-elapsed_s / return_s_);
  value_ = value_ * kept + deviation_ * std::sqrt(1 - kept * kept) * noise.normal();
  return value_;
}

ClimateWorld::ClimateWorld(uint64_t seed) : noise_(seed) {}

ClimateWorld::Reading ClimateWorld::measure(const Now& now, double base_c, double swing_c) {
  const double elapsed_s = begun_ ? static_cast<double>(now.mono - last_ms_) / 1000 : 0;
  begun_ = true;
  last_ms_ = now.mono;
  const double wall_s = static_cast<double>(now.clock_set() ? now.unix_ms : static_cast<int64_t>(now.mono)) / 1000;
  const double day = std::fmod(wall_s, kDayS) / kDayS;

  const double sun = std::cos(kTau * (day - kWarmestHour / 24));
  const double air_c = base_c + swing_c * sun + warmth_.advance(elapsed_s, noise_);
  const double vapour_hpa =
      std::max(0.5, saturation_hpa(base_c) * kRelativeHumidityAtBase / 100 + moisture_.advance(elapsed_s, noise_));
  const double humidity_pct = 100 * vapour_hpa / saturation_hpa(air_c);
  const double tide_hpa = 0.6 * std::cos(2 * kTau * (day - 10.0 / 24));
  const double pressure_hpa = 1014 + tide_hpa + weather_.advance(elapsed_s, noise_);

  // Noise and resolution of a common digital sensor.
  return {rounded(air_c + 0.02 * noise_.normal(), 100),
          rounded(std::clamp(humidity_pct + 0.08 * noise_.normal(), 1.0, 100.0), 100),
          rounded(pressure_hpa + 0.03 * noise_.normal(), 100)};
}

}  // namespace fb
