#include "components/inverter_flow/inverter_flow.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

using fb::FlowProgress;
using fb::Millis;
using fb::Now;
using fb::Status;

class FlowTestRng final : public fb::Rng {
 public:
  uint32_t next() override { return state += 0x9e3779b9u; }
  uint32_t state = 1;
};

/// An act that takes so long and then ends as it is told to.
template <typename Interface>
class FlowTestAct : public Interface {
 public:
  Status begin(const Now& now) override {
    begins.push_back(now.mono);
    ends_at = now.mono + takes;
    return begin_status;
  }
  FlowProgress progress(const Now& now) override { return now.mono < ends_at ? FlowProgress::kUnderWay : outcome; }
  void abandon(const Now&) override { abandoned++; }

  std::vector<Millis> begins;
  Millis takes = 50;
  Millis ends_at = 0;
  Status begin_status = Status::kOk;
  FlowProgress outcome = FlowProgress::kDone;
  int abandoned = 0;
};

class FlowTestUpload final : public FlowTestAct<fb::FlowUpload> {
 public:
  Status compress(size_t samples, const Now&) override {
    batches.push_back(samples);
    return compress_status;
  }
  Status secure(const Now&) override { return secure_status; }
  std::vector<size_t> batches;
  Status compress_status = Status::kOk;
  Status secure_status = Status::kOk;
};

class FlowTestUpdate final : public FlowTestAct<fb::FlowUpdate> {
 public:
  bool wanted() const override { return is_wanted; }
  bool is_wanted = false;
};

class FlowTestLink final : public fb::FlowLink {
 public:
  bool up() const override { return is_up; }
  bool is_up = true;
};

/// A flow, what it drives, and a clock that goes from one wanted turn to the next.
struct FlowBench {
  FlowTestAct<fb::FlowAct> poll;
  FlowTestUpload upload;
  FlowTestAct<fb::FlowAct> commands;
  FlowTestUpdate update;
  FlowTestLink link;
  FlowTestRng rng;
  fb::FlowPorts ports{poll, upload, commands, update, link};
  fb::InverterFlow flow{ports, rng};
  Millis now = 1000;
  Millis due = 1000;
  int turns = 0;

  explicit FlowBench(const std::string& config = "{}") {
    fb::JsonToken tokens[32];
    fb::JsonDocument document(tokens, 32);
    EXPECT(document.parse(config).ok());
    flow.init(document.root(), {now, 0});
  }
  void run_to(Millis until) {
    while (due <= until) {
      now = due;
      const Millis next = flow.execute({now, 0}).value();
      EXPECT(next > now);
      due = std::max(next, now + 1);
      turns++;
    }
    now = until;
  }
  /// As after a person's act: at once.
  void wake() { due = now; }
  std::string state() {
    char buffer[1024];
    fb::JsonWriter out(buffer, sizeof buffer);
    flow.write_state(out);
    return std::string(out.finish().value());
  }
  Status ask(const std::string& input) {
    fb::JsonToken tokens[16];
    fb::JsonDocument document(tokens, 16);
    EXPECT(document.parse(input).ok());
    char buffer[1024];
    fb::JsonWriter out(buffer, sizeof buffer);
    fb::Fault fault;
    return flow.execute_now(document.root(), out, fault, {now, 0});
  }
  bool shows(const std::string& part) { return state().find(part) != std::string::npos; }
};

}  // namespace

