// Any changes of configuration in any order, on trial or not, with cuts of power and restarts between them: what was refused
// changed nothing; what the store says is a document that it takes itself, and after a restart the one that was stored stands.
// An act is a byte, and where it needs one a JSON text that ends at a NUL.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/virtual_node/virtual_node.h"
#include "core/config_store.h"
#include "fuzz/fuzz_input.h"
#include "ports/host/probe.h"

namespace {

/// The body of a device whose power may go while it writes.
class FuzzBody final : public fb::Storage,
                       public fb::Log,
                       public fb::Memory,
                       public fb::Stopwatch,
                       public fb::Power,
                       public fb::SampleSink,
                       public fb::RuleActor {
 public:
  fb::Expected<size_t> read(std::string_view key, char* out, size_t capacity) override {
    const auto found = records.find(key);
    if (found == records.end()) return fb::Status::kNotFound;
    if (found->second.size() > capacity) return fb::Status::kNoSpace;
    found->second.copy(out, capacity);
    return found->second.size();
  }
  fb::Status write(std::string_view key, std::string_view bytes) override {
    const size_t written = std::min(bytes.size(), bytes_left);
    if (written == 0) return fb::Status::kStorage;
    bytes_left = written < bytes.size() ? 0 : bytes_left == kForever ? kForever : bytes_left - written;
    records[std::string(key)] = std::string(bytes.substr(0, written));
    return written < bytes.size() ? fb::Status::kStorage : fb::Status::kOk;
  }
  void write(fb::LogLevel, std::string_view, std::string_view) override {}
  size_t free_bytes() override { return free_memory; }
  uint64_t micros() override { return time_us += 10; }
  fb::ResetReason reset_reason() override { return fb::ResetReason::kPowerOn; }
  void take(const fb::Metric*, size_t count, const fb::Now&) override { fb::require(count <= fb::kMaxMetrics); }
  fb::Status execute(std::string_view, std::string_view, const fb::Now&) override { return fb::Status::kNotFound; }
  fb::Status alert(const fb::RuleAlert&, const fb::Now&) override { return fb::Status::kOk; }
  void wake(fb::Component&, const fb::Now&) override {}

  static constexpr size_t kForever = SIZE_MAX;
  size_t bytes_left = kForever;
  size_t free_memory = 60'000;
  uint64_t time_us = 0;
  std::map<std::string, std::string, std::less<>> records;
};

/// One life of a device, from a start to the next. Its parts touch nothing but the body.
class Life {
 public:
  Life(FuzzBody& body, const fb::Now& now) : body_(body), room_(), parts_(7, {}) {
    fb::ComponentFactory* const factories[] = {&led_, &relay_, &climate_, &bme280_, &modbus_, &rules_, &model_, &bus_, &needy_};
    for (fb::ComponentFactory* factory : factories) fb::require(registry_.add_type(*factory) == fb::Status::kOk);
    listeners_.follow(orchestrator_);
    store.load("", R"({"components":[{"id":"led","type":"led"}]})", now);
  }
  ~Life() {
    for (size_t i = registry_.size(); i-- > 0;) registry_.remove(registry_.at(i));
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  std::string text() const {
    std::vector<char> buffer(fb::ConfigStore::kMaxDocument + 4096);
    fb::JsonWriter out(buffer.data(), buffer.size());
    store.write(out);
    const fb::Expected<std::string_view> written = out.finish();
    fb::require(written.ok());
    return std::string(written.value());
  }
  /// The same with its components in the order of their text: replaced in place, those that stay keep theirs until a restart.
  std::string meaning() const {
    const std::string whole = text();
    fb::JsonToken tokens[fb::ConfigStore::kMaxValues];
    fb::JsonDocument document(tokens, fb::ConfigStore::kMaxValues);
    fb::require(document.parse(whole).ok());
    const fb::JsonValue list = document.root().member("components");
    std::vector<std::string> items;
    for (fb::JsonValue item = list.first(); item.exists(); item = item.after(list)) items.emplace_back(item.raw());
    std::sort(items.begin(), items.end());
    std::string out = std::string(document.root().member("system").raw()) + "\n" +
                      std::string(document.root().member("telemetry").raw()) + "\n";
    for (const std::string& item : items) out += item + "\n";
    return out;
  }
  void run(const fb::Now& now) {
    parts_.advance(now);
    fb::require(orchestrator_.run(now) >= now.mono);
  }

 private:
  FuzzBody& body_;
  fb::ProbeRoom room_;
  fb::SimParts parts_;
  fb::SampleListeners listeners_;
  fb::LedFactory led_{parts_.lamp};
  fb::RelayFactory relay_{parts_.relays};
  fb::SimClimateFactory climate_{body_, parts_.seed};
  fb::Bme280Factory bme280_{parts_.bme280, body_};
  fb::ModbusRtuFactory modbus_{parts_.inverter, body_};
  fb::RulesServiceFactory rules_{body_, listeners_};
  fb::ModelServiceFactory model_{body_, listeners_, body_};
  fb::FactoryOf<fb::BusProbe, fb::ProbeRoom> bus_{room_};
  fb::FactoryOf<fb::NeedyProbe, fb::ProbeRoom> needy_{room_};
  fb::Registry registry_{body_};
  fb::Orchestrator orchestrator_{registry_, body_, body_};

 public:
  fb::ConfigStore store{body_, body_, registry_, orchestrator_};
};

using Kind = fb::ConfigStore::Refusal::Kind;

/// One device through all of its lives.
class Course {
 public:
  Course() { restart(); }

