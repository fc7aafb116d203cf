#include "core/sample_codec.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

using fb::LogBytes;
using fb::Metric;
using fb::ScaledValue;

bool same_double(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

std::vector<Metric> nameless(const std::vector<double>& values) {
  std::vector<Metric> metrics;
  for (const double value : values) metrics.push_back({"", value});
  return metrics;
}

/// Packs against what was packed before, as the log does; gives the bytes, and whether they were read back the same.
struct Line {
  std::vector<ScaledValue> reference;

  bool packs(const std::vector<double>& values, std::vector<uint8_t>& bytes) {
    const std::vector<Metric> metrics = nameless(values);
    const size_t count = values.size();
    std::vector<ScaledValue> scaled(count);
    const bool had = reference.size() == count;
    const bool near = fb::scale_values(metrics.data(), count, had ? reference.data() : nullptr, scaled.data()) && had;
    bytes.assign(fb::kMostPackedValues, 0);
    const ScaledValue* const to = near ? reference.data() : nullptr;
    bytes.resize(fb::pack_values(metrics.data(), scaled.data(), count, to, bytes.data()));
    std::vector<Metric> back(count);
    std::vector<ScaledValue> back_scaled(count);
    LogBytes in(bytes.data(), bytes.size());
    bool same = fb::unpack_values(in, count, to, back_scaled.data(), back.data());
    same = same && in.left() == 0;
    for (size_t i = 0; i < count; i++) same = same && same_double(back[i].value, values[i]);
    if (!near) reference = back_scaled;
    return same;
  }
};

const double kOddDoubles[] = {0.0,
                              -0.0,
                              0.1,
                              -273.15,
                              1e300,
                              -1e-300,
                              5e-324,
                              9007199254740991.0,
                              9007199254740992.0,
                              9007199254740993.0,
                              -9007199254740991.0,
                              1.0 / 3,
                              21.5,
                              21.55,
                              513 / 1024.0,
                              2'593'281 / 25'600.0,
                              1e-9,
                              123456789.123456789,
                              4294967296.5,
                              std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity()};

}  // namespace

FB_TEST("every double comes back bit by bit, whatever came before it") {
  std::vector<uint8_t> bytes;
  for (const double first : kOddDoubles)
    for (const double second : kOddDoubles) {
      Line line;
      EXPECT_IN(std::to_string(first), line.packs({first}, bytes));
      EXPECT_IN(std::to_string(first) + " " + std::to_string(second), line.packs({second}, bytes));
      EXPECT_IN(std::to_string(first) + " " + std::to_string(second), line.packs({first}, bytes));
    }
}

FB_TEST("any bits of a double come back, sixteen at a time") {
  std::mt19937_64 dice(1);
  Line line;
  std::vector<uint8_t> bytes;
  for (int round = 0; round < 3000; round++) {
    std::vector<double> values(16);
    for (double& value : values) {
      const uint64_t bits = dice();
      if (dice() % 4 == 0) {
        std::memcpy(&value, &bits, sizeof value);
      } else {
        const auto integer = static_cast<double>(static_cast<int64_t>(bits) >> (dice() % 60));
        value = integer / std::pow(10, static_cast<double>(dice() % 10));
      }
    }
    EXPECT_IN(std::to_string(round), line.packs(values, bytes) && bytes.size() <= fb::kMostPackedValues);
  }
}

FB_TEST("a value near the one before takes one byte, in decimals and in a BME280's fractions") {
  std::vector<uint8_t> bytes;
  Line climate;
  EXPECT(climate.packs({21.53, 48.21, 1013.27}, bytes) && bytes.size() == 10);
  EXPECT(climate.packs({21.5, 48.5, 1013}, bytes) && bytes.size() == 3);
  Line bme280;
  EXPECT(bme280.packs({21.53, 49'367 / 1024.0, 25'939'711 / 25'600.0}, bytes));
  EXPECT(bme280.packs({21.54, 49'371 / 1024.0, 25'939'709 / 25'600.0}, bytes) && bytes.size() == 3);
}

FB_TEST("values that end too early, or say what cannot be, are refused") {
  const std::vector<Metric> metrics = nameless({21.53, std::sqrt(2.0), -4});
  ScaledValue scaled[3];
  (void)fb::scale_values(metrics.data(), 3, nullptr, scaled);
  uint8_t bytes[fb::kMostPackedValues];
  const size_t size = fb::pack_values(metrics.data(), scaled, 3, nullptr, bytes);
  for (size_t cut = 0; cut < size; cut++) {
    LogBytes in(bytes, cut);
    EXPECT_IN(std::to_string(cut), !fb::unpack_values(in, 3, nullptr, nullptr, nullptr));
  }
  const uint8_t no_reference[] = {0x02};
  LogBytes near(no_reference, 1);
  EXPECT(!fb::unpack_values(near, 1, nullptr, nullptr, nullptr));
  const ScaledValue unscaled;
  LogBytes near_raw(no_reference, 1);
  EXPECT(!fb::unpack_values(near_raw, 1, &unscaled, nullptr, nullptr));
  const uint8_t no_scale[] = {14 << 1 | 1, 0};
  LogBytes scale(no_scale, 2);
  EXPECT(!fb::unpack_values(scale, 1, nullptr, nullptr, nullptr));
  const std::vector<uint8_t> endless(12, 0x80);
  LogBytes varint(endless.data(), endless.size());
  EXPECT(varint.varint() == 0 && !varint.ok());
}
