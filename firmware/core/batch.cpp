#include "core/batch.h"

#include <cstring>

#include "core/bit_packing.h"
#include "core/utf8.h"

namespace fb {
namespace {

constexpr uint8_t kBatchVersion = 1;
constexpr uint8_t kBatchSimulated = 4;
constexpr uint8_t kBatchFlags = 7;
constexpr uint8_t kBatchTimesAlone = 255;  ///< each difference by itself, not packed
constexpr unsigned kBatchMaxWidth = 52;

bool batch_name_fits(std::string_view name) {
  if (name.empty() || name.size() > kBatchMaxNameSize) return false;
  for (size_t at = 0; at < name.size();) {
    const size_t length = utf8_length_at(name, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool batch_names_fit(const std::string_view* names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!batch_name_fits(names[i])) return false;
    for (size_t before = 0; before < i; before++)
      if (names[before] == names[i]) return false;
  }
  return true;
}

bool batch_fits(const BatchSamples& batch) {
  if (batch.epoch == 0 || batch.samples == 0 || batch.samples > kBatchMaxSamples) return false;
  if (batch.metrics == 0 || batch.metrics > kMaxMetrics || batch.samples - 1 > UINT32_MAX - batch.first_seq) return false;
  for (size_t i = 0; i < batch.samples; i++)
    if (batch.times_ms[i] >= kBatchTimeLimit) return false;
  return batch_names_fit(batch.names, batch.metrics);
}

/// The change of the difference between times, at the third sample and later.
int64_t second_difference(const uint64_t* times, size_t at) {
  return static_cast<int64_t>(times[at] + times[at - 2]) - static_cast<int64_t>(2 * times[at - 1]);
}

void write_batch_times(const uint64_t* times, size_t count, ByteSink& out) {
  out.varint(times[0]);
  if (count > 1) out.zigzag(static_cast<int64_t>(times[1] - times[0]));
  if (count < 3) return;
  int64_t least = second_difference(times, 2);
  int64_t most = least;
  ByteSink alone;
  for (size_t i = 2; i < count; i++) {
    const int64_t difference = second_difference(times, i);
    if (difference < least) least = difference;
    if (difference > most) most = difference;
    alone.zigzag(difference);
  }
  const unsigned width = bit_width_of(static_cast<uint64_t>(most - least));
  ByteSink packed;
  packed.zigzag(least);
  if (alone.size() <= packed.size() + ((count - 2) * width + 7) / 8) {
    out.byte(kBatchTimesAlone);
    for (size_t i = 2; i < count; i++) out.zigzag(second_difference(times, i));
    return;
  }
  out.byte(static_cast<uint8_t>(width));
  out.zigzag(least);
  BitSink bits(out);
  for (size_t i = 2; i < count; i++) bits.put(static_cast<uint64_t>(second_difference(times, i) - least), width);
  bits.finish();
}

void read_batch_times(ByteSource& in, uint64_t* times, size_t count) {
  uint64_t time = in.varint();
  int64_t step = 0;
  const auto put = [&](size_t at) {
    if (time >= kBatchTimeLimit) in.spoil();
    times[at] = time;
  };
  // Both stay below 2⁵⁴ in size: a time that is out of bounds ends the reading.
  const auto advance = [&](size_t at) {
    time += static_cast<uint64_t>(step);
    put(at);
  };
  put(0);
  if (count > 1) {
    step = in.zigzag();
    advance(1);
  }
  if (count < 3) return;
  const uint8_t width = in.byte();
  const bool alone = width == kBatchTimesAlone;
  if (!alone && width > kBatchMaxWidth) in.spoil();
  const int64_t least = alone || !in.ok() ? 0 : in.zigzag();
  BitSource bits(in);
  for (size_t i = 2; in.ok() && i < count; i++) {
    step += alone ? in.zigzag() : least + static_cast<int64_t>(bits.get(width));
    advance(i);
  }
  bits.finish();
}

}  // namespace

Expected<size_t> encode_batch(const BatchSamples& batch, BatchCodec codec, uint8_t* out, size_t capacity) {
  if (!batch_fits(batch)) return Status::kInvalid;
  ByteSink sink(out, capacity);
  sink.byte(kBatchVersion);
  sink.byte(static_cast<uint8_t>(static_cast<uint8_t>(batch.clock) | (batch.simulated ? kBatchSimulated : 0)));
  sink.u32(batch.epoch);
  sink.u32(batch.first_seq);
  sink.byte(static_cast<uint8_t>(batch.samples - 1));
  sink.byte(static_cast<uint8_t>(batch.metrics));
  for (size_t i = 0; i < batch.metrics; i++) {
    sink.byte(static_cast<uint8_t>(batch.names[i].size()));
    sink.bytes(batch.names[i]);
  }
  write_batch_times(batch.times_ms, batch.samples, sink);
  for (size_t i = 0; i < batch.metrics; i++) {
    const BatchColumn column = {batch.values + i, kMaxMetrics, batch.samples, batch.present, static_cast<uint16_t>(1u << i)};
    write_batch_column(column, codec, sink);
  }
  if (!sink.fits()) return Status::kNoSpace;
  return sink.size();
}

Status BatchBuilder::add(const BatchOrigin& origin, uint32_t seq, uint64_t time_ms, const Metric* metrics, size_t count) {
  if (origin.epoch == 0 || time_ms >= kBatchTimeLimit || count == 0 || count > kMaxMetrics) return Status::kInvalid;
  size_t name_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    if (!batch_name_fits(metrics[i].name)) return Status::kInvalid;
    name_bytes += metrics[i].name.size();
    for (size_t before = 0; before < i; before++)
      if (metrics[before].name == metrics[i].name) return Status::kInvalid;
  }
  if (name_bytes > sizeof name_text_) return Status::kInvalid;
  if (samples_ == 0) {
    origin_ = origin;
    first_seq_ = seq;
  }
  const bool follows = origin.epoch == origin_.epoch && origin.clock == origin_.clock &&
                       origin.simulated == origin_.simulated && seq >= first_seq_ && seq - first_seq_ == samples_;
  if (!follows || samples_ == storage_.samples || samples_ == kBatchMaxSamples) return Status::kNoSpace;
  const size_t metrics_before = metrics_;
  const size_t name_bytes_before = name_bytes_;
  uint16_t present = 0;
  for (size_t i = 0; i < count; i++) {
    const Expected<size_t> column = column_of(metrics[i].name);
    if (!column.ok()) {
      metrics_ = metrics_before;
      name_bytes_ = name_bytes_before;
      return column.status();
    }
    storage_.values[samples_ * kMaxMetrics + column.value()] = metrics[i].value;
    present = static_cast<uint16_t>(present | 1u << column.value());
  }
  storage_.present[samples_] = present;
  storage_.times_ms[samples_] = time_ms;
  samples_++;
  return Status::kOk;
}

Expected<size_t> BatchBuilder::column_of(std::string_view name) {
  for (size_t i = 0; i < metrics_; i++)
    if (names_[i] == name) return i;
  if (metrics_ == kMaxMetrics || name.size() > sizeof name_text_ - name_bytes_) return Status::kNoSpace;
  char* const text = name_text_ + name_bytes_;
  std::memcpy(text, name.data(), name.size());
  name_bytes_ += name.size();
  names_[metrics_] = {text, name.size()};
  return metrics_++;
}

void BatchBuilder::clear() { samples_ = metrics_ = name_bytes_ = 0; }

BatchSamples BatchBuilder::view() const {
  return {origin_.epoch, first_seq_, origin_.clock, origin_.simulated, samples_, metrics_, names_,
          storage_.times_ms, storage_.values, storage_.present};
}

Status decode_batch(std::string_view payload, const BatchStorage& storage, std::string_view* names, BatchSamples& batch) {
  ByteSource in(payload);
  const uint8_t version = in.byte();
  if (in.ok() && version != kBatchVersion) return Status::kRefused;
  const uint8_t flags = in.byte();
  const uint32_t epoch = in.u32();
  const uint32_t first_seq = in.u32();
  const size_t samples = size_t{in.byte()} + 1;
  const size_t metrics = in.byte();
  const auto clock = static_cast<BatchClock>(flags & 3);
  if (!in.ok() || (flags & ~kBatchFlags) != 0 || clock > BatchClock::kNone) return Status::kCorrupt;
  if (epoch == 0 || samples - 1 > UINT32_MAX - first_seq || metrics == 0 || metrics > kMaxMetrics) return Status::kCorrupt;
  if (samples > storage.samples) return Status::kNoSpace;
  for (size_t i = 0; i < metrics; i++) names[i] = in.bytes(in.byte());
  if (!in.ok() || !batch_names_fit(names, metrics)) return Status::kCorrupt;
  read_batch_times(in, storage.times_ms, samples);
  for (size_t i = 0; i < samples; i++) storage.present[i] = 0;
  for (size_t i = 0; in.ok() && i < metrics; i++)
    read_batch_column(in, samples, storage.values + i, kMaxMetrics, storage.present, static_cast<uint16_t>(1u << i));
  if (!in.ok() || !in.at_end()) return Status::kCorrupt;
  batch = {epoch, first_seq, clock, (flags & kBatchSimulated) != 0, samples, metrics, names,
           storage.times_ms, storage.values, storage.present};
  return Status::kOk;
}

}  // namespace fb
