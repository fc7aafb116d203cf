#include "components/sht3x/sht3x.h"

namespace fb {
namespace {

/// Single shot, high repeatability, no clock stretching (datasheet table 9).
constexpr uint8_t kMeasure[] = {0x24, 0x00};
/// The longest that such a measurement takes (table 4), on a chip at its lowest voltage.
constexpr Millis kConversionMs = 16;

}  // namespace

Fields Sht3x::fields() const {
  static constexpr Field kFields[] = {
      number_field("period_ms", "Interval (ms)", offsetof(Sht3xConfig, period_ms), 200, 3'600'000),
      integer_field("address", "I²C address", offsetof(Sht3xConfig, address), 0x44, 0x45)};
  return {kFields, 2};
}

void Sht3x::configured(const Now& now) {
  due_ = now.mono;
  converting_ = false;
}

Expected<Millis> Sht3x::execute(const Now& now) {
  if (now.mono < due_) return due_;
  const auto address = static_cast<uint8_t>(config_.address);
  if (!converting_) {
    const Status begun = bus_.write(address, kMeasure, sizeof kMeasure);
    if (begun != Status::kOk) return begun;
    converting_ = true;
    due_ = now.mono + kConversionMs;
    return due_;
  }
  converting_ = false;  // whatever comes of it, the next turn begins anew
  uint8_t bytes[6];
  const Status fetched = bus_.read(address, bytes, sizeof bytes);
  if (fetched != Status::kOk) return fetched;
  const Expected<Sht3xReading> reading = sht3x_decode(bytes);
  if (!reading.ok()) return reading.status();
  last_ = reading.value();
  measured_ = true;
  const Metric metrics[] = {{"temperature", at_resolution(last_.temperature_c, 100)},
                            {"humidity", at_resolution(last_.humidity_pct, 100)}};
  samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
  due_ = now.mono - kConversionMs + static_cast<Millis>(config_.period_ms);
  return due_;
}

void Sht3x::write_state(JsonWriter& out) const {
  out.begin_object();
  if (measured_) {
    out.key("temperature").number(last_.temperature_c);
    out.key("humidity").number(last_.humidity_pct);
  }
  out.end_object();
}

}  // namespace fb
