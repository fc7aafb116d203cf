// What a day of an inverter takes in batches: the simulated inverter, asked each 2 s as a device does, through the firmware's
// encoder. Writes one JSON object: the samples as rows, and for each codec and batch size the bytes a value takes in payloads and in
// whole messages.

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <vector>

#include "components/modbus_rtu/modbus_frame.h"
#include "core/batch.h"
#include "core/batch_envelope.h"
#include "ports/mbedtls/mbedtls_crypto.h"
#include "sim/sim_inverter.h"
#include "sim/world.h"

namespace {

constexpr uint64_t kSeed = 4;
/// An equinox, so that a half of it is night: 2025-09-22 UTC.
constexpr int64_t kMidnightMs = 1'758'499'200'000;
constexpr size_t kSamples = 43'200;
constexpr uint64_t kPeriodMs = 2000;
constexpr size_t kMetricCount = 6;
constexpr const char* kNames[kMetricCount] = {"voltage", "current", "power", "frequency", "temperature", "energy"};

struct Sample {
  uint64_t time_ms;
  double values[kMetricCount];
};

/// As the Modbus component scales them: by a division.
bool read_sample(fb::SimInverter& inverter, fb::Now& now, Sample& sample) {
  const auto request = fb::ModbusRequest::read(1, fb::ModbusFunction::kReadInput, 0, 8);
  inverter.advance(now);
  if (inverter.write(request.bytes()) != fb::Status::kOk) return false;
  now.mono += 100;
  now.unix_ms += 100;
  inverter.advance(now);
  uint8_t bytes[64];
  const auto answer = fb::ModbusAnswer::find(request, bytes, inverter.read(bytes, sizeof bytes));
  if (answer.kind != fb::ModbusAnswer::Kind::kWords) return false;
  const auto word = [&](size_t at) { return static_cast<uint32_t>(answer.words[2 * at] << 8 | answer.words[2 * at + 1]); };
  const auto temperature = static_cast<int16_t>(word(5));
  sample = {static_cast<uint64_t>(now.unix_ms),
            {word(0) / 10.0, word(1) / 100.0, (word(2) << 16 | word(3)) / 10.0, word(4) / 100.0, temperature / 10.0,
             (word(6) << 16 | word(7)) / 100.0}};
  return true;
}

bool read_day(std::vector<Sample>& day) {
  const fb::World world(kSeed);
  fb::SimInverter inverter(world);
  if (inverter.configure({}) != fb::Status::kOk) return false;
  // A scheduler is late by a few milliseconds, and not always by as many.
  fb::SeededNoise noise(kSeed);
  day.resize(kSamples);
  for (size_t i = 0; i < kSamples; i++) {
    const auto late = static_cast<uint64_t>(noise.uniform() * 4);
    fb::Now now = {i * kPeriodMs + late, kMidnightMs + static_cast<int64_t>(i * kPeriodMs + late)};
    if (!read_sample(inverter, now, day[i])) return false;
  }
  return true;
}

struct Bytes {
  size_t payload = 0;
  size_t message = 0;
  static double per_value(size_t bytes, size_t samples) {
    return static_cast<double>(bytes) / static_cast<double>(samples * kMetricCount);
  }
};

/// A size counts only where every value comes back.
bool comes_back(std::string_view payload, const fb::BatchSamples& sent) {
  static fb::BatchRoom<fb::kBatchMaxSamples> room;
  std::string_view names[fb::kMaxMetrics];
  fb::BatchSamples got;
  if (fb::decode_batch(payload, room.storage(), names, got) != fb::Status::kOk) return false;
  if (got.samples != sent.samples || got.metrics != sent.metrics || got.first_seq != sent.first_seq) return false;
  for (size_t i = 0; i < sent.samples; i++) {
    if (got.times_ms[i] != sent.times_ms[i] || got.present[i] != sent.present[i]) return false;
    const size_t at = i * fb::kMaxMetrics;
    if (std::memcmp(got.values + at, sent.values + at, sent.metrics * sizeof(double)) != 0) return false;
  }
  return true;
}

/// Of the samples `from` … `to` − 1.
bool measure(const std::vector<Sample>& day, size_t from, size_t to, size_t batch_size, fb::BatchCodec codec, Bytes& total) {
  static fb::BatchRoom<fb::kBatchMaxSamples> room;
  static uint8_t payload[fb::batch_size_at_most(fb::kBatchMaxSamples, kMetricCount, 64)];
  static char message[fb::batch_envelope_size_at_most(sizeof payload)];
  fb::MbedtlsCrypto crypto;
  fb::BatchBuilder builder(room.storage());
  const std::string_view key("0123456789abcdef0123456789abcdef");
  for (size_t i = from; i < to; i++) {
    fb::Metric metrics[kMetricCount];
    for (size_t m = 0; m < kMetricCount; m++) metrics[m] = {kNames[m], day[i].values[m]};
    const fb::BatchOrigin origin = {2890137841, fb::BatchClock::kSync, true};
    if (builder.add(origin, static_cast<uint32_t>(i), day[i].time_ms, metrics, kMetricCount) != fb::Status::kOk) return false;
    if (builder.samples() < batch_size && i + 1 < to) continue;
    const auto size = fb::encode_batch(builder.view(), codec, payload, sizeof payload);
    const std::string_view made(reinterpret_cast<const char*>(payload), size.value());
    if (!size.ok() || !comes_back(made, builder.view())) return false;
    char nonce[32];
    const int nonce_size = std::snprintf(nonce, sizeof nonce, "2890137841.%zu", i);
    const fb::BatchEnvelope envelope = {"fb-240ac4123456", made, codec, {nonce, static_cast<size_t>(nonce_size)}, key};
    const auto written = fb::write_batch_envelope(crypto, envelope, message, sizeof message);
    if (!written.ok()) return false;
    total.payload += size.value();
    total.message += written.value().size();
    builder.clear();
  }
  return true;
}

}  // namespace

