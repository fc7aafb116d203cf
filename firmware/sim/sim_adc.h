#pragma once

#include "core/time.h"
#include "hal/adc.h"
#include "sim/noise.h"
#include "sim/world.h"

namespace fb {

/// An analogue input of 12 bits over 0…3100 mV, as an ESP32's at its widest range, with something at its pin that
/// follows a World. Each conversion errs by some mV, so that a mean of several is finer than a step.
class SimAdc final : public AdcIn {
 public:
  enum class Source : uint8_t {
    kThermometer,  ///< a TMP36 of Analog Devices: 500 mV and 10 mV a °C; adc-input: scale 100, offset −50
    kPyranometer,  ///< 2 mV a W/m²; adc-input: scale 500
  };
  static constexpr double kFullMv = 3100;
  static constexpr double kSteps = 4095;

  /// @param clock the time, kept up by the owner
  SimAdc(const World& world, const Now& clock, Source source);

  Expected<double> millivolts() override;

 private:
  const World& world_;
  const Now& clock_;
  Source source_;
  SeededNoise noise_;
};

}  // namespace fb
