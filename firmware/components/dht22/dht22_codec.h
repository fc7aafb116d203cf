#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"
#include "hal/pulse_capture.h"

namespace fb {

struct Dht22Reading {
  double temperature_c = 0;
  double humidity_pct = 0;
};

/// The five bytes that a sensor's pulses say: after its answer (80 µs low, 80 µs high) come 40 bits, each some 50 µs
/// low and then high for 26 µs (0) or 70 µs (1), highest bit first (Aosong AM2302 datasheet, §7 and table 6). What comes
/// before the answer is passed over. kNotFound: nobody answered; kCorrupt: these are not the pulses of 40 bits.
Status dht22_bytes(const Pulse* pulses, size_t count, uint8_t (&out)[5]);

/// Tenths of a % and of a °C, the temperature as sign and amount, and the sum of the four bytes. kCorrupt: the sum
/// differs, or it is more than any sensor measures (−40…125 °C, 0…100 %: some clones go beyond the AM2302's 80 °C).
Expected<Dht22Reading> dht22_decode(const uint8_t (&bytes)[5]);

}  // namespace fb
