#include "core/telemetry_log.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/host/fake_slots.h"
#include "ports/host/test.h"

namespace {

using fb::ClockQuality;
using fb::Expected;
using fb::FakePower;
using fb::FlashRegion;
using fb::LoggedSample;
using fb::Metric;
using fb::Now;
using fb::SlotFlash;
using fb::Status;
using fb::TelemetryLog;

class Dice final : public fb::Rng {
 public:
  uint32_t next() override { return state = state * 1664525 + 1013904223; }
  uint32_t state = 7;
};

/// A flash that counts how often each sector was erased.
class CountingFlash final : public FlashRegion {
 public:
  CountingFlash(FakePower& power, size_t sectors) : flash(power, sectors * kSector), erased(sectors) {}
  size_t size() const override { return flash.size(); }
  Status read(size_t at, void* out, size_t size) override { return flash.read(at, out, size); }
  Status write(size_t at, const void* bytes, size_t size) override {
    written += size;
    return flash.write(at, bytes, size);
  }
  Status erase_sector(size_t at) override {
    erased[at / kSector]++;
    return flash.erase_sector(at);
  }
  SlotFlash flash;
  std::vector<int> erased;
  size_t written = 0;
};

struct Kept {
  std::vector<std::pair<std::string, double>> values;
};

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

bool is(const LoggedSample& sample, const Kept& kept) {
  if (sample.count != kept.values.size()) return false;
  for (size_t i = 0; i < sample.count; i++)
    if (sample.metrics[i].name != kept.values[i].first || !same_bits(sample.metrics[i].value, kept.values[i].second)) return false;
  return true;
}

/// Samples of a few shapes: climates that wander, and doubles that no decimal gives.
Kept made_sample(Dice& dice) {
  static const char* kNames[] = {"temperature", "humidity", "pressure", "voltage", "wifi_rssi", "a very much longer name of a metric"};
  Kept kept;
  const uint32_t shape = dice.next() >> 29;
  const size_t count = shape < 5 ? 3 : 1 + shape % 3;
  for (size_t i = 0; i < count; i++) {
    double value = std::round((20 + (dice.next() >> 24) / 100.0) * 100) / 100;
    if (dice.next() >> 27 == 0) value = std::sqrt(value);
    if (dice.next() >> 28 == 0) value = -value;
    kept.values.emplace_back(kNames[(shape + i) % 6], value);
  }
  return kept;
}

std::vector<Metric> metrics_of(const Kept& kept) {
  std::vector<Metric> metrics;
  for (const auto& [name, value] : kept.values) metrics.push_back({name, value});
  return metrics;
}

/// Everything held is what was kept, by number; `extra`: one more may be held, whose append was cut at its last byte.
void check_held(TelemetryLog& log, const std::vector<Kept>& kept, bool extra, const std::string& where) {
  EXPECT_IN(where, log.next_seq() == kept.size() || (extra && log.next_seq() == kept.size() + 1));
  for (uint32_t seq = log.first_seq(); seq < kept.size(); seq++) {
    const Expected<LoggedSample> read = log.read(seq);
    EXPECT_IN(where + " seq " + std::to_string(seq), read.ok() && read.value().seq == seq && is(read.value(), kept[seq]));
  }
  if (log.first_seq() > 0) EXPECT_IN(where, !log.read(log.first_seq() - 1).ok());
}

}  // namespace

FB_TEST("what was logged is there after restarts, bit by bit, until the ring needs its place") {
  FakePower power;
  CountingFlash flash(power, 3);
  Dice dice;
  std::vector<Kept> kept;
  auto log = std::make_unique<TelemetryLog>(flash, dice);
  EXPECT(log->mount(1, {0, 0}) == Status::kOk);
  const uint32_t epoch = log->epoch();
  uint32_t boot = 1;
  Now now{0, 1'700'000'000'000};
  for (int i = 0; i < 8000; i++) {
    now.mono += 2000;
    now.unix_ms += 2000;
    if (i % 997 == 500) {
      log = std::make_unique<TelemetryLog>(flash, dice);
      EXPECT(log->mount(++boot, now) == Status::kOk);
      EXPECT(log->epoch() == epoch);
      check_held(*log, kept, false, "restart " + std::to_string(boot));
    }
    const Kept sample = made_sample(dice);
    const std::vector<Metric> metrics = metrics_of(sample);
    const Expected<uint32_t> seq = log->append(metrics.data(), metrics.size(), now);
    EXPECT_IN(std::to_string(i), seq.ok() && seq.value() == kept.size());
    kept.push_back(sample);
    const Expected<LoggedSample> read = log->read(seq.value());
    EXPECT_IN(std::to_string(i), read.ok() && is(read.value(), sample) && read.value().time_ms == now.unix_ms &&
                                     read.value().quality == ClockQuality::kSync);
  }
  check_held(*log, kept, false, "end");
  EXPECT(log->lost() > 5000 && log->first_seq() == log->lost());
  const auto [least, most] = std::minmax_element(flash.erased.begin(), flash.erased.end());
  EXPECT(*most - *least <= 1 && *least > 5);
}

