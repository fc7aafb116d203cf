#include "sim/sim_adc.h"

#include <algorithm>
#include <cmath>

namespace fb {
namespace {

/// Of one conversion.
constexpr double kSimAdcNoiseMv = 4;

double sim_adc_millivolts(SimAdc::Source source, const Conditions& world) {
  switch (source) {
    case SimAdc::Source::kThermometer: return 500 + 10 * world.temperature_c;
    case SimAdc::Source::kPyranometer: return 2 * world.irradiance_w_m2;
  }
  return 0;
}

}  // namespace

SimAdc::SimAdc(const World& world, const Now& clock, Source source)
    : world_(world),
      clock_(clock),
      source_(source),
      noise_(world.seed_for(source == Source::kThermometer ? "adc thermometer" : "adc pyranometer")) {}

Expected<double> SimAdc::millivolts() {
  const double exact = sim_adc_millivolts(source_, world_.at(clock_));
  const double read = exact + world_.scenario().noise * kSimAdcNoiseMv * noise_.normal();
  const double step = std::clamp(std::round(read * kSteps / kFullMv), 0.0, kSteps);
  return step * kFullMv / kSteps;
}

}  // namespace fb
