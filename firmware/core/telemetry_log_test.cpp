#include "core/telemetry_log.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/crc32.h"
#include "core/ram_region.h"
#include "ports/host/fake_flash.h"
#include "ports/host/test.h"

namespace {

using fb::ClockQuality;
using fb::Expected;
using fb::FakeFlash;
using fb::FlashRegion;
using fb::LoggedSample;
using fb::LogHeader;
using fb::LogSector;
using fb::Metric;
using fb::Now;
using fb::Status;
using fb::TelemetryLog;

class Dice final : public fb::Rng {
 public:
  uint32_t next() override {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 33) ^ static_cast<uint32_t>(state >> 11);
  }
  uint32_t below(uint32_t end) { return next() % end; }
  uint64_t state = 7;
};

using Values = std::vector<std::pair<std::string, double>>;
using Identity = std::pair<uint32_t, uint32_t>;  ///< epoch, seq

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

bool is(const LoggedSample& sample, const Values& values) {
  if (sample.count != values.size()) return false;
  for (size_t i = 0; i < sample.count; i++)
    if (sample.metrics[i].name != values[i].first || !same_bits(sample.metrics[i].value, values[i].second))
      return false;
  return true;
}

/// Samples of some shapes: decimals, and now and then a double that no decimal gives.
Values made_values(Dice& dice) {
  static const char* const kNames[] = {"temperature", "humidity", "pressure",
                                       "voltage",     "w",        "a much longer name of a metric"};
  Values values;
  const uint32_t shape = dice.below(8);
  const size_t count = shape < 5 ? 3 : 1 + shape % 3;
  for (size_t i = 0; i < count; i++) {
    double value = (2000 + dice.below(300)) / 100.0;
    if (dice.below(40) == 0) value = std::sqrt(value);
    if (dice.below(20) == 0) value = -value;
    values.emplace_back(kNames[(shape + i) % 6], value);
  }
  return values;
}

/// A sample that needs some 140 bytes, so that few fill a sector.
Values large_values(Dice& dice) {
  Values values;
  for (int i = 0; i < 15; i++) values.emplace_back("m" + std::to_string(i), std::sqrt(1.0 + dice.below(1'000'000)));
  return values;
}

Expected<uint32_t> append(TelemetryLog& log, const Values& values, const Now& now) {
  std::vector<Metric> metrics;
  for (const auto& [name, value] : values) metrics.push_back({name, value});
  return log.append(metrics.data(), metrics.size(), now);
}

/// What was acknowledged, or read: each identity has one meaning for ever.
class Meanings {
 public:
  /// @param earlier what is known besides, and is not changed
  explicit Meanings(const Meanings* earlier = nullptr) : earlier_(earlier) {}

  void note(uint32_t epoch, uint32_t seq, const Values& values) { known_.emplace(Identity{epoch, seq}, values); }
  bool knows(uint32_t epoch, uint32_t seq) const { return find(epoch, seq) != nullptr; }
  /// Of one that it knows.
  bool are(const LoggedSample& sample) const { return is(sample, *find(sample.epoch, sample.seq)); }

  /// Every number that is held reads back as it was acknowledged; of those acknowledged none is missing.
  void check(TelemetryLog& log, const std::string& where) {
    for (uint32_t seq = log.first_seq(); seq != log.next_seq(); seq++) {
      const Expected<LoggedSample> read = log.read(seq);
      const Values* const found = find(log.epoch(), seq);
      if (found == nullptr) {
        // A sample whose append was cut may be there whole, and then a reader has seen it.
        if (read.ok()) note(log.epoch(), seq, values_of(read.value()));
        continue;
      }
      const bool there = read.ok() && read.value().seq == seq && read.value().epoch == log.epoch();
      if (!there || !is(read.value(), *found)) EXPECT_IN(where + " seq " + std::to_string(seq), false);
    }
    if (log.first_seq() > 0) EXPECT_IN(where, log.read(log.first_seq() - 1).status() == Status::kNotFound);
    EXPECT_IN(where, log.read(log.next_seq()).status() == Status::kNotFound);
  }

 private:
  static Values values_of(const LoggedSample& sample) {
    Values values;
    for (size_t i = 0; i < sample.count; i++) values.emplace_back(sample.metrics[i].name, sample.metrics[i].value);
    return values;
  }
  const Values* find(uint32_t epoch, uint32_t seq) const {
    const auto found = known_.find({epoch, seq});
    if (found != known_.end()) return &found->second;
    return earlier_ == nullptr ? nullptr : earlier_->find(epoch, seq);
  }

  const Meanings* earlier_;
  std::map<Identity, Values> known_;
};

