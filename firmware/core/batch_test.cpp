#include "core/batch.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "core/batch_envelope.h"
#include "ports/host/test.h"
#include "ports/mbedtls/mbedtls_crypto.h"

using Json = nlohmann::json;

namespace {

std::string bytes_of(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out.push_back("0123456789abcdef"[static_cast<uint8_t>(c) >> 4]);
    out.push_back("0123456789abcdef"[c & 15]);
  }
  return out;
}

std::vector<Json> vectors(const std::string& op) {
  std::ifstream in(FB_VECTORS "/batch.json");
  std::vector<Json> out;
  for (const Json& c : Json::parse(in))
    if (c["op"] == op) out.push_back(c);
  EXPECT_IN(op, !out.empty());
  return out;
}

fb::BatchCodec codec_of(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(fb::BatchCodec::kBest); i++)
    if (fb::batch_codec_name(static_cast<fb::BatchCodec>(i)) == name) return static_cast<fb::BatchCodec>(i);
  EXPECT_IN(name, false);
  return fb::BatchCodec::kRaw;
}

/// A batch with memory of its own.
struct Batch {
  fb::BatchRoom<fb::kBatchMaxSamples> room;
  std::string text[fb::kMaxMetrics];
  std::string_view names[fb::kMaxMetrics];
  fb::BatchSamples samples;

  Batch(size_t count, size_t metrics) {
    samples.epoch = 7;
    samples.samples = count;
    samples.metrics = metrics;
    samples.names = names;
    samples.times_ms = room.times_ms;
    samples.values = room.values;
    samples.present = room.present;
    std::memset(&room, 0, sizeof room);
    for (size_t m = 0; m < metrics; m++) name(m, "m" + std::to_string(m));
    for (size_t s = 0; s < count; s++) room.present[s] = static_cast<uint16_t>((1u << metrics) - 1);
  }
  Batch(const Batch&) = delete;
  void name(size_t metric, const std::string& of) {
    text[metric] = of;
    names[metric] = text[metric];
  }
  double& value(size_t sample, size_t metric) { return room.values[sample * fb::kMaxMetrics + metric]; }
};

double number_of(const Json& value) {
  if (!value.is_string()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "-0") return -0.0;
  const double infinity = std::numeric_limits<double>::infinity();
  return value == "-Infinity" ? -infinity : infinity;
}

std::unique_ptr<Batch> batch_of(const Json& c) {
  auto made = std::make_unique<Batch>(c["times_ms"].size(), c["names"].size());
  Batch& batch = *made;
  batch.samples.epoch = c["epoch"];
  batch.samples.first_seq = c["seq"];
  batch.samples.clock = c["clock"] == "sync"        ? fb::BatchClock::kSync
                        : c["clock"] == "corrected" ? fb::BatchClock::kCorrected
                                                    : fb::BatchClock::kNone;
  batch.samples.simulated = c["sim"];
  for (size_t m = 0; m < batch.samples.metrics; m++) batch.name(m, c["names"][m]);
  for (size_t s = 0; s < batch.samples.samples; s++) {
    batch.room.times_ms[s] = c["times_ms"][s];
    batch.room.present[s] = 0;
    for (size_t m = 0; m < batch.samples.metrics; m++) {
      const Json& value = c["rows"][s][m];
      if (value.is_null()) continue;
      batch.room.present[s] = static_cast<uint16_t>(batch.room.present[s] | 1u << m);
      batch.value(s, m) = number_of(value);
    }
  }
  return made;
}