  void act(fb::FuzzInput& in) {
    const uint8_t what = in.byte();
    const fb::Millis trial = (what & 0x80) != 0 ? 60'000 : 0;
    now_.mono += 100;
    switch (what % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6: return change(what % 16, in.text(), trial);
      case 7: return confirm();
      case 8: life_->store.revert(now_); return reverted();
      case 9: return restart();
      case 10: body_.bytes_left = in.word() % 5000; return;
      case 11: body_.free_memory = in.word(); return;
      default: now_.mono += in.byte() * 50u; return life_->run(now_);
    }
  }

  /// What is configured at the end is a document that another device takes, and means the same there.
  void finish() {
    body_.bytes_left = FuzzBody::kForever;
    body_.free_memory = 1'000'000;
    const std::string text = life_->text();
    FuzzBody other;
    other.free_memory = 1'000'000;
    Life life(other, now_);
    fb::require(take(life, 1, text, 0) == Kind::kNone && life.meaning() == life_->meaning());
    restart();
  }

 private:
  Kind take(Life& life, int how, const std::string& text, fb::Millis trial) {
    const std::vector<char> own(text.begin(), text.end());
    fb::JsonToken tokens[fb::ConfigStore::kMaxValues];
    fb::JsonDocument document(tokens, fb::ConfigStore::kMaxValues);
    if (how == 6) return life.store.remove({own.data(), own.size()}, trial, now_).kind;
    if (!document.parse({own.data(), own.size()}).ok()) return Kind::kShape;
    if (how < 2) return life.store.replace(document.root(), trial, now_).kind;
    if (how < 4) return life.store.add(document.root(), trial, now_).kind;
    return life.store.set(document.root(), trial, now_).kind;
  }

  void change(int how, const std::string& text, fb::Millis trial) {
    const std::string before = life_->text();
    const std::string meant = life_->meaning();
    const bool was_on_trial = life_->store.trying();
    const Kind kind = take(*life_, how, text, trial);
    if (kind != Kind::kNone) {
      fb::require(life_->text() == before && life_->store.trying() == was_on_trial);
      // Its own document may have been stored before the trial, or the cut write be whole after all.
      in_doubt_ = in_doubt_ || kind == Kind::kStorage;
      return;
    }
    // The present one was stored before the trial began, where nothing was.
    if (trial != 0 && stored_.empty()) stored_ = meant;
    if (!life_->store.trying()) stored_ = life_->meaning();
    if (!life_->store.trying()) in_doubt_ = false;
  }

  void confirm() {
    if (!life_->store.trying()) return fb::require(life_->store.confirm() == fb::Status::kOk);
    in_doubt_ = life_->store.confirm() != fb::Status::kOk;
    fb::require(life_->store.trying() == in_doubt_);
    if (!in_doubt_) stored_ = life_->meaning();
  }

  void reverted() {
    fb::require(!life_->store.trying());
    if (!in_doubt_ && !stored_.empty()) expect_stored();
  }

  void restart() {
    body_.bytes_left = FuzzBody::kForever;
    const size_t memory = std::exchange(body_.free_memory, 1'000'000);
    life_.reset();
    life_ = std::make_unique<Life>(body_, now_);
    body_.free_memory = memory;
    if (!stored_.empty() && !in_doubt_) expect_stored();
    if (in_doubt_) stored_ = life_->meaning();
    in_doubt_ = false;
  }

  void expect_stored() const {
    const std::string now = life_->meaning();
    if (now != stored_) std::fprintf(stderr, "stored:\n%snow:\n%s", stored_.c_str(), now.c_str());
    fb::require(now == stored_);
  }

  FuzzBody body_;
  fb::Now now_{1000, 1'767'225'600'000};
  std::unique_ptr<Life> life_;
  std::string stored_;  ///< what a restart must bring back; empty: nothing was stored
  bool in_doubt_ = false;  ///< a write was cut: the old or the new one
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fb::FuzzInput in(data, size);
  Course course;
  for (int acts = 0; !in.empty() && acts < 40; acts++) course.act(in);
  course.finish();
  return 0;
}