/// Fills a log until its ring has gone round `rounds` times.
void fill(TelemetryLog& log, const FakeFlash& flash, size_t rounds, Dice& dice, Meanings& meanings) {
  for (int i = 0; flash.erases.back() < rounds && i < 100'000; i++) {
    const Values values = made_values(dice);
    const Expected<uint32_t> seq = append(log, values, {i * 2000ull, 0});
    EXPECT(seq.ok());
    meanings.note(log.epoch(), seq.value(), values);
  }
}

/// Climates that wander as a room's do.
struct Room {
  explicit Room(Dice& dice) : dice(dice) {}
  Values next() {
    for (double& value : hundredths) value += static_cast<double>(dice.below(17)) - 8;
    return {{"temperature", hundredths[0] / 100}, {"humidity", hundredths[1] / 100}, {"pressure", hundredths[2] / 100}};
  }
  Dice& dice;
  double hundredths[3] = {2150, 4820, 101'325};
};

}  // namespace

FB_TEST("what was logged is there after restarts, bit by bit, until the ring needs its place") {
  FakeFlash flash(3);
  Dice dice;
  Meanings meanings;
  std::optional<TelemetryLog> log(std::in_place, flash, dice);
  EXPECT(log->mount(1, {}) == Status::kOk);
  const uint32_t epoch = log->epoch();
  EXPECT(epoch != 0);
  Now now{0, 1'700'000'000'000};
  for (uint32_t i = 0; i < 8000; i++) {
    now.mono += 2000;
    now.unix_ms += 1990 + dice.below(20);
    if (i % 997 == 500) {
      log.emplace(flash, dice);
      EXPECT(log->mount(2 + i / 997, now) == Status::kOk);
      EXPECT(log->epoch() == epoch);
      meanings.check(*log, "restart " + std::to_string(i));
    }
    const Values values = made_values(dice);
    const Expected<uint32_t> seq = append(*log, values, now);
    EXPECT_IN(std::to_string(i), seq.ok() && seq.value() == i && log->next_seq() == i + 1);
    meanings.note(epoch, i, values);
    const Expected<LoggedSample> read = log->read(i);
    EXPECT_IN(std::to_string(i), read.ok() && is(read.value(), values) && read.value().time_ms == now.unix_ms &&
                                     read.value().quality == ClockQuality::kSync);
  }
  meanings.check(*log, "end");
  EXPECT(log->first_seq() > 5000 && log->lost() == log->first_seq() && log->held() == 8000 - log->first_seq());
  EXPECT(log->damaged() == 0 && flash.overwritten == 0);
}

FB_TEST("the sectors are used in turn") {
  FakeFlash flash(5);
  Dice dice;
  Meanings meanings;
  std::optional<TelemetryLog> log(std::in_place, flash, dice);
  for (uint32_t boot = 1; flash.erases.back() < 10; boot++) {
    log.emplace(flash, dice);
    EXPECT(log->mount(boot, {}) == Status::kOk);
    for (uint32_t i = 0; i < 700; i++) EXPECT(append(*log, made_values(dice), {i, 0}).ok());
    const auto [least, most] = std::minmax_element(flash.erases.begin(), flash.erases.end());
    EXPECT_IN(std::to_string(boot), *most - *least <= 1);
  }
}