FB_TEST("wherever the power goes, nothing acknowledged is lost and no number means two samples") {
  // A ring of three sectors, filled nearly twice; then the power goes after each byte of what comes next.
  FakePower power;
  CountingFlash before(power, 3);
  Dice dice;
  std::vector<Kept> kept;
  {
    TelemetryLog log(before, dice);
    EXPECT(log.mount(1, {}) == Status::kOk);
    while (before.erased[0] < 2 || before.erased[2] < 1 || before.written % 4096 < 3900) {
      const Kept sample = made_sample(dice);
      EXPECT(log.append(metrics_of(sample).data(), sample.values.size(), {kept.size() * 2000, 0}).ok());
      kept.push_back(sample);
      if (kept.size() > 3000) break;
    }
  }
  const std::vector<uint8_t> image = before.flash.bytes;
  for (size_t cut = 0; cut < 4096 + 700; cut++) {
    CountingFlash flash(power, 3);
    flash.flash.bytes = image;
    Dice same = dice;
    std::vector<Kept> acknowledged = kept;
    bool cut_in_append = false;
    {
      TelemetryLog log(flash, same);
      EXPECT(log.mount(2, {}) == Status::kOk);
      power.bytes_left = cut;
      for (int i = 0; i < 60 && !cut_in_append; i++) {
        if (i == 20) cut_in_append = log.clock_set({1000, 1'700'000'000'000}) != Status::kOk;
        const Kept sample = made_sample(same);
        const Expected<uint32_t> seq = log.append(metrics_of(sample).data(), sample.values.size(), {1000, 0});
        if (seq.ok()) acknowledged.push_back(sample);
        else cut_in_append = true;
      }
      power.bytes_left = FakePower::kForever;
    }
    TelemetryLog log(flash, same);
    EXPECT(log.mount(3, {}) == Status::kOk);
    const std::string where = "cut " + std::to_string(cut);
    check_held(log, acknowledged, cut_in_append, where);
    // It goes on, and what comes now is read back as well.
    while (acknowledged.size() < log.next_seq()) acknowledged.emplace_back();
    const bool odd = acknowledged.back().values.empty();
    for (int i = 0; i < 5; i++) {
      const Kept sample = made_sample(same);
      const Expected<uint32_t> seq = log.append(metrics_of(sample).data(), sample.values.size(), {5000, 0});
      EXPECT_IN(where, seq.ok() && seq.value() == acknowledged.size());
      acknowledged.push_back(sample);
      const Expected<LoggedSample> read = log.read(seq.value());
      EXPECT_IN(where, read.ok() && is(read.value(), sample));
    }
    if (!odd) check_held(log, acknowledged, false, where + " after");
    if (cut_in_append == false && cut > 4096) break;  // from here on nothing is cut any more
  }
}

FB_TEST("every double comes back as it was") {
  FakePower power;
  CountingFlash flash(power, 2);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  const double values[] = {0.0,    -0.0, 0.1,      -273.15, 1e300, 5e-324, 9007199254740991.0, 9007199254740993.0,
                           1.0 / 3, 21.5, 21.55, 21.5,    std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), -1e-9, 123456789.123456789, 4294967296.5};
  std::vector<double> logged;
  for (int round = 0; round < 3; round++)
    for (const double value : values) {
      const Metric metric{"x", value};
      EXPECT(log.append(&metric, 1, {1, 0}).ok());
      logged.push_back(value);
    }
  for (uint32_t seq = 0; seq < logged.size(); seq++) {
    const Expected<LoggedSample> read = log.read(seq);
    EXPECT_IN(std::to_string(seq), read.ok() && same_bits(read.value().metrics[0].value, logged[seq]));
  }
}

