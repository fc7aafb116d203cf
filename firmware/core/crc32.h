#pragma once

#include <cstdint>
#include <string_view>

namespace fb {

/// CRC-32 as in IEEE 802.3, zlib and PNG. `seed` is an earlier result, to go on from.
uint32_t crc32(std::string_view bytes, uint32_t seed = 0);

}  // namespace fb