FB_TEST("wherever the power goes, nothing acknowledged is lost and no number means two samples") {
  FakeFlash flash(3);
  Dice dice;
  Meanings meanings;
  std::optional<TelemetryLog> log(std::in_place, flash, dice);
  size_t cuts = 0;
  // Each act is done once for every byte of its writes and erases, with the power gone after that byte, and then whole.
  const auto everywhere = [&](const std::string& what, auto act) {
    const std::vector<uint8_t> image = flash.bytes;
    const TelemetryLog before = *log;
    const size_t used_before = flash.bytes_used;
    const Values given = large_values(dice);
    (void)act(*log, given);
    const size_t needed = flash.bytes_used - used_before;
    const std::vector<uint8_t> done = flash.bytes;
    const TelemetryLog after = *log;
    for (size_t cut = 0; cut < needed; cut++, cuts++) {
      const std::string where = what + " cut " + std::to_string(cut);
      flash.bytes = image;
      log.emplace(before);
      flash.bytes_left = cut;
      EXPECT_IN(where, !act(*log, given) && flash.bytes_left == 0);
      flash.power_back();
      log.emplace(flash, dice);
      EXPECT_IN(where, log->mount(2, {}) == Status::kOk && log->epoch() == before.epoch());
      EXPECT_IN(where, log->first_seq() == before.first_seq() || log->first_seq() == after.first_seq());
      // Only what the bytes of this act could have been is passed over, and for a cut erase nothing.
      EXPECT_IN(where, log->next_seq() >= before.next_seq() && log->next_seq() <= before.next_seq() + 40);
      Meanings here(&meanings);
      here.check(*log, where);
      // It goes on, and every number is new.
      for (const Values& values : {Values{{"x", 1.5}}, Values{{"x", -0.5}, {"y", 1.0 / 3}}}) {
        const Expected<uint32_t> seq = append(*log, values, {5, 0});
        EXPECT_IN(where, seq.ok() && !here.knows(log->epoch(), seq.value()));
        const Expected<LoggedSample> read = log->read(seq.value());
        EXPECT_IN(where, read.ok() && is(read.value(), values));
      }
    }
    flash.bytes = done;
    log.emplace(after);
    return given;
  };
  EXPECT(log->mount(1, {}) == Status::kOk);
  uint32_t given_up_before = 0;
  int given_up = 0;
  for (uint32_t i = 0; given_up < 3 && i < 400; i++) {
    const Now now{i * 1000ull, 0};
    const Values values = everywhere("append " + std::to_string(i), [&now](TelemetryLog& to, const Values& given) {
      return append(to, given, now).ok();
    });
    meanings.note(log->epoch(), log->next_seq() - 1, values);
    if (i == 40)
      (void)everywhere("clock", [](TelemetryLog& to, const Values&) {
        return to.clock_set({60'000, 1'700'000'000'000}) == Status::kOk;
      });
    given_up += log->first_seq() != given_up_before;
    given_up_before = log->first_seq();
  }
  meanings.check(*log, "uncut");
  std::printf("    %zu cuts\n", cuts);
  EXPECT(cuts > 40'000 && given_up == 3);  // three sectors filled, and three more in their places
}

FB_TEST("where the log is made the power may go at any byte") {
  Dice dice;
  for (size_t cut = 0;; cut++) {
    FakeFlash flash(2);
    std::fill(flash.bytes.begin(), flash.bytes.end(), uint8_t{0x5a});
    TelemetryLog first(flash, dice);
    flash.bytes_left = cut;
    const bool made = first.mount(1, {}) == Status::kOk;
    flash.power_back();
    TelemetryLog log(flash, dice);
    EXPECT_IN(std::to_string(cut), log.mount(2, {}) == Status::kOk && log.next_seq() == 0 && log.first_seq() == 0);
    EXPECT_IN(std::to_string(cut), append(log, {{"x", 1}}, {}).value_or(9) == 0 && log.read(0).ok());
    if (!made) continue;
    EXPECT(cut > 4096 && log.epoch() == first.epoch());
    break;
  }
}

FB_TEST("any order of appends, restarts, cuts and corrections keeps to what was acknowledged") {
  for (uint32_t seed = 0; seed < 40; seed++) {
    Dice dice;
    dice.state = seed;
    FakeFlash flash(2 + seed % 4);
    Meanings meanings;
    std::optional<TelemetryLog> log(std::in_place, flash, dice);
    EXPECT(log->mount(1, {}) == Status::kOk);
    uint32_t boot = 1;
    Now now{0, 0};
    for (int step = 0; step < 1500; step++) {
      const std::string where = std::to_string(seed) + "/" + std::to_string(step);
      now.mono += dice.below(5000);
      if (now.unix_ms != 0) now.unix_ms += 2000;
      if (dice.below(150) == 0) flash.bytes_left = dice.below(9000);
      if (dice.below(200) == 0 && now.unix_ms == 0) {
        now.unix_ms = 1'700'000'000'000 + step;
        (void)log->clock_set(now);
      }
      const Values values = dice.below(9) == 0 ? large_values(dice) : made_values(dice);
      const uint32_t expected_epoch = log->epoch();
      const Expected<uint32_t> seq = append(*log, values, now);
      if (seq.ok()) {
        EXPECT_IN(where, !meanings.knows(log->epoch(), seq.value()) && log->epoch() == expected_epoch);
        meanings.note(log->epoch(), seq.value(), values);
        const Expected<LoggedSample> read = log->read(seq.value());
        EXPECT_IN(where, flash.bytes_left == 0 || (read.ok() && is(read.value(), values)));
      }
      if (flash.bytes_left != 0 && dice.below(120) != 0) continue;
      flash.power_back();
      log.emplace(flash, dice);
      now = {dice.below(1000), 0};
      EXPECT_IN(where, log->mount(++boot, now) == Status::kOk);
      meanings.check(*log, where);
    }
    EXPECT(flash.overwritten == 0);
  }
}

FB_TEST("one flipped bit gives no number a second meaning, and no sample another value") {
  Dice dice;
  FakeFlash image(3);
  Meanings meanings;
  {
    TelemetryLog log(image, dice);
    EXPECT(log.mount(1, {}) == Status::kOk);
    fill(log, image, 2, dice, meanings);
    for (int i = 0; i < 100; i++) {
      const Values values = made_values(dice);
      meanings.note(log.epoch(), append(log, values, {1, 0}).value(), values);
    }
  }
  uint32_t read_back = 0;
  for (size_t bit = 0; bit < image.bytes.size() * 8; bit += 17) {
    const std::string where = "bit " + std::to_string(bit);
    FakeFlash flash(3);
    flash.bytes = image.bytes;
    flash.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    TelemetryLog log(flash, dice);
    EXPECT_IN(where, log.mount(2, {}) == Status::kOk);
    const Values values = {{"x", 1.5}};
    const Expected<uint32_t> seq = append(log, values, {1, 0});
    EXPECT_IN(where, seq.ok() && !meanings.knows(log.epoch(), seq.value()));
    const Expected<LoggedSample> read = log.read(seq.value());
    EXPECT_IN(where, read.ok() && is(read.value(), values));
    // Some of the rest is looked at: it is what it was, or not there.
    const uint32_t span = log.next_seq() - log.first_seq();
    EXPECT_IN(where, span < 2000);
    for (uint32_t i = 0; i < 30; i++) {
      const uint32_t asked = log.first_seq() + dice.below(span);
      const Expected<LoggedSample> old = log.read(asked);
      if (!old.ok() || !meanings.knows(log.epoch(), asked)) continue;
      EXPECT_IN(where, meanings.are(old.value()));
      read_back++;
    }
  }
  EXPECT(read_back > 100'000);
}

FB_TEST("damage costs its sector or the rest of it, and the others stay") {
  Dice dice;
  FakeFlash flash(5);
  Meanings meanings;
  TelemetryLog before(flash, dice);
  EXPECT(before.mount(1, {}) == Status::kOk);
  fill(before, flash, 1, dice, meanings);
  const uint32_t held = before.held();
  flash.bytes[2 * 4096 + 9] ^= 1;      // a header
  flash.bytes[3 * 4096 + 2000] ^= 16;  // a record
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(2, {}) == Status::kOk && log.damaged() == 1);
  EXPECT(log.held() == held && log.next_seq() == before.next_seq());
  uint32_t there = 0;
  for (uint32_t seq = log.first_seq(); seq < log.next_seq(); seq++) there += log.read(seq).ok();
  EXPECT(there > held * 6 / 10 && there < held * 8 / 10);
}

FB_TEST("where the newest sector's header is damaged its numbers are not used again") {
  for (const bool last_place : {false, true}) {
    Dice dice;
    FakeFlash flash(4);
    Meanings meanings;
    TelemetryLog before(flash, dice);
    EXPECT(before.mount(1, {}) == Status::kOk);
    fill(before, flash, 1, dice, meanings);
    if (!last_place) fill(before, flash, 2, dice, meanings);
    for (int i = 0; i < 60; i++) EXPECT(append(before, {{"x", 1}}, {}).ok());
    const uint32_t next = before.next_seq();
    flash.bytes[3 * 4096 + 5] ^= 1;
    for (uint32_t boot = 2; boot < 4; boot++) {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(boot, {}) == Status::kOk && log.epoch() == before.epoch());
      EXPECT(log.next_seq() >= next && log.next_seq() < next + 4096 / fb::kLeastLogSample);
      if (boot == 3) EXPECT(append(log, {{"x", 2}}, {}).value() >= next);
    }
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(4, {}) == Status::kOk && log.read(log.next_seq() - 1).value().metrics[0].value == 2);
  }
}

FB_TEST("nor are they where the power goes while the sector behind the damaged one is begun") {
  Dice dice;
  FakeFlash image(4);
  Meanings meanings;
  TelemetryLog before(image, dice);
  EXPECT(before.mount(1, {}) == Status::kOk);
  fill(before, image, 2, dice, meanings);
  for (int i = 0; i < 60; i++) EXPECT(append(before, {{"x", 1}}, {}).ok());
  image.bytes[3 * 4096 + 5] ^= 1;
  for (size_t cut = 0; cut < 4096 + 40; cut += cut < 4080 ? 29 : 1) {
    FakeFlash flash(4);
    flash.bytes = image.bytes;
    for (uint32_t boot = 2; boot < 4; boot++) {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(boot, {}) == Status::kOk);
      if (boot == 2) flash.bytes_left = cut;
      const Expected<uint32_t> seq = append(log, {{"x", 2}}, {});
      EXPECT_IN(std::to_string(cut), boot == 2 || (seq.ok() && seq.value() >= before.next_seq()));
      flash.power_back();
    }
  }
}