FB_TEST("when the clock is set the times before it are corrected, of this boot and of those before") {
  FakePower power;
  CountingFlash flash(power, 3);
  Dice dice;
  const Metric metric{"x", 1};
  {
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(1, {100, 0}) == Status::kOk);
    EXPECT(log.append(&metric, 1, {5100, 0}).ok());
    const LoggedSample before = log.read(0).value();
    EXPECT(before.quality == ClockQuality::kNone && before.time_ms == 5000);
    EXPECT(log.clock_set({10'100, 1'700'000'010'000}) == Status::kOk);
    EXPECT(log.append(&metric, 1, {11'100, 1'700'000'011'000}).ok());
    EXPECT(log.read(0).value().quality == ClockQuality::kCorrected && log.read(0).value().time_ms == 1'700'000'005'000);
    EXPECT(log.read(1).value().quality == ClockQuality::kSync && log.read(1).value().time_ms == 1'700'000'011'000);
  }
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(2, {0, 0}) == Status::kOk);
  EXPECT(log.append(&metric, 1, {7000, 0}).ok());
  EXPECT(log.read(0).value().quality == ClockQuality::kCorrected && log.read(0).value().time_ms == 1'700'000'005'000);
  EXPECT(log.read(2).value().quality == ClockQuality::kNone && log.read(2).value().time_ms == 7000);
  // A third boot never learns when the second one was.
  TelemetryLog third(flash, dice);
  EXPECT(third.mount(3, {0, 0}) == Status::kOk);
  EXPECT(third.clock_set({0, 1'800'000'000'000}) == Status::kOk);
  EXPECT(third.append(&metric, 1, {1, 1'800'000'000'001}).ok());
  EXPECT(third.read(2).value().quality == ClockQuality::kNone);
  EXPECT(third.read(0).value().quality == ClockQuality::kCorrected);
}

FB_TEST("whatever lies in the flash, the log opens and works, and never reads past it") {
  Dice dice;
  for (int round = 0; round < 300; round++) {
    FakePower power;
    CountingFlash flash(power, 3);
    {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(1, {}) == Status::kOk);
      for (int i = 0; i < 900; i++) {
        const Kept sample = made_sample(dice);
        EXPECT(log.append(metrics_of(sample).data(), sample.values.size(), {1, 0}).ok());
      }
    }
    // Flipped bits; in every third round all of it is noise.
    for (size_t i = 0; i < (round % 3 == 0 ? flash.flash.bytes.size() : 20); i++)
      flash.flash.bytes[round % 3 == 0 ? i : dice.next() % flash.flash.bytes.size()] ^= static_cast<uint8_t>(dice.next() >> 24);
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(2, {}) == Status::kOk);
    const uint32_t most = 2000;
    for (uint32_t seq = log.first_seq(), i = 0; seq < log.next_seq() && i < most; seq++, i++) (void)log.read(seq);
    const Kept sample = made_sample(dice);
    const Expected<uint32_t> seq = log.append(metrics_of(sample).data(), sample.values.size(), {1, 0});
    EXPECT(seq.ok());
    const Expected<LoggedSample> read = log.read(seq.value());
    EXPECT_IN(std::to_string(round), read.ok() && is(read.value(), sample));
  }
}

FB_TEST("refuses what it cannot keep, and needs two sectors") {
  FakePower power;
  Dice dice;
  CountingFlash small(power, 1);
  TelemetryLog none(small, dice);
  const Metric metric{"x", 1};
  EXPECT(none.mount(1, {}) == Status::kNotFound && !none.append(&metric, 1, {}).ok());
  CountingFlash flash(power, 2);
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  const std::string long_name(65, 'n');
  const Metric too_long{long_name, 1};
  EXPECT(log.append(&too_long, 1, {}).status() == Status::kNoSpace && log.next_seq() == 0);
  flash.flash.fails = true;
  EXPECT(log.append(&metric, 1, {}).status() == Status::kStorage);
  flash.flash.fails = false;
  EXPECT(log.append(&metric, 1, {}).value() == 0);
}

FB_TEST("a climate sample takes few bytes") {
  FakePower power;
  CountingFlash flash(power, 4);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  double climate[] = {2150, 4820, 101'325};
  for (int i = 0; i < 1000; i++) {
    for (double& value : climate) value += static_cast<double>(static_cast<int>(dice.next() >> 27) - 16);
    const Metric metrics[] = {{"temperature", climate[0] / 100}, {"humidity", climate[1] / 100}, {"pressure", climate[2] / 100}};
    EXPECT(log.append(metrics, 3, {i * 2000ull, 1'700'000'000'000 + i * 2000}).ok());
  }
  std::printf("    %.1f bytes a sample\n", static_cast<double>(flash.written) / 1000);
  EXPECT(flash.written < 12'000);
}