FB_TEST("inverter flow polls each 2 s, asks for commands each 5 s and uploads batches of 7") {
  FlowBench bench;
  bench.run_to(1000 + 60'000);
  EXPECT(bench.poll.begins.size() == 31);
  for (size_t i = 0; i < bench.poll.begins.size(); i++) EXPECT(bench.poll.begins[i] == 1000 + 2000 * i);
  EXPECT(bench.commands.begins.size() == 13);
  // Seven samples are there after the 7th, 14th, 21st and 28th poll: before the 15 s are over.
  EXPECT(bench.upload.batches == std::vector<size_t>(4, 7));
  for (size_t i = 0; i < bench.upload.begins.size(); i++) {
    const Millis poll = 1000 + 12'000 + 14'000 * i;
    EXPECT(bench.upload.begins[i] >= poll + 50 && bench.upload.begins[i] <= poll + 300);
  }
}

FB_TEST("inverter flow uploads what there is when the time for a batch has come") {
  FlowBench bench(R"({"poll_s":10})");
  bench.run_to(1000 + 100'000);
  EXPECT(bench.upload.batches.size() >= 5);
  for (const size_t samples : bench.upload.batches) EXPECT(samples <= 2);
  for (size_t i = 1; i < bench.upload.begins.size(); i++)
    EXPECT(bench.upload.begins[i] - bench.upload.begins[i - 1] <= 20'200);
}

FB_TEST("inverter flow keeps a batch until the link is there and gives up the oldest samples beyond it") {
  FlowBench bench;
  bench.link.is_up = false;
  bench.run_to(1000 + 60'000);
  EXPECT(bench.upload.begins.empty());
  EXPECT(bench.commands.begins.empty());
  EXPECT(bench.upload.batches == std::vector<size_t>{7});
  EXPECT(bench.poll.begins.size() == 31);
  EXPECT(bench.shows(R"("upload":"link")"));
  // 31 polls; 7 samples in the batch, 7 behind it.
  EXPECT(bench.shows(R"("samples_given_up":17)"));
  bench.link.is_up = true;
  bench.run_to(1000 + 62'000);
  EXPECT(bench.upload.begins.size() >= 1);
  EXPECT(bench.upload.batches.size() >= 2);
}

FB_TEST("inverter flow sends the same batch again after a failure, ever later") {
  FlowBench bench;
  bench.upload.outcome = FlowProgress::kFailed;
  bench.run_to(1000 + 120'000);
  EXPECT(bench.upload.batches == std::vector<size_t>{7});
  EXPECT(bench.upload.begins.size() >= 4 && bench.upload.begins.size() <= 8);
  EXPECT(bench.shows(R"("upload":"backoff")"));
  bench.upload.outcome = FlowProgress::kDone;
  bench.run_to(1000 + 240'000);
  EXPECT(bench.upload.batches.size() > 5);
  EXPECT(bench.shows(R"("upload.failed")") == false);
}

FB_TEST("inverter flow goes on polling after polls that failed, and backs off meanwhile") {
  FlowBench bench;
  bench.poll.begin_status = Status::kUnavailable;
  bench.run_to(1000 + 120'000);
  EXPECT(bench.poll.begins.size() >= 4 && bench.poll.begins.size() <= 9);
  EXPECT(bench.shows(R"("poll":"backoff")"));
  EXPECT(bench.upload.batches.empty());
  bench.poll.begin_status = Status::kOk;
  const size_t before = bench.poll.begins.size();
  bench.run_to(1000 + 240'000);
  EXPECT(bench.poll.begins.size() - before >= 29);
}

FB_TEST("inverter flow abandons an act that takes too long") {
  FlowBench bench(R"({"command_s":0})");
  bench.poll.takes = fb::kNever / 2;
  bench.run_to(1000 + 29'000);
  EXPECT(bench.poll.abandoned == 0);
  EXPECT(bench.shows(R"("poll":"answer")"));
  bench.run_to(1000 + 31'000);
  EXPECT(bench.poll.abandoned == 1);
  EXPECT(bench.shows(R"("failures":{"poll":1)"));
}

FB_TEST("inverter flow makes no batch of what cannot be compressed or secured, and goes on") {
  FlowBench bench;
  bench.upload.compress_status = Status::kNoSpace;
  bench.run_to(1000 + 20'000);
  EXPECT(bench.shows(R"("batches_not_made":1)"));
  bench.upload.compress_status = Status::kOk;
  bench.upload.secure_status = Status::kUnavailable;
  bench.run_to(1000 + 34'000);
  EXPECT(bench.shows(R"("batches_not_made":2)"));
  bench.upload.secure_status = Status::kOk;
  bench.run_to(1000 + 48'000);
  EXPECT(bench.upload.begins.size() == 1);
}

FB_TEST("inverter flow keeps upload, commands and update apart on the uplink, and polls through an update") {
  FlowBench bench;
  bench.update.takes = 60'000;
  bench.run_to(1000 + 10'100);
  bench.update.is_wanted = true;
  bench.run_to(1000 + 12'000);
  EXPECT(bench.update.begins.size() == 1);
  bench.update.is_wanted = false;
  const size_t commands = bench.commands.begins.size();
  const size_t polls = bench.poll.begins.size();
  bench.run_to(1000 + 60'000);
  EXPECT(bench.commands.begins.size() == commands);
  EXPECT(bench.upload.begins.empty());
  EXPECT(bench.poll.begins.size() == polls + 24);
  EXPECT(bench.shows(R"("upload":"radio")"));
  bench.run_to(1000 + 80'000);
  EXPECT(bench.commands.begins.size() > commands);
  EXPECT(bench.upload.begins.size() >= 1);
}

FB_TEST("inverter flow with its gate is woken for polls alone and still does everything") {
  FlowBench open(R"({"poll_s":10,"command_s":7})");
  FlowBench gated(R"({"poll_s":10,"command_s":7,"gate":true})");
  for (FlowBench* bench : {&open, &gated}) {
    bench->poll.takes = bench->commands.takes = bench->upload.takes = 0;
    bench->run_to(1000 + 600'000);
    EXPECT(bench->poll.begins.size() == 61);
    EXPECT(bench->upload.batches.size() >= 30);
  }
  EXPECT(gated.commands.begins.size() >= 60);
  for (const Millis at : gated.commands.begins) EXPECT((at - 1000) % 10'000 <= 300);
  std::printf("    turns in 10 min: %d, gated %d\n", open.turns, gated.turns);
  EXPECT(gated.turns < open.turns);
}

FB_TEST("inverter flow polls and uploads at once when asked to, and refuses what it cannot do") {
  FlowBench bench(R"({"poll_s":100,"batch_s":1000,"command_s":0})");
  EXPECT(bench.ask(R"({"upload":true})") == Status::kRefused);
  EXPECT(bench.ask(R"({"poll":false})") == Status::kInvalid);
  EXPECT(bench.ask("{}") == Status::kInvalid);
  bench.run_to(11'000);
  EXPECT(bench.poll.begins.size() == 1);
  EXPECT(bench.ask(R"({"poll":true})") == Status::kOk);
  bench.wake();
  bench.run_to(12'000);
  EXPECT(bench.poll.begins.size() == 2);
  EXPECT(bench.ask(R"({"upload":true})") == Status::kOk);
  bench.wake();
  bench.run_to(13'000);
  EXPECT(bench.upload.batches == std::vector<size_t>{2});
}

FB_TEST("inverter flow takes a new configuration at once and lets go of what was under way") {
  FlowBench bench;
  bench.poll.takes = 10'000;
  bench.run_to(1500);
  fb::JsonToken tokens[16];
  fb::JsonDocument document(tokens, 16);
  EXPECT(document.parse(R"({"batch":2,"poll_s":1})").ok());
  bench.flow.init(document.root(), {bench.now, 0});
  EXPECT(bench.poll.abandoned == 1);
  bench.poll.takes = 10;
  bench.wake();
  bench.run_to(10'000);
  EXPECT(bench.upload.batches.size() >= 3);
  for (const size_t samples : bench.upload.batches) EXPECT(samples == 2);
}

FB_TEST("inverter flow refuses a batch time that is shorter than its polls") {
  fb::JsonToken tokens[16];
  fb::JsonDocument document(tokens, 16);
  EXPECT(document.parse(R"({"poll_s":20,"batch_s":15})").ok());
  FlowBench bench;
  char buffer[256];
  fb::JsonWriter out(buffer, sizeof buffer);
  fb::Fault fault;
  EXPECT(bench.flow.plan_config(document.root(), out, fault) == Status::kInvalid);
  EXPECT(fault.field == "batch_s");
}

FB_TEST("inverter flow tells its marking as its state, with a version that rises") {
  FlowBench bench;
  const uint32_t before = bench.flow.state_version();
  bench.run_to(1000);
  EXPECT(bench.flow.state_version() > before);
  EXPECT(bench.shows(R"({"marking":{"poll.busy":1,"room":13,"batch.room":7,"upload.wait":1,"commands.busy":1,)"));
  EXPECT(bench.flow.in_shadow());
}
