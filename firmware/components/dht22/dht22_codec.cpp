#include "components/dht22/dht22_codec.h"

namespace fb {
namespace {

constexpr size_t kDht22Bits = 40;

// Between the two lengths of a high, and limits that leave room for slow edges and an interrupt's delay.
constexpr uint32_t kDht22OneFromUs = 48;
constexpr uint32_t kDht22ShortestUs = 10;
constexpr uint32_t kDht22LongestUs = 110;
constexpr uint32_t kDht22AnswerFromUs = 60;

bool dht22_within(const Pulse& pulse, bool high, uint32_t from_us) {
  return pulse.high == high && pulse.us >= from_us && pulse.us <= kDht22LongestUs;
}

}  // namespace

Status dht22_bytes(const Pulse* pulses, size_t count, uint8_t (&out)[5]) {
  // A lone level is the line itself, pulled up or shorted.
  if (count < 3) return Status::kNotFound;
  size_t at = 0;
  while (at + 1 < count &&
         !(dht22_within(pulses[at], false, kDht22AnswerFromUs) &&
           dht22_within(pulses[at + 1], true, kDht22AnswerFromUs)))
    at++;
  at += 2;
  if (at + 2 * kDht22Bits > count) return Status::kCorrupt;
  for (size_t bit = 0; bit < kDht22Bits; bit++, at += 2) {
    if (!dht22_within(pulses[at], false, kDht22ShortestUs) || !dht22_within(pulses[at + 1], true, kDht22ShortestUs))
      return Status::kCorrupt;
    const bool one = pulses[at + 1].us >= kDht22OneFromUs;
    out[bit / 8] = static_cast<uint8_t>(out[bit / 8] << 1 | (one ? 1 : 0));
  }
  return Status::kOk;
}

Expected<Dht22Reading> dht22_decode(const uint8_t (&bytes)[5]) {
  if (static_cast<uint8_t>(bytes[0] + bytes[1] + bytes[2] + bytes[3]) != bytes[4]) return Status::kCorrupt;
  const int humidity = bytes[0] << 8 | bytes[1];
  const int amount = (bytes[2] & 0x7f) << 8 | bytes[3];
  const int temperature = (bytes[2] & 0x80) != 0 ? -amount : amount;
  if (humidity > 1'000 || temperature < -400 || temperature > 1'250) return Status::kCorrupt;
  return Dht22Reading{temperature / 10.0, humidity / 10.0};
}

}  // namespace fb