std::string encoded(const fb::BatchSamples& samples, fb::BatchCodec codec) {
  std::string out(40'000, 0);
  const fb::Expected<size_t> size = fb::encode_batch(samples, codec, reinterpret_cast<uint8_t*>(out.data()), out.size());
  EXPECT(size.ok());
  out.resize(size.value());
  return out;
}

/// Bit by bit, as far as values are there.
bool same(const fb::BatchSamples& a, const fb::BatchSamples& b) {
  if (a.epoch != b.epoch || a.first_seq != b.first_seq || a.clock != b.clock || a.simulated != b.simulated) return false;
  if (a.samples != b.samples || a.metrics != b.metrics) return false;
  for (size_t m = 0; m < a.metrics; m++)
    if (a.names[m] != b.names[m]) return false;
  for (size_t s = 0; s < a.samples; s++) {
    if (a.times_ms[s] != b.times_ms[s] || a.present[s] != b.present[s]) return false;
    for (size_t m = 0; m < a.metrics; m++) {
      const size_t at = s * fb::kMaxMetrics + m;
      if ((a.present[s] >> m & 1) != 0 && std::memcmp(a.values + at, b.values + at, sizeof(double)) != 0) return false;
    }
  }
  return true;
}

/// Decodes into memory of its own, found damaged where anything is written past it.
struct Decoded {
  explicit Decoded(std::string_view payload) : copy(new char[payload.size()]) {
    payload.copy(copy.get(), payload.size());
    status = fb::decode_batch({copy.get(), payload.size()}, room.storage(), names, samples);
  }
  std::unique_ptr<char[]> copy;  // of just that size, so that the sanitizer sees what is read past it
  fb::BatchRoom<fb::kBatchMaxSamples> room;
  std::string_view names[fb::kMaxMetrics];
  fb::BatchSamples samples;
  fb::Status status;
};

bool round_trips(const fb::BatchSamples& samples, fb::BatchCodec codec) {
  const std::string payload = encoded(samples, codec);
  const Decoded back(payload);
  return back.status == fb::Status::kOk && same(samples, back.samples);
}

constexpr fb::BatchCodec kAll[] = {fb::BatchCodec::kRaw, fb::BatchCodec::kDictionary, fb::BatchCodec::kDelta,
                                   fb::BatchCodec::kRle, fb::BatchCodec::kBitpack,    fb::BatchCodec::kBest};

double some_value(std::mt19937_64& random, int kind) {
  switch (kind) {
    case 0: return static_cast<double>(random() % 7);
    case 1: return std::round(std::sin(static_cast<double>(random() % 100)) * 1000) / 10;
    case 2: return static_cast<double>(static_cast<int64_t>(random())) / 1e6;
    case 3: return static_cast<double>(random() % 1'000'000'000) / 1e9;
    default: {
      const uint64_t bits = random();
      double value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
  }
}

std::unique_ptr<Batch> some_batch(std::mt19937_64& random) {
  auto made = std::make_unique<Batch>(1 + random() % (random() % 4 == 0 ? 256 : 12), 1 + random() % 16);
  Batch& batch = *made;
  batch.samples.first_seq = static_cast<uint32_t>(random() % 1000);
  batch.samples.clock = static_cast<fb::BatchClock>(random() % 3);
  batch.samples.simulated = random() % 2 == 0;
  const uint64_t jitter = uint64_t{1} << random() % 48;
  for (size_t s = 0; s < batch.samples.samples; s++) {
    batch.room.times_ms[s] = (s * 2000 + random() % jitter) % fb::kBatchTimeLimit;
    batch.room.present[s] = static_cast<uint16_t>(random() % 3 == 0 ? random() : 0xffff) & ((1u << batch.samples.metrics) - 1);
  }
  for (size_t m = 0; m < batch.samples.metrics; m++) {
    const int kind = static_cast<int>(random() % 5);
    for (size_t s = 0; s < batch.samples.samples; s++)
      batch.value(s, m) = s > 0 && random() % 2 == 0 ? batch.value(s - 1, m) : some_value(random, kind);
  }
  return made;
}

}  // namespace

FB_TEST("a batch is encoded as in batch.json, and read back bit by bit") {
  for (const Json& c : vectors("batch")) {
    const auto batch = batch_of(c);
    const std::string payload = encoded(batch->samples, codec_of(c["codec"]));
    EXPECT_IN(c["name"], hex_of(payload) == c["payload"]);
    const Decoded back(bytes_of(c["payload"]));
    EXPECT_IN(c["name"], back.status == fb::Status::kOk && same(batch->samples, back.samples));
  }
}

FB_TEST("what batch.json calls no payload is refused") {
  for (const Json& c : vectors("refused")) {
    const Decoded decoded(bytes_of(c["payload"]));
    EXPECT_IN(c["name"], decoded.status == (c["expect"] == "version" ? fb::Status::kRefused : fb::Status::kCorrupt));
  }
}

FB_TEST("any doubles, gaps and times come back bit by bit, by every codec, within the bound") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; i++) {
    const auto batch = some_batch(random);
    size_t name_bytes = 0;
    for (size_t m = 0; m < batch->samples.metrics; m++) name_bytes += batch->names[m].size();
    size_t least = SIZE_MAX;
    for (const fb::BatchCodec codec : kAll) {
      EXPECT_IN(std::to_string(i) + " " + std::string(fb::batch_codec_name(codec)), round_trips(batch->samples, codec));
      const size_t size = encoded(batch->samples, codec).size();
      EXPECT(size <= fb::batch_size_at_most(batch->samples.samples, batch->samples.metrics, name_bytes));
      if (codec == fb::BatchCodec::kBest) EXPECT(size <= least);
      if (size < least) least = size;
    }
  }
}

