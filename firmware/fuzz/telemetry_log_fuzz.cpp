// Any acts on a telemetry log in any order, over any flash, with cuts of power, damage and restarts between them. What it
// asserts: it opens, it does what it says, no number is given twice, and what was acknowledged reads back as it was until
// the ring gives it up. After damage only the first two hold, and that whatever reads back is what was acknowledged.
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/telemetry_log.h"
#include "fuzz/fuzz_input.h"
#include "ports/host/fake_flash.h"

namespace {

class CountingRng final : public fb::Rng {
 public:
  uint32_t next() override { return ++drawn_; }

 private:
  uint32_t drawn_ = 0;
};

struct Sample {
  size_t shape = 0;
  std::vector<double> values;
};

constexpr std::string_view kNames[] = {"t", "humidity", "pressure", "a name of thirty bytes or more"};

std::vector<fb::Metric> metrics_of(const Sample& sample) {
  std::vector<fb::Metric> metrics;
  for (size_t i = 0; i < sample.values.size(); i++) metrics.push_back({kNames[(i + sample.shape) % 4], sample.values[i]});
  return metrics;
}

Sample sample_from(fb::FuzzInput& in) {
  Sample sample;
  sample.shape = in.byte() % 4;
  const size_t count = 1 + in.byte() % 16;
  const uint8_t way = in.byte();
  for (size_t i = 0; i < count; i++) {
    const double value = static_cast<int16_t>(in.word());
    sample.values.push_back(way % 3 == 0 ? value / 100 : way % 3 == 1 ? value / 7 : value);
  }
  return sample;
}

bool is(const fb::LoggedSample& read, const Sample& sample) {
  const std::vector<fb::Metric> metrics = metrics_of(sample);
  bool same = read.count == metrics.size();
  for (size_t i = 0; same && i < read.count; i++)
    same = read.metrics[i].name == metrics[i].name && std::memcmp(&read.metrics[i].value, &metrics[i].value, 8) == 0;
  return same;
}

class Bench {
 public:
  Bench(size_t sectors, fb::FuzzInput& in) : flash_(sectors), in_(in) {}

  void run() {
    if (in_.byte() % 2 == 1) {
      // Something lies there already: noise, which no number is known of.
      for (uint8_t& byte : flash_.bytes) byte = in_.empty() ? static_cast<uint8_t>(0xff) : in_.byte();
    }
    restart();
    for (int acts = 0; !in_.empty() && acts < 3000; acts++) act();
    restart();
    check();
  }

 private:
  using Known = std::map<std::pair<uint32_t, uint32_t>, Sample>;

  void act() {
    const uint8_t what = in_.byte();
    if (what < 8) flash_.bytes_left = in_.word();
    if (what == 8) check();
    if (what == 9) restart();
    if (what == 10) damage();
    if (what == 11) set_clock();
    if (what < 12) return;
    // Some samples of one kind, so that sectors fill.
    const Sample first = sample_from(in_);
    for (int i = 0; i <= what / 4 && flash_.bytes_left != 0; i++) append(first, i);
    if (flash_.bytes_left == 0) restart();
  }

  void append(Sample sample, int step) {
    sample.values[0] += step;
    now_.mono += 1000;
    const std::vector<fb::Metric> metrics = metrics_of(sample);
    const uint32_t epoch = log_->epoch();
    const fb::Expected<uint32_t> seq = log_->append(metrics.data(), metrics.size(), now_);
    if (!seq.ok()) return fb::require(flash_.bytes_left == 0);
    fb::require(log_->next_seq() == seq.value() + 1);
    fb::require(log_->epoch() == epoch);
    fb::require(known_.emplace(std::make_pair(log_->epoch(), seq.value()), sample).second);
    const fb::Expected<fb::LoggedSample> read = log_->read(seq.value());
    fb::require(flash_.bytes_left == 0 || (read.ok() && is(read.value(), sample)));
  }

  void set_clock() {
    if (now_.unix_ms == 0) now_.unix_ms = 1'700'000'000'000;
    (void)log_->clock_set(now_);
  }

  /// One flipped bit. More could make a record that was never written.
  void damage() {
    if (damaged_) return;
    damaged_ = true;
    flash_.bytes[(in_.word() | static_cast<uint32_t>(in_.byte()) << 16) % flash_.bytes.size()] ^=
        static_cast<uint8_t>(1 << in_.byte() % 8);
    restart();
  }

  void restart() {
    flash_.power_back();
    now_ = {in_.byte(), 0};
    log_.emplace(flash_, rng_);
    fb::require(log_->mount(in_.byte() % 4, now_) == fb::Status::kOk);
  }

  void check() {
    if (flash_.bytes_left == 0) restart();
    flash_.power_back();
    const uint32_t span = log_->next_seq() - log_->first_seq();
    fb::require(span < 20'000);
    for (uint32_t i = 0; i < span; i++) {
      const uint32_t seq = log_->first_seq() + i;
      const fb::Expected<fb::LoggedSample> read = log_->read(seq);
      const auto found = known_.find({log_->epoch(), seq});
      if (found == known_.end()) continue;
      fb::require(damaged_ || read.ok());
      fb::require(!read.ok() || is(read.value(), found->second));
    }
  }

  fb::FakeFlash flash_;
  fb::FuzzInput& in_;
  CountingRng rng_;
  std::optional<fb::TelemetryLog> log_;
  fb::Now now_;
  Known known_;
  bool damaged_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fb::FuzzInput in(data, size);
  // With two, damage and a cut while the damaged one is replaced are more than it stands (docs/telemetry-log.md §4).
  const size_t sectors = 3 + in.byte() % 2;
  Bench(sectors, in).run();
  return 0;
}
