#include "components/sim_climate/climate_world.h"

#include <algorithm>
#include <cmath>

#include "sim/near_math.h"

namespace fb {
namespace {

constexpr double kDayS = 86'400;
constexpr double kWarmestHour = 15;
constexpr double kRelativeHumidityAtBase = 52;  // %

/// Water vapour that saturated air holds, hPa (Magnus, WMO-No. 8, annex 4.B).
double saturation_hpa(double temp_c) { return 6.112 * near_exp(17.62 * temp_c / (243.12 + temp_c)); }

double rounded(double value, double steps_per_unit) { return std::round(value * steps_per_unit) / steps_per_unit; }

}  // namespace

ClimateWorld::ClimateWorld(uint64_t seed) : noise_(seed) {}

ClimateWorld::Reading ClimateWorld::measure(const Now& now, double base_c, double swing_c) {
  const double elapsed_s = begun_ ? static_cast<double>(now.mono - last_ms_) / 1000 : 0;
  begun_ = true;
  last_ms_ = now.mono;
  const double wall_s = static_cast<double>(now.clock_set() ? now.unix_ms : static_cast<int64_t>(now.mono)) / 1000;
  const double day = std::fmod(wall_s, kDayS) / kDayS;

  const double sun = near_cos_of_turns(day - kWarmestHour / 24);
  const double air_c = base_c + swing_c * sun + warmth_.advance(elapsed_s, noise_);
  const double vapour_hpa =
      std::max(0.5, saturation_hpa(base_c) * kRelativeHumidityAtBase / 100 + moisture_.advance(elapsed_s, noise_));
  const double humidity_pct = 100 * vapour_hpa / saturation_hpa(air_c);
  const double tide_hpa = 0.6 * near_cos_of_turns(2 * (day - 10.0 / 24));
  const double pressure_hpa = 1014 + tide_hpa + weather_.advance(elapsed_s, noise_);

  // Noise and resolution of a common digital sensor.
  return {rounded(air_c + 0.02 * noise_.normal(), 100),
          rounded(std::clamp(humidity_pct + 0.08 * noise_.normal(), 1.0, 100.0), 100),
          rounded(pressure_hpa + 0.03 * noise_.normal(), 100)};
}

}  // namespace fb