FB_TEST("a payload cut at any byte, or followed by one more, is refused") {
  for (const Json& c : vectors("batch")) {
    const std::string payload = bytes_of(c["payload"]);
    for (size_t size = 0; size < payload.size(); size++)
      EXPECT_IN(c["name"].get<std::string>() + " cut at " + std::to_string(size),
                Decoded(payload.substr(0, size)).status == fb::Status::kCorrupt);
    EXPECT_IN(c["name"], Decoded(payload + '\0').status == fb::Status::kCorrupt);
  }
}

FB_TEST("damaged payloads and noise give samples within the bounds or an error") {
  std::mt19937_64 random(2);
  int taken = 0;
  for (int i = 0; i < 4000; i++) {
    std::string payload = encoded(some_batch(random)->samples, kAll[random() % 6]);
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; flips--) {
      const size_t at = random() % payload.size();
      payload[at] = static_cast<char>(payload[at] ^ (1 << random() % 8));
    }
    const Decoded decoded(payload);
    if (decoded.status != fb::Status::kOk) continue;
    taken++;
    // What was taken is a batch: it can be sent on.
    EXPECT(round_trips(decoded.samples, fb::BatchCodec::kBest));
  }
  EXPECT(taken > 0 && taken < 4000);
}

FB_TEST("a buffer that is one byte too small is said to be") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 50; i++) {
    const auto batch = some_batch(random);
    const size_t size = encoded(batch->samples, fb::BatchCodec::kBest).size();
    std::unique_ptr<uint8_t[]> out(new uint8_t[size]);
    EXPECT(fb::encode_batch(batch->samples, fb::BatchCodec::kBest, out.get(), size - 1).status() == fb::Status::kNoSpace);
    EXPECT(fb::encode_batch(batch->samples, fb::BatchCodec::kBest, out.get(), size).ok());
  }
}

FB_TEST("what the format has no place for is not encoded") {
  const auto refused = [](auto spoil) {
    Batch batch(2, 2);
    spoil(batch);
    uint8_t out[512];
    return fb::encode_batch(batch.samples, fb::BatchCodec::kBest, out, sizeof out).status() == fb::Status::kInvalid;
  };
  EXPECT(!refused([](Batch&) {}));
  EXPECT(refused([](Batch& b) { b.samples.epoch = 0; }));
  EXPECT(refused([](Batch& b) { b.samples.samples = 0; }));
  EXPECT(refused([](Batch& b) { b.samples.samples = 257; }));
  EXPECT(refused([](Batch& b) { b.samples.metrics = 0; }));
  EXPECT(refused([](Batch& b) { b.samples.metrics = 17; }));
  EXPECT(refused([](Batch& b) { b.samples.first_seq = UINT32_MAX; }));
  EXPECT(refused([](Batch& b) { b.room.times_ms[1] = fb::kBatchTimeLimit; }));
  EXPECT(refused([](Batch& b) { b.name(1, ""); }));
  EXPECT(refused([](Batch& b) { b.name(1, std::string(65, 'x')); }));
  EXPECT(refused([](Batch& b) { b.name(1, "\xff"); }));
  EXPECT(refused([](Batch& b) { b.name(1, "m0"); }));
}

