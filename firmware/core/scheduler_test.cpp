#include "core/scheduler.h"

#include <vector>

#include "ports/host/test.h"

using namespace fb;

namespace {

class Probe final : public Component {
 public:
  Probe(int id, std::vector<int>& order, Millis period) : id_(id), order_(order), period_(period) {}
  std::string_view type() const override { return "probe"; }
  std::string_view version() const override { return "1"; }
  Status plan_config(const JsonValue&, JsonWriter&, Fault&) const override { return Status::kOk; }
  void init(const JsonValue&, const Now&) override {}
  Expected<Millis> execute(const Now& now) override {
    order_.push_back(id_);
    if (fails) return Status::kUnavailable;
    return now.mono + period_;
  }
  Status execute_now(const JsonValue&, JsonWriter&, Fault&, const Now&) override { return Status::kRefused; }
  void write_state(JsonWriter&) const override {}
  void write_execute_options(JsonWriter& out) const override { out.raw("{}"); }
  void write_config_schema(JsonWriter& out) const override { out.raw("{}"); }

  bool fails = false;

 private:
  int id_;
  std::vector<int>& order_;
  Millis period_;
};

}  // namespace

FB_TEST("runs what is due, the more important first, and says when the next is") {
  std::vector<int> order;
  Probe slow(1, order, 100), urgent(0, order, 30);
  Scheduler scheduler;
  EXPECT(scheduler.add(slow, 5, true, {}) == Status::kOk);
  EXPECT(scheduler.add(urgent, 1, true, {}) == Status::kOk);
  EXPECT(scheduler.run({0, 0}) == 30);
  EXPECT((order == std::vector<int>{0, 1}));
  EXPECT(scheduler.run({30, 0}) == 60);
  EXPECT((order == std::vector<int>{0, 1, 0}));
}

FB_TEST("leaves a failing component alone for longer each time, and the others run on") {
  std::vector<int> order;
  Probe bad(1, order, 10), good(2, order, 1000);
  bad.fails = true;
  Scheduler scheduler;
  EXPECT(scheduler.add(bad, 0, true, {}) == Status::kOk);
  EXPECT(scheduler.add(good, 1, true, {}) == Status::kOk);
  for (Millis t = 0; t <= 4000; t += 1000) scheduler.run({t, 0});
  EXPECT(scheduler.state(bad) == Scheduler::State::kQuarantined);
  EXPECT(scheduler.find(bad)->due == 4000 + Scheduler::kFirstQuarantineMs);
  scheduler.run({34'000, 0});
  EXPECT(scheduler.find(bad)->due == 34'000 + 2 * Scheduler::kFirstQuarantineMs);
  EXPECT(scheduler.find(bad)->errors == 6);
  EXPECT(scheduler.find(good)->errors == 0 && scheduler.find(good)->runs >= 5);
  bad.fails = false;
  scheduler.wake(bad, {40'000, 0});
  scheduler.run({40'000, 0});
  EXPECT(scheduler.state(bad) == Scheduler::State::kActive);
}

FB_TEST("counts a turn that was missed, and does not make up for it") {
  std::vector<int> order;
  Probe probe(1, order, 10);
  Scheduler scheduler;
  EXPECT(scheduler.add(probe, 0, true, {}) == Status::kOk);
  scheduler.run({0, 0});
  scheduler.run({15, 0});
  EXPECT(scheduler.find(probe)->overruns == 0);
  scheduler.run({100, 0});
  EXPECT(scheduler.find(probe)->overruns == 1 && order.size() == 3);
}

FB_TEST("a disabled component never runs") {
  std::vector<int> order;
  Probe probe(1, order, 10);
  Scheduler scheduler;
  EXPECT(scheduler.add(probe, 0, false, {}) == Status::kOk);
  EXPECT(scheduler.run({0, 0}) == kNever);
  EXPECT(order.empty() && scheduler.state(probe) == Scheduler::State::kDisabled);
}
