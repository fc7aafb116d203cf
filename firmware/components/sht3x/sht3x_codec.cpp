#include "components/sht3x/sht3x_codec.h"

namespace fb {

uint8_t sht3x_crc(uint8_t high, uint8_t low) {
  uint8_t crc = 0xff;
  for (const uint8_t byte : {high, low}) {
    crc = static_cast<uint8_t>(crc ^ byte);
    for (int bit = 0; bit < 8; bit++)
      crc = static_cast<uint8_t>((crc & 0x80) != 0 ? (crc << 1) ^ 0x31 : crc << 1);
  }
  return crc;
}

Expected<Sht3xReading> sht3x_decode(const uint8_t (&bytes)[6]) {
  if (sht3x_crc(bytes[0], bytes[1]) != bytes[2] || sht3x_crc(bytes[3], bytes[4]) != bytes[5]) return Status::kCorrupt;
  const double temperature = bytes[0] * 256 + bytes[1];
  const double humidity = bytes[3] * 256 + bytes[4];
  return Sht3xReading{-45 + 175 * temperature / 65535, 100 * humidity / 65535};
}

}  // namespace fb
