#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/bit_packing.h"
#include "core/status.h"

namespace fb {

/// How a column's values are written, docs/protocol.md §3.5; the numbers are those of the format, but of kBest.
enum class BatchCodec : uint8_t { kRaw, kDictionary, kDelta, kRle, kBitpack, kBest };

/// As in `compression_type`: "rle".
std::string_view batch_codec_name(BatchCodec codec);

/// All values of one metric in a batch. Its rows lie `stride` doubles apart; `present` may be null, and then none is missing.
struct BatchColumn {
  const double* values = nullptr;
  size_t stride = 1;
  size_t samples = 0;
  const uint16_t* present = nullptr;
  uint16_t bit = 1;  ///< this metric's in `present`

  bool has(size_t sample) const { return present == nullptr || (present[sample] & bit) != 0; }
};

/// Writes a column: by `codec` where it can hold the values in less than `raw` takes, else raw; kBest takes the shortest.
/// Every double comes back bit by bit.
void write_batch_column(const BatchColumn& column, BatchCodec codec, ByteSink& out);

/// Reads one. Where `in` is no longer ok() afterwards, it was not one.
/// @param values row `i` is put at values[i * stride]; rows without a value are not touched
/// @param present of each row, `bit` is set where there is a value
void read_batch_column(ByteSource& in, size_t samples, double* values, size_t stride, uint16_t* present, uint16_t bit);

}  // namespace fb
