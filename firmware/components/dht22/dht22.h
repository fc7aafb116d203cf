#pragma once

#include "components/dht22/dht22_codec.h"
#include "core/factory.h"
#include "core/fields.h"
#include "hal/pulse_capture.h"

namespace fb {

struct Dht22Config {
  double period_ms = 3000;
};

/// An Aosong DHT22, also sold as AM2302: temperature and humidity over one wire. The sensor is woken in one turn and
/// its pulses are taken in another; never sooner than 2 s after the last time, failed or not. Single damaged answers
/// are usual on a long wire: they are dropped and counted, and only several in a row are a failure.
///
/// execute() fails with kNotFound where nobody answers, kCorrupt after kMostDamaged damaged answers, kUnavailable where
/// the capture does not come to an end.
class Dht22 final : public Sensor<Dht22Config> {
 public:
  static constexpr std::string_view kType = "dht22";
  static constexpr Millis kShortestMs = 2000;  ///< the sensor's own sampling period, by its datasheet
  static constexpr int kMostDamaged = 3;

  Dht22(PulseCapture& line, SampleSink& samples) : line_(line), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.temperature measure.humidity"; }
  Expected<Millis> execute(const Now& now) override;
  Millis retry_after_ms() const override { return kShortestMs; }
  void write_state(JsonWriter& out) const override;

 private:
  Fields fields() const override;
  void configured(const Now& now) override;
  Expected<Millis> wake(const Now& now);
  Expected<Millis> listen(const Now& now);
  Expected<Dht22Reading> take_answer();

  PulseCapture& line_;
  SampleSink& samples_;
  Millis due_ = 0;
  Millis turn_ = 0;   ///< when the reading under way, or the next, was meant to begin
  Millis woken_ = 0;  ///< when the sensor was last woken
  bool ever_woken_ = false;
  bool listening_ = false;
  int damaged_in_a_row_ = 0;
  uint32_t damaged_ = 0;
  Dht22Reading last_;
  bool measured_ = false;
};

using Dht22Factory = FactoryOf<Dht22, PulseCapture, SampleSink>;

}  // namespace fb
