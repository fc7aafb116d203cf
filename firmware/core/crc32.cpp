#include "core/crc32.h"

namespace fb {

uint32_t crc32(std::string_view bytes, uint32_t seed) {
  uint32_t crc = ~seed;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    // By bits, not by table: a few hundred bytes a command are not worth 1 KB of flash.
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1u) ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

}  // namespace fb