FB_TEST("samples of several components are gathered, what one does not measure being a gap") {
  fb::BatchRoom<4> room;
  fb::BatchBuilder builder(room.storage());
  const fb::BatchOrigin origin = {9, fb::BatchClock::kSync, true};
  {
    const std::string first = "temperature", second = "volts";
    const fb::Metric climate[] = {{first, 21.5}, {"humidity", 40}};
    const fb::Metric adc[] = {{second, 3.3}};
    EXPECT(builder.add(origin, 5, 1000, climate, 2) == fb::Status::kOk);
    EXPECT(builder.add(origin, 6, 2000, adc, 1) == fb::Status::kOk);
    EXPECT(builder.add(origin, 7, 3000, climate, 1) == fb::Status::kOk);
  }  // the names are kept
  const Decoded back(encoded(builder.view(), fb::BatchCodec::kBest));
  EXPECT(back.status == fb::Status::kOk && back.samples.samples == 3 && back.samples.metrics == 3);
  EXPECT(back.samples.epoch == 9 && back.samples.first_seq == 5 && back.samples.simulated);
  EXPECT(back.names[0] == "temperature" && back.names[1] == "humidity" && back.names[2] == "volts");
  EXPECT(back.samples.present[0] == 3 && back.samples.present[1] == 4 && back.samples.present[2] == 1);
  EXPECT(back.samples.values[fb::kMaxMetrics + 2] == 3.3);
}

FB_TEST("a sample that belongs to another batch leaves the one that is gathered as it was") {
  fb::BatchRoom<3> room;
  fb::BatchBuilder builder(room.storage());
  const fb::BatchOrigin origin = {9, fb::BatchClock::kSync, false};
  const fb::Metric one[] = {{"a", 1}};
  EXPECT(builder.add(origin, 5, 1000, one, 1) == fb::Status::kOk);
  const std::string before = encoded(builder.view(), fb::BatchCodec::kBest);

  EXPECT(builder.add({8, fb::BatchClock::kSync, false}, 6, 1, one, 1) == fb::Status::kNoSpace);
  EXPECT(builder.add({9, fb::BatchClock::kNone, false}, 6, 1, one, 1) == fb::Status::kNoSpace);
  EXPECT(builder.add({9, fb::BatchClock::kSync, true}, 6, 1, one, 1) == fb::Status::kNoSpace);
  EXPECT(builder.add(origin, 5, 1, one, 1) == fb::Status::kNoSpace);
  EXPECT(builder.add(origin, 7, 1, one, 1) == fb::Status::kNoSpace);
  fb::Metric many[16];
  std::string names[16];
  for (size_t i = 0; i < 16; i++) many[i] = {names[i] = "n" + std::to_string(i), 1};
  EXPECT(builder.add(origin, 6, 1, many, 16) == fb::Status::kNoSpace);
  for (size_t i = 0; i < 5; i++) many[i] = {names[i] = std::string(51, static_cast<char>('b' + i)), 1};
  EXPECT(builder.add(origin, 6, 1, many, 5) == fb::Status::kOk);  // 256 bytes of names
  EXPECT(builder.add(origin, 7, 1, many + 6, 1) == fb::Status::kNoSpace);
  builder.clear();
  EXPECT(builder.add(origin, 5, 1000, one, 1) == fb::Status::kOk);

  EXPECT(builder.add({0, fb::BatchClock::kSync, false}, 6, 1, one, 1) == fb::Status::kInvalid);
  EXPECT(builder.add(origin, 6, fb::kBatchTimeLimit, one, 1) == fb::Status::kInvalid);
  EXPECT(builder.add(origin, 6, 1, one, 0) == fb::Status::kInvalid);
  const fb::Metric twice[] = {{"a", 1}, {"a", 2}};
  EXPECT(builder.add(origin, 6, 1, twice, 2) == fb::Status::kInvalid);
  EXPECT(encoded(builder.view(), fb::BatchCodec::kBest) == before);
  EXPECT(builder.add(origin, 6, 1000, one, 1) == fb::Status::kOk && builder.add(origin, 7, 1000, one, 1) == fb::Status::kOk);
  EXPECT(builder.add(origin, 8, 1, one, 1) == fb::Status::kNoSpace);
}

