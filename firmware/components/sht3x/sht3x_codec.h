#pragma once

#include <cstdint>

#include "core/status.h"

namespace fb {

/// What one measurement told.
struct Sht3xReading {
  double temperature_c = 0;
  double humidity_pct = 0;
};

/// CRC-8, polynomial 0x31, start 0xFF, over one 16-bit word (Sensirion SHT3x-DIS datasheet, §4.12, table 20).
uint8_t sht3x_crc(uint8_t high, uint8_t low);

/// The six bytes of a measurement: temperature and its CRC, humidity and its CRC (§4.13).
/// kCorrupt: a CRC differs.
Expected<Sht3xReading> sht3x_decode(const uint8_t (&bytes)[6]);

}  // namespace fb