FB_TEST("a byte that the flash does not keep loses nothing") {
  for (size_t weak = 3; weak < 4096; weak += 13) {
    FakeFlash flash(3);
    flash.weak_at = weak;
    Dice dice;
    Meanings meanings;
    TelemetryLog log(flash, dice);
    if (log.mount(1, {}) != Status::kOk) {
      EXPECT_IN(std::to_string(weak), weak < fb::kLogHeaderSize && log.mount(1, {}) == Status::kOk);
    }
    for (int i = 0; i < 420; i++) {
      const Values values = made_values(dice);
      const Expected<uint32_t> seq = append(log, values, {1, 0});
      EXPECT_IN(std::to_string(weak), seq.ok());
      meanings.note(log.epoch(), seq.value(), values);
    }
    TelemetryLog again(flash, dice);
    EXPECT(again.mount(2, {}) == Status::kOk);
    meanings.check(again, "weak " + std::to_string(weak));
  }
}

FB_TEST("a sector that keeps nothing is passed over for ever, and loses nothing") {
  for (const size_t weak : {4096 + 6, 4096 + 32, 4096 + 40}) {
    FakeFlash flash(3);
    flash.weak_at = weak;
    flash.weak_for_ever = true;
    Dice dice;
    std::optional<TelemetryLog> log;
    for (uint32_t boot = 1; boot < 6; boot++) {
      Meanings meanings;
      log.emplace(flash, dice);
      EXPECT(log->mount(boot, {}) == Status::kOk);
      for (int i = 0; i < 700; i++) {
        const Values values = made_values(dice);
        const Expected<uint32_t> seq = append(*log, values, {1, 0});
        EXPECT_IN(std::to_string(weak), seq.ok());
        meanings.note(log->epoch(), seq.value(), values);
      }
      meanings.check(*log, "weak " + std::to_string(weak));
    }
  }
}

