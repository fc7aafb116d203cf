// Any bytes as a batch: what is read is within the format's bounds, and written again by any codec it reads back the same, bit by
// bit. And any samples that a device could have come back the same, whatever the codec; text in base64 likewise.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/base64.h"
#include "core/batch.h"
#include "fuzz/fuzz_input.h"

namespace {

using Room = fb::BatchRoom<fb::kBatchMaxSamples>;

bool same_batch(const fb::BatchSamples& a, const fb::BatchSamples& b) {
  bool same = a.epoch == b.epoch && a.first_seq == b.first_seq && a.clock == b.clock && a.simulated == b.simulated &&
              a.samples == b.samples && a.metrics == b.metrics;
  for (size_t m = 0; same && m < a.metrics; m++) same = a.names[m] == b.names[m];
  for (size_t s = 0; same && s < a.samples; s++) {
    same = a.times_ms[s] == b.times_ms[s] && a.present[s] == b.present[s];
    for (size_t m = 0; same && m < a.metrics; m++) {
      if ((a.present[s] >> m & 1) == 0) continue;
      const size_t at = s * fb::kMaxMetrics + m;
      same = std::memcmp(&a.values[at], &b.values[at], sizeof(double)) == 0;
    }
  }
  return same;
}

void write_and_read(const fb::BatchSamples& batch, fb::BatchCodec codec) {
  static Room room;
  size_t name_bytes = 0;
  for (size_t m = 0; m < batch.metrics; m++) name_bytes += batch.names[m].size();
  std::vector<uint8_t> bytes(fb::batch_size_at_most(batch.samples, batch.metrics, name_bytes));
  const fb::Expected<size_t> size = fb::encode_batch(batch, codec, bytes.data(), bytes.size());
  fb::require(size.ok());
  // Its own block, so that a read past its end is seen.
  const std::vector<uint8_t> payload(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size.value()));
  std::string_view names[fb::kMaxMetrics];
  fb::BatchSamples read;
  fb::require(fb::decode_batch({reinterpret_cast<const char*>(payload.data()), payload.size()}, room.storage(), names,
                               read) == fb::Status::kOk);
  fb::require(same_batch(batch, read));
}

void read_any(fb::FuzzInput& in, const std::string& rest) {
  static Room room;
  const std::vector<char> payload(rest.begin(), rest.end());
  const fb::BatchStorage whole = room.storage();
  const fb::BatchStorage storage = {whole.times_ms, whole.present, whole.values, 1 + size_t{in.byte()}};
  std::string_view names[fb::kMaxMetrics];
  fb::BatchSamples batch;
  if (fb::decode_batch({payload.data(), payload.size()}, storage, names, batch) != fb::Status::kOk) return;
  fb::require(batch.samples > 0 && batch.samples <= storage.samples && batch.metrics > 0);
  for (int codec = 0; codec <= static_cast<int>(fb::BatchCodec::kBest); codec++)
    write_and_read(batch, static_cast<fb::BatchCodec>(codec));
}

/// A value as they are measured: one that repeats, one in steps, or any bits at all.
double value_of(fb::FuzzInput& in, double before) {
  const uint8_t how = in.byte();
  switch (how % 8) {
    case 0: return before;
    case 1: return before + (how >> 3) * 0.1;
    case 2: return static_cast<int16_t>(in.word()) / 100.0;
    case 3: return static_cast<int16_t>(in.word());
    case 4: return static_cast<int16_t>(in.word()) / 7.0;
    case 5: return -before;
    default: break;
  }
  const uint64_t bits = in.eight();
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Gathers samples as a device does. What the builder takes can be written; a batch that is full is one.
void gather(fb::FuzzInput& in) {
  static Room room;
  static const char* const kNames[] = {"t", "h", "", "temperature", "\xff", "\xc3\xa9", "v", "w"};
  fb::BatchBuilder builder(room.storage());
  const uint8_t how = in.byte();
  fb::BatchOrigin origin{1u + in.byte() % 2, static_cast<fb::BatchClock>(how % 3), (how & 4) != 0};
  auto seq = static_cast<uint32_t>(in.eight());
  uint64_t time = in.word();
  double before = 0;
  while (!in.empty()) {
    const uint8_t act = in.byte();
    if (act < 4) builder.clear();
    if (act == 5) seq += in.byte();
    time += (act & 16) != 0 ? 1000 : (act & 32) != 0 ? in.word() : in.eight() >> 15;
    std::string name;
    std::vector<fb::Metric> metrics;
    const size_t count = (act & 64) != 0 ? 2 : in.byte() % 20;
    const uint8_t first = in.byte();
    std::string texts[20];
    for (size_t m = 0; m < count; m++) {
      texts[m] = kNames[(first + m) % 8];
      if (m >= 8) texts[m] += std::string(first % 70, static_cast<char>('a' + m % 26));
      before = value_of(in, before);
      metrics.push_back({texts[m], before});
    }
    const fb::Status added = builder.add(origin, seq, time, metrics.data(), metrics.size());
    if (added == fb::Status::kOk) seq++;
    fb::require(added == fb::Status::kOk || added == fb::Status::kNoSpace || added == fb::Status::kInvalid);
  }
  if (builder.samples() > 0) write_and_read(builder.view(), static_cast<fb::BatchCodec>(how / 8 % 6));
}

void encode_and_decode(fb::FuzzInput& in, const std::string& rest) {
  std::vector<char> text(fb::base64_size(rest.size()));
  fb::require(fb::base64_encode(rest, text.data()) == text.size());
  std::vector<uint8_t> back(rest.size());
  const fb::Expected<size_t> size = fb::base64_decode({text.data(), text.size()}, back.data(), back.size());
  fb::require(size.ok() && size.value() == rest.size() && std::equal(back.begin(), back.end(), rest.begin(),
              [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }));
  // And any text: where it is base64, it is the one text of its bytes. In place, as the envelope's reader does it.
  std::vector<char> place(rest.begin(), rest.end());
  auto* const bytes = reinterpret_cast<uint8_t*>(place.data());
  const size_t room = in.byte() % 2 == 0 ? place.size() : in.byte();
  const fb::Expected<size_t> read =
      fb::base64_decode({place.data(), place.size()}, bytes, std::min(room, place.size()));
  if (!read.ok()) return;
  text.resize(fb::base64_size(read.value()));
  fb::base64_encode({place.data(), read.value()}, text.data());
  fb::require(std::string(text.begin(), text.end()) == rest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  fb::FuzzInput head(data, 3);
  const uint8_t what = head.byte();
  const std::string rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  if (what % 4 == 0) encode_and_decode(head, rest);
  if (what % 4 == 1 || what % 4 == 2) read_any(head, rest);
  fb::FuzzInput in(data + 1, size - 1);
  if (what % 4 == 3) gather(in);
  return 0;
}
