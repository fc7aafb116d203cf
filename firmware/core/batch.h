#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/batch_codec.h"
#include "core/component.h"
#include "core/status.h"

namespace fb {

/// Several consecutive samples of one log as one payload, docs/protocol.md §3.5.
inline constexpr size_t kBatchMaxSamples = 256;
inline constexpr size_t kBatchMaxNameSize = 64;
/// Times are below it: the year 10889.
inline constexpr uint64_t kBatchTimeLimit = uint64_t{1} << 48;
static_assert(kMaxMetrics == 16, "a sample's metrics are bits of 16");

/// How far the times of a batch can be believed, docs/protocol.md §2.
enum class BatchClock : uint8_t { kSync, kCorrected, kNone };

/// Samples in the caller's memory.
struct BatchSamples {
  uint32_t epoch = 0;
  uint32_t first_seq = 0;
  BatchClock clock = BatchClock::kNone;
  bool simulated = false;
  size_t samples = 0;
  size_t metrics = 0;
  const std::string_view* names = nullptr;
  const uint64_t* times_ms = nullptr;  ///< since the Unix epoch, or since the boot where the clock is kNone
  const double* values = nullptr;      ///< of sample s and metric m at values[s * kMaxMetrics + m]
  const uint16_t* present = nullptr;   ///< of each sample, bit m: metric m was measured
};

/// The longest payload of so many samples, whatever is in them.
constexpr size_t batch_size_at_most(size_t samples, size_t metrics, size_t name_bytes) {
  return 12 + metrics + name_bytes + 9 + 8 * samples + metrics * (1 + (samples + 7) / 8 + 8 * samples);
}

/// Writes the payload to `out` and says how long it is. Allocates nothing; the time is some tens of operations on doubles per value
/// and codec that is tried.
/// kInvalid: not within the format's bounds; kNoSpace: longer than `capacity`.
Expected<size_t> encode_batch(const BatchSamples& batch, BatchCodec codec, uint8_t* out, size_t capacity);

/// Arrays of a batch of at most `samples`, kept by their owner.
struct BatchStorage {
  uint64_t* times_ms;
  uint16_t* present;
  double* values;  ///< samples × kMaxMetrics
  size_t samples;
};

template <size_t Samples>
struct BatchRoom {
  uint64_t times_ms[Samples];
  uint16_t present[Samples];
  double values[Samples * kMaxMetrics];
  BatchStorage storage() { return {times_ms, present, values, Samples}; }
};

/// Where a batch's samples come from.
struct BatchOrigin {
  uint32_t epoch = 0;
  BatchClock clock = BatchClock::kNone;
  bool simulated = false;
};

/// Gathers samples of any shapes, a metric that one does not have being a gap in it.
class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchStorage& storage) : storage_(storage) {}

  /// Takes one sample over, names included. After a restart of the device, clear() first: the times begin anew.
  /// kNoSpace: it belongs to another batch (another origin, not the next `seq`, or too much for one): send this one, clear() and
  /// add it again. kInvalid: no batch can hold it.
  Status add(const BatchOrigin& origin, uint32_t seq, uint64_t time_ms, const Metric* metrics, size_t count);
  void clear();
  size_t samples() const { return samples_; }
  /// What was gathered; until the next add() or clear().
  BatchSamples view() const;

 private:
  Expected<size_t> column_of(std::string_view name);

  BatchStorage storage_;
  BatchOrigin origin_;
  uint32_t first_seq_ = 0;
  size_t samples_ = 0;
  size_t metrics_ = 0;
  size_t name_bytes_ = 0;
  std::string_view names_[kMaxMetrics];
  char name_text_[256];  ///< what names_ point into
};

/// Reads a payload. Total: any bytes give samples or an error. Names are views into `payload`.
/// kRefused: a version that is not known; kNoSpace: more samples than `storage` has; kCorrupt: not a payload.
/// @param names kMaxMetrics of them
Status decode_batch(std::string_view payload, const BatchStorage& storage, std::string_view* names, BatchSamples& batch);

}  // namespace fb