FB_TEST("a sample that was written but not acknowledged keeps its number to itself") {
  FakeFlash flash(4);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  EXPECT(append(log, {{"x", 1}}, {}).value_or(9) == 0);
  const size_t before = flash.bytes_used;
  EXPECT(append(log, {{"x", 1}}, {}).value_or(9) == 1);
  flash.bytes_left = flash.bytes_used - before;  // all of the next record, and then nothing can be read
  EXPECT(!append(log, {{"x", 1}}, {}).ok());
  flash.power_back();
  const uint32_t second = append(log, {{"x", 2}}, {}).value();
  EXPECT(log.read(second).value().metrics[0].value == 2);
  const size_t sectors_used = flash.erases[2];
  while (flash.erases[2] == sectors_used) EXPECT(append(log, {{"x", 3}}, {}).ok());
  flash.bytes[4096 + 8] ^= 1;
  TelemetryLog again(flash, dice);
  EXPECT(again.mount(2, {}) == Status::kOk);
  const Expected<LoggedSample> read = again.read(second);
  EXPECT(!read.ok() || read.value().metrics[0].value == 2);
}

FB_TEST("whatever lies in the flash, the log opens and works") {
  Dice dice;
  for (int round = 0; round < 300; round++) {
    FakeFlash flash(3);
    {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(1, {}) == Status::kOk);
      for (int i = 0; i < 600; i++) EXPECT(append(log, made_values(dice), {1, 0}).ok());
    }
    // Some damage, or noise all over.
    const bool noise = round % 3 == 0;
    for (size_t i = 0; i < (noise ? flash.bytes.size() : 20); i++)
      flash.bytes[noise ? i : dice.below(3 * 4096)] ^= static_cast<uint8_t>(dice.next());
    for (uint32_t boot = 2; boot < 4; boot++) {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(boot, {}) == Status::kOk);
      flash.reads = 0;
      for (uint32_t seq = log.first_seq(); seq != log.next_seq(); seq++) (void)log.read(seq);
      EXPECT_IN(std::to_string(round), flash.reads < 12'000);
      const Values values = made_values(dice);
      const Expected<uint32_t> seq = append(log, values, {1, 0});
      EXPECT_IN(std::to_string(round), seq.ok() && (!noise || seq.value() == boot - 2));
      const Expected<LoggedSample> read = log.read(seq.value());
      EXPECT_IN(std::to_string(round), read.ok() && is(read.value(), values));
    }
  }
}

FB_TEST("an epoch outlives a start in which nothing was measured") {
  FakeFlash flash(2);
  Dice dice;
  TelemetryLog first(flash, dice);
  EXPECT(first.mount(1, {}) == Status::kOk && first.next_seq() == 0 && first.first_seq() == 0);
  TelemetryLog second(flash, dice);
  EXPECT(second.mount(2, {}) == Status::kOk && second.epoch() == first.epoch());
  EXPECT(append(second, {{"x", 1}}, {}).value_or(9) == 0);
}