FB_TEST("the number after the last one is in no batch") {
  fb::BatchRoom<3> room;
  fb::BatchBuilder builder(room.storage());
  const fb::BatchOrigin origin = {9, fb::BatchClock::kSync, false};
  const fb::Metric one[] = {{"a", 1}};
  EXPECT(builder.add(origin, UINT32_MAX, 1000, one, 1) == fb::Status::kOk);
  EXPECT(builder.add(origin, 0, 1000, one, 1) == fb::Status::kNoSpace);
}

FB_TEST("an envelope is written as in batch.json") {
  fb::MbedtlsCrypto crypto;
  for (const Json& c : vectors("envelope")) {
    const std::string id = c["device_id"], nonce = c.value("nonce", ""), key = bytes_of(c.value("key", ""));
    const std::string payload = bytes_of(c["payload"]), wanted = c["message"];
    const fb::BatchEnvelope envelope = {id, payload, codec_of(c["codec"]), nonce, key};
    EXPECT_IN(c["name"], wanted.size() <= fb::batch_envelope_size_at_most(payload.size()));
    for (const size_t capacity : {wanted.size(), wanted.size() + 100}) {
      std::unique_ptr<char[]> out(new char[capacity]);
      const auto written = fb::write_batch_envelope(crypto, envelope, out.get(), capacity);
      EXPECT_IN(c["name"], written.ok() && written.value() == wanted);
    }
    for (size_t capacity = 0; capacity < wanted.size(); capacity++) {
      std::unique_ptr<char[]> out(new char[capacity]);
      const auto written = fb::write_batch_envelope(crypto, envelope, out.get(), capacity);
      EXPECT_IN(c["name"], written.status() == fb::Status::kNoSpace);
    }
  }
}

FB_TEST("the MAC of a batch tells nonce, id and payload apart") {
  fb::MbedtlsCrypto crypto;
  const std::string key(32, 'k');
  const auto mac = [&](const char* nonce, const char* id, const char* payload) {
    return fb::batch_mac(crypto, {id, payload, fb::BatchCodec::kBest, nonce, key}).value();
  };
  EXPECT(mac("1", "23", "4") == mac("1", "23", "4"));
  EXPECT(mac("1", "23", "4") != mac("12", "3", "4"));
  EXPECT(mac("1", "23", "4") != mac("1", "2", "34"));
  EXPECT(mac("1", "23", "4") != mac("2", "23", "4"));
}

FB_TEST("an envelope without a usable nonce or id is not written") {
  fb::MbedtlsCrypto crypto;
  const std::string key(32, 'k'), long_nonce(41, '1'), long_id(65, 'x');
  char out[1024];
  for (const std::string& nonce : {std::string(), long_nonce, std::string("A"), std::string("1\"")})
    EXPECT(fb::write_batch_envelope(crypto, {"fb-1", "p", fb::BatchCodec::kRaw, nonce, key}, out, sizeof out).status() ==
           fb::Status::kInvalid);
  for (const std::string& id : {std::string(), long_id})
    EXPECT(fb::write_batch_envelope(crypto, {id, "p", fb::BatchCodec::kRaw, "1", key}, out, sizeof out).status() ==
           fb::Status::kInvalid);
}