int main() {
  std::vector<Sample> day;
  if (!read_day(day)) return 1;
  std::printf("{\"names\":[");
  for (size_t m = 0; m < kMetricCount; m++) std::printf("%s\"%s\"", m > 0 ? "," : "", kNames[m]);
  std::printf("],\n\"rows\":[");
  for (size_t i = 0; i < day.size(); i++) {
    std::printf("%s[%" PRIu64, i > 0 ? ",\n" : "", day[i].time_ms);
    for (const double value : day[i].values) std::printf(",%.15g", value);
    std::printf("]");
  }
  std::printf("],\n\"measured\":[");
  const char* comma = "";
  const auto write = [&](const char* span, size_t from, size_t to, size_t batch_size, fb::BatchCodec codec) {
    Bytes bytes;
    if (!measure(day, from, to, batch_size, codec, bytes)) return false;
    const std::string_view name = fb::batch_codec_name(codec);
    std::printf("%s\n{\"span\":\"%s\",\"batchSize\":%zu,\"codec\":\"%.*s\",\"payload\":%.6f,\"message\":%.6f}", comma, span,
                batch_size, static_cast<int>(name.size()), name.data(), Bytes::per_value(bytes.payload, to - from),
                Bytes::per_value(bytes.message, to - from));
    comma = ",";
    return true;
  };
  constexpr size_t kHour = kSamples / 24;
  for (const size_t batch_size : {size_t{7}, size_t{60}}) {
    for (int codec = 0; codec <= static_cast<int>(fb::BatchCodec::kBest); codec++)
      if (!write("day", 0, kSamples, batch_size, static_cast<fb::BatchCodec>(codec))) return 1;
    if (!write("noon", 10 * kHour, 14 * kHour, batch_size, fb::BatchCodec::kBest)) return 1;
  }
  std::printf("]}\n");
  return 0;
}