FB_TEST("when the numbers run out a new epoch begins at 0") {
  FakeFlash flash(3);
  Dice dice;
  EXPECT(LogSector(flash, 1).begin({77, UINT32_MAX - 2, 40, 1, 0}) == Status::kOk);
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(2, {}) == Status::kOk && log.epoch() == 77);
  EXPECT(append(log, {{"x", 1}}, {}).value() == UINT32_MAX - 2);
  EXPECT(append(log, {{"x", 2}}, {}).value() == UINT32_MAX - 1);
  EXPECT(append(log, {{"x", 3}}, {}).value() == 0);
  const uint32_t epoch = log.epoch();
  EXPECT(epoch != 77 && epoch != 0 && log.first_seq() == 0 && log.next_seq() == 1 && log.lost() == 0);
  EXPECT(log.read(0).value().metrics[0].value == 3 && log.read(0).value().epoch == epoch);
  EXPECT(log.read(UINT32_MAX - 1).status() == Status::kNotFound);
  TelemetryLog again(flash, dice);
  EXPECT(again.mount(3, {}) == Status::kOk && again.epoch() == epoch);
  EXPECT(again.first_seq() == 0 && again.next_seq() == 1);
}

FB_TEST("when the clock is set the times before it are corrected, for this boot and for good") {
  FakeFlash flash(3);
  Dice dice;
  const Values values = {{"x", 1}};
  {
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(1, {100, 0}) == Status::kOk);
    EXPECT(append(log, values, {5100, 0}).ok());
    const LoggedSample before = log.read(0).value();
    EXPECT(before.quality == ClockQuality::kNone && before.time_ms == 5000 && before.boot == 1);
    EXPECT(log.clock_set({10'100, 0}) == Status::kInvalid);
    EXPECT(log.clock_set({10'100, 1'700'000'010'000}) == Status::kOk);
    EXPECT(append(log, values, {11'100, 1'700'000'011'000}).ok());
    const LoggedSample corrected = log.read(0).value();
    EXPECT(corrected.quality == ClockQuality::kCorrected && corrected.time_ms == 1'700'000'005'000);
    EXPECT(log.read(1).value().quality == ClockQuality::kSync && log.read(1).value().time_ms == 1'700'000'011'000);
    // A clock that is set again later moves nothing that a reader has seen.
    EXPECT(log.clock_set({20'000, 1'900'000'000'000}) == Status::kOk);
    EXPECT(log.read(0).value().time_ms == 1'700'000'005'000);
  }
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(2, {}) == Status::kOk);
  EXPECT(append(log, values, {7000, 0}).ok());
  EXPECT(log.read(0).value().quality == ClockQuality::kCorrected && log.read(0).value().time_ms == 1'700'000'005'000);
  EXPECT(log.read(2).value().quality == ClockQuality::kNone && log.read(2).value().time_ms == 7000);
  // A third boot never learns when the second one was.
  TelemetryLog third(flash, dice);
  EXPECT(third.mount(3, {}) == Status::kOk);
  EXPECT(third.clock_set({0, 1'800'000'000'000}) == Status::kOk);
  EXPECT(append(third, values, {1, 1'800'000'000'001}).ok());
  EXPECT(third.read(2).value().quality == ClockQuality::kNone && third.read(2).value().boot == 2);
  EXPECT(third.read(0).value().quality == ClockQuality::kCorrected && third.read(0).value().boot == 1);
}

FB_TEST("a boot's times are corrected over all its sectors, wherever the clock was set") {
  for (const int set_at : {0, 1, 300, 1000, 1199}) {
    FakeFlash flash(16);
    Dice dice;
    for (uint32_t boot = 1; boot <= 4; boot++) {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(boot, {}) == Status::kOk);
      // In boots 2 and 4 it is never set.
      for (int i = 0; i < 1200; i++) {
        if (i == set_at && boot % 2 == 1)
          EXPECT(log.clock_set({i * 1000ull, 1'700'000'000'000 + boot * 10'000'000 + i * 1000}) == Status::kOk);
        EXPECT(append(log, {{"x", static_cast<double>(dice.below(1000))}}, {i * 1000ull, 0}).ok());
      }
    }
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(5, {}) == Status::kOk && log.first_seq() == 0);
    for (uint32_t seq = 0; seq < 4800; seq += 1 + dice.below(60)) {
      const LoggedSample sample = log.read(seq).value();
      const uint32_t boot = 1 + seq / 1200;
      const int64_t since_boot = seq % 1200 * 1000;
      const bool known = boot % 2 == 1;
      EXPECT_IN(std::to_string(set_at) + "/" + std::to_string(seq),
                sample.boot == boot && sample.quality == (known ? ClockQuality::kCorrected : ClockQuality::kNone) &&
                    sample.time_ms == since_boot + (known ? 1'700'000'000'000 + boot * 10'000'000 : 0));
    }
  }
}

FB_TEST("a correction that does not fit its sector is in the next one's header") {
  int moved = 0;
  for (int samples = 660; samples < 680; samples++) {
    FakeFlash flash(3);
    Dice dice;
    {
      TelemetryLog log(flash, dice);
      EXPECT(log.mount(1, {}) == Status::kOk);
      for (int i = 0; i < samples; i++) EXPECT(append(log, {{"x", 1}}, {1000, 0}).ok());
      const size_t erased = flash.erases[1];
      EXPECT(log.clock_set({2000, 1'700'000'000'000}) == Status::kOk);
      moved += flash.erases[1] != erased;
    }
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(2, {}) == Status::kOk);
    for (const uint32_t seq : {0u, log.next_seq() - 1}) {
      const LoggedSample read = log.read(seq).value();
      EXPECT_IN(std::to_string(samples), read.quality == ClockQuality::kCorrected && read.time_ms == 1'699'999'999'000);
    }
  }
  EXPECT(moved > 0 && moved < 5);
}

FB_TEST("a boot number that comes again takes no other boot's time") {
  FakeFlash flash(3);
  Dice dice;
  for (int start = 0; start < 3; start++) {
    TelemetryLog log(flash, dice);
    EXPECT(log.mount(1, {}) == Status::kOk);  // its settings are erased each time
    EXPECT(append(log, {{"x", 1}}, {1000, 0}).ok());
    if (start == 1) EXPECT(log.clock_set({2000, 1'700'000'000'000}) == Status::kOk);
  }
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  EXPECT(log.read(0).value().quality == ClockQuality::kNone);
  EXPECT(log.read(1).value().quality == ClockQuality::kCorrected);
  EXPECT(log.read(2).value().quality == ClockQuality::kNone);
}

FB_TEST("samples that have the same names say so by their shape") {
  FakeFlash flash(4);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  const Values one = {{"ab", 1}};
  const Values other = {{"cd", 2}};
  for (int i = 0; i < 900; i++) EXPECT(append(log, i % 300 < 290 ? one : other, {}).ok());
  std::string name;
  uint32_t shape = 0;
  int changes = 0;
  for (uint32_t seq = log.first_seq(); seq < log.next_seq(); seq++) {
    const LoggedSample sample = log.read(seq).value();
    if (shape == sample.shape) EXPECT_IN(std::to_string(seq), name == sample.metrics[0].name);
    changes += shape != sample.shape;
    shape = sample.shape;
    name = std::string(sample.metrics[0].name);
  }
  EXPECT(changes == 6);
}

FB_TEST("names whose checksums are the same are told apart") {
  const auto checksum = [](const std::string& name) {
    return fb::crc32(std::string(1, static_cast<char>(name.size())) + name) & 0xffff;
  };
  const std::string one = "m10000";
  std::string other;
  for (int i = 10'001; i < 999'999 && other.empty(); i++)
    if (checksum("m" + std::to_string(i)) == checksum(one)) other = "m" + std::to_string(i);
  EXPECT(!other.empty());
  FakeFlash flash(2);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  EXPECT(append(log, {{one, 1}}, {}).ok() && append(log, {{other, 2}}, {}).ok());
  EXPECT(log.read(0).value().metrics[0].name == one && log.read(1).value().metrics[0].name == other);
}

FB_TEST("more shapes than a sector remembers are told anew, and all come back") {
  FakeFlash flash(8);
  Dice dice;
  Meanings meanings;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  for (int i = 0; i < 1200; i++) {
    const Values values = {{"metric" + std::to_string(i % 23), static_cast<double>(dice.below(50))}};
    meanings.note(log.epoch(), append(log, values, {static_cast<fb::Millis>(i), 0}).value(), values);
  }
  meanings.check(log, "23 shapes");
  TelemetryLog again(flash, dice);
  EXPECT(again.mount(2, {}) == Status::kOk);
  meanings.check(again, "restart");
}

FB_TEST("reading on is quick, over gaps too, and so is finding a place") {
  FakeFlash flash(208);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  Room room(dice);
  for (int i = 0; flash.erases.back() < 1; i++) EXPECT(append(log, room.next(), {i * 2000ull, 0}).ok());
  flash.bytes[4096 * 20 + 500] ^= 0x40;
  TelemetryLog again(flash, dice);
  flash.reads = 0;
  EXPECT(again.mount(2, {}) == Status::kOk);
  std::printf("    %u samples in 208 sectors, mounted by %zu reads", again.held(), flash.reads);
  EXPECT(flash.reads < 1000);
  flash.reads = 0;
  size_t most = 0;
  for (uint32_t seq = again.first_seq(); seq < again.next_seq(); seq++) {
    const size_t before = flash.reads;
    (void)again.read(seq);
    most = std::max(most, flash.reads - before);
  }
  std::printf(", %.2f reads a sample, at most %zu", static_cast<double>(flash.reads) / again.held(), most);
  EXPECT(flash.reads < 3 * again.held());
  most = 0;
  for (int i = 0; i < 1000; i++) {
    const size_t before = flash.reads;
    (void)again.read(again.first_seq() + dice.below(again.held()));
    most = std::max(most, flash.reads - before);
  }
  std::printf(", anywhere at most %zu\n", most);
  EXPECT(most < 500);
}

FB_TEST("refuses what it cannot keep, and needs two sectors") {
  Dice dice;
  FakeFlash small(1);
  TelemetryLog none(small, dice);
  EXPECT(none.mount(1, {}) == Status::kNotFound && append(none, {{"x", 1}}, {}).status() == Status::kUnavailable);
  EXPECT(none.clock_set({1, 2}) == Status::kUnavailable && none.read(0).status() == Status::kNotFound);
  FakeFlash flash(2);
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  EXPECT(append(log, {}, {}).status() == Status::kInvalid);
  EXPECT(append(log, Values(17, {"x", 1}), {}).status() == Status::kInvalid);
  EXPECT(append(log, {{std::string(248, 'n'), 1}}, {}).status() == Status::kNoSpace);
  EXPECT(append(log, {{std::string(124, 'n'), 1}, {std::string(123, 'm'), 1}}, {}).status() == Status::kNoSpace);
  EXPECT(log.next_seq() == 0);
  EXPECT(append(log, {{std::string(247, 'n'), 1}}, {}).value_or(9) == 0);
  EXPECT(append(log, {{std::string(123, 'n'), 1}, {std::string(123, 'm'), 1}}, {}).value_or(9) == 1);
  EXPECT(log.read(0).value().metrics[0].name == std::string(247, 'n'));
}

FB_TEST("a medium that refuses for a while takes samples again, under new numbers") {
  FakeFlash flash(3);
  Dice dice;
  Meanings meanings;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  fill(log, flash, 1, dice, meanings);
  for (size_t left = 0; left < 200; left += 3) {
    flash.bytes_left = left;
    while (true) {
      const Values values = made_values(dice);
      const Expected<uint32_t> seq = append(log, values, {1, 0});
      if (!seq.ok()) break;
      EXPECT(!meanings.knows(log.epoch(), seq.value()));
      meanings.note(log.epoch(), seq.value(), values);
    }
    flash.power_back();
    meanings.check(log, "refused after " + std::to_string(left));
  }
  EXPECT(append(log, {{"x", 1}}, {}).ok());
}

FB_TEST("a log in memory is a new one at each start") {
  Dice dice;
  uint32_t epoch = 0;
  for (int start = 0; start < 2; start++) {
    fb::RamRegion<2> memory;
    TelemetryLog log(memory, dice);
    EXPECT(log.mount(1, {}) == Status::kOk && log.epoch() != epoch && log.next_seq() == 0);
    epoch = log.epoch();
    for (int i = 0; i < 2000; i++) EXPECT(append(log, {{"x", i / 10.0}}, {}).ok());
    EXPECT(log.next_seq() == 2000 && log.first_seq() > 0 && log.read(1999).value().metrics[0].value == 199.9);
  }
}

FB_TEST("what drifts far from where it began in a sector takes few bytes all the same") {
  FakeFlash flash(4);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  size_t samples = 0;
  for (; flash.erases[1] == 0; samples++) {
    const double at = static_cast<double>(samples);
    EXPECT(append(log, {{"a", at * 31 / 100}, {"b", at * 47 / 100}, {"c", at * 59 / 10}}, {}).ok());
  }
  EXPECT(samples > 340);  // 311, were a reference never renewed
}

FB_TEST("a climate sample takes at most 12 bytes, and the log little memory") {
  FakeFlash flash(8);
  Dice dice;
  TelemetryLog log(flash, dice);
  EXPECT(log.mount(1, {}) == Status::kOk);
  Room room(dice);
  const size_t before = flash.bytes_used;
  const size_t erased = flash.erases[0] + flash.erases[1] + flash.erases[2] + flash.erases[3];
  for (uint32_t i = 0; i < 1000; i++)
    EXPECT(append(log, room.next(), {i * 2000ull, 1'700'000'000'000 + i * 2000 + dice.below(9)}).ok());
  size_t written = flash.bytes_used - before;
  written -= (flash.erases[0] + flash.erases[1] + flash.erases[2] + flash.erases[3] - erased) * FlashRegion::kSector;
  std::printf("    %.2f bytes a sample, all in all; %zu bytes of memory\n", static_cast<double>(written) / 1000,
              sizeof(TelemetryLog));
  EXPECT(written < 12'000 && sizeof(TelemetryLog) <= 1024);
}
