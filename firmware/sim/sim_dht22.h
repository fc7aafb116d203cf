#pragma once

#include <cstddef>
#include <cstdint>

#include "core/time.h"
#include "hal/pulse_capture.h"
#include "sim/noise.h"
#include "sim/world.h"

namespace fb {

/// A line with a DHT22 at its end that measures a World. As a real one it does not answer to a wake-up that is too
/// short or comes sooner than 2 s after the last, its pulses are never quite as long as the datasheet says, and by the
/// scenario's noise one of fifty answers is damaged.
class SimDht22 final : public PulseCapture {
 public:
  /// The line's rest, the sensor's answer, 40 bits and the low that ends them.
  static constexpr size_t kPulses = 1 + 2 + 80 + 1;

  /// @param clock the time, kept up by the owner
  SimDht22(const World& world, const Now& clock);

  /// kUnavailable: a capture is under way.
  Status begin(uint32_t low_us) override;
  /// kUnavailable: none was begun, or it is not done yet.
  Expected<size_t> poll(Pulse* out, size_t capacity) override;

 private:
  void measure(uint8_t (&bytes)[5]);
  uint32_t about(double us);

  const World& world_;
  const Now& clock_;
  SeededNoise noise_;
  bool capturing_ = false;
  bool answers_ = false;
  bool ever_answered_ = false;
  Millis answered_ = 0;
  Millis ready_ = 0;
};

}  // namespace fb
