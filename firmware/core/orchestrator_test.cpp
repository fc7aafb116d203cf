#include "core/orchestrator.h"

#include <algorithm>
#include <string>

#include "ports/host/probe.h"
#include "ports/host/test.h"

namespace {

using fb::Millis;
using fb::Orchestrator;

/// A registry and an orchestrator with a clock of their own.
struct Room final : fb::Memory, fb::Stopwatch, fb::Power {
  Room() {
    for (fb::ComponentFactory* factory : {static_cast<fb::ComponentFactory*>(&plain), static_cast<fb::ComponentFactory*>(&bus),
                                          static_cast<fb::ComponentFactory*>(&needy)})
      EXPECT(registry.add_type(*factory) == fb::Status::kOk);
  }
  size_t free_bytes() override { return free; }
  uint64_t micros() override { return probes.time_us; }
  fb::ResetReason reset_reason() override { return fb::ResetReason::kPowerOn; }
  void feed_watchdog() override { fed++; }

  fb::Registry::Entry& add(const char* type, const char* id, const std::string& config, uint8_t priority = 5) {
    EXPECT(!registry.add(type, id));
    fb::Registry::Entry& entry = *registry.find(id);
    entry.schedule.priority = priority;
    configure(entry, config);
    return entry;
  }
  void configure(fb::Registry::Entry& entry, const std::string& config) {
    fb::JsonToken tokens[16];
    fb::JsonDocument document(tokens, 16);
    EXPECT(document.parse(config).ok());
    if (entry.lifecycle.now() != fb::Lifecycle::kConfigured)
      EXPECT(entry.lifecycle.move(fb::Lifecycle::kConfigured) == fb::Status::kOk);
    entry.component->init(document.root(), {});
  }
  int calls(const std::string& what) {
    return static_cast<int>(std::count(probes.calls.begin(), probes.calls.end(), what));
  }

  fb::ProbeRoom probes;
  size_t free = 100'000;
  int fed = 0;
  fb::FactoryOf<fb::PlainProbe, fb::ProbeRoom> plain{probes};
  fb::FactoryOf<fb::BusProbe, fb::ProbeRoom> bus{probes};
  fb::FactoryOf<fb::NeedyProbe, fb::ProbeRoom> needy{probes};
  fb::Registry registry{*this};
  Orchestrator orchestrator{registry, *this, *this};
};

}  // namespace

FB_TEST("runs what is due, the more important first, and says when the next is") {
  Room room;
  room.add("probe", "slow", R"({"period_ms":100})", 5);
  room.add("probe", "urgent", R"({"period_ms":30})", 1);
  room.orchestrator.settle({});
  room.probes.calls.clear();
  EXPECT(room.orchestrator.run({0, 0}) == 30);
  EXPECT((room.probes.calls == std::vector<std::string>{"execute 30", "execute 100"}));
  EXPECT(room.orchestrator.run({30, 0}) == 60);
  EXPECT(room.calls("execute 30") == 2 && room.calls("execute 100") == 1);
  EXPECT(room.fed == 2);
}

FB_TEST("a queue of sixty keeps the order of their deadlines whatever comes and goes") {
  Room room;
  for (int i = 0; i < 60; i++)
    room.add("probe", ("p" + std::to_string(i)).c_str(), R"({"period_ms":)" + std::to_string(10 + i * 7 % 53) + "}");
  room.orchestrator.settle({});
  Millis now = 0;
  for (int turn = 0; turn < 400; turn++) {
    const Millis next = room.orchestrator.run({now, 0});
    Millis earliest = fb::kNever;
    for (size_t i = 0; i < room.registry.size(); i++) earliest = std::min(earliest, room.registry.at(i).task.due);
    EXPECT(next == earliest && next > now);
    now = next;
    if (turn % 7 == 3 && room.registry.size() > 5) {
      fb::Registry::Entry& gone = room.registry.at(turn % room.registry.size());
      room.orchestrator.end(gone, {now, 0});
      room.registry.remove(gone);
    }
  }
}

FB_TEST("leaves a failing component alone for longer each time, and the others run on") {
  Room room;
  fb::Registry::Entry& bad = room.add("probe", "bad", R"({"period_ms":10,"fails":true})", 0);
  fb::Registry::Entry& good = room.add("probe", "good", R"({"period_ms":1000})", 1);
  room.orchestrator.settle({});
  Millis now = 0;
  while (bad.task.errors < Orchestrator::kFailuresToQuarantine) now = room.orchestrator.run({now, 0});
  EXPECT(room.orchestrator.state(bad) == Orchestrator::State::kQuarantined);
  const Millis first = bad.task.due;
  EXPECT(first >= Orchestrator::kFirstQuarantineMs);
  while (bad.task.errors < 6) now = room.orchestrator.run({now, 0});
  EXPECT(bad.task.due == first + 2 * Orchestrator::kFirstQuarantineMs);
  EXPECT(good.task.errors == 0 && good.task.times.count() > 30);
  room.configure(bad, R"({"fails":false})");
  room.orchestrator.settle({now, 0});
  room.orchestrator.run({now, 0});
  EXPECT(room.orchestrator.state(bad) == Orchestrator::State::kActive);
}

FB_TEST("counts a turn that was missed, does not make up for it, and counts a run over its budget") {
  Room room;
  fb::Registry::Entry& probe = room.add("probe", "probe", R"({"period_ms":10})");
  probe.schedule.budget_us = 500;
  room.orchestrator.settle({});
  room.orchestrator.run({0, 0});
  room.orchestrator.run({15, 0});
  EXPECT(probe.task.late == 0 && probe.task.over_budget == 0);
  room.probes.takes_us = 501;
  room.orchestrator.run({100, 0});
  EXPECT(probe.task.late == 1 && room.calls("execute 10") == 3 && probe.task.over_budget == 1);
  EXPECT(probe.task.times.max_us() == 501 && probe.task.times.percentile_us(99) == 501);
}

FB_TEST("under load intervals grow, and come back when it is over") {
  Room room;
  fb::Registry::Entry& patient = room.add("probe", "patient", R"({"period_ms":10})");
  fb::Registry::Entry& strict = room.add("probe", "strict", R"({"period_ms":10})");
  strict.schedule.stretch = 1;
  room.probes.takes_us = 9'000;  // two of them each 10 ms: more than one CPU has
  room.orchestrator.settle({});
  Millis now = 0;
  while (now < 60'000) now = room.orchestrator.run({now, 0});
  EXPECT(room.orchestrator.load_permille() > 500);
  EXPECT(patient.task.interval > 10 && strict.task.interval == 10);
  EXPECT(patient.task.share_permille > 0);
  room.probes.takes_us = 1;
  while (now < 200'000) now = room.orchestrator.run({now, 0});
  EXPECT(room.orchestrator.stretch_quarters() == 4 && patient.task.interval == 10);
}

FB_TEST("a disabled component never runs, and is at rest when it is disabled") {
  Room room;
  fb::Registry::Entry& probe = room.add("probe", "probe", R"({"period_ms":10})");
  room.orchestrator.settle({});
  room.orchestrator.run({0, 0});
  probe.enabled = false;
  room.orchestrator.settle({});
  EXPECT(room.orchestrator.run({50, 0}) == fb::kNever);
  EXPECT(room.calls("cleanup 10") == 1 && room.orchestrator.state(probe) == Orchestrator::State::kDisabled);
  probe.enabled = true;
  room.orchestrator.settle({60, 0});
  EXPECT(room.calls("init 10") == 2);  // rest is left by init alone
  room.orchestrator.run({60, 0});
  EXPECT(room.calls("execute 10") == 2);
}

FB_TEST("what a component needs starts before it, and it waits while that is missing") {
  Room room;
  fb::Registry::Entry& sensor = room.add("sensor", "s", R"({"period_ms":20})");
  room.orchestrator.settle({});
  EXPECT(room.orchestrator.run({0, 0}) == fb::kNever);
  EXPECT(room.orchestrator.state(sensor) == Orchestrator::State::kWaiting);
  EXPECT(room.registry.missing_capability(sensor) == "bus.test");
  room.add("bus", "b", R"({"period_ms":50})");
  room.orchestrator.settle({});
  EXPECT(room.registry.at(0).id.view() == "b" && room.registry.at(1).id.view() == "s");
  room.orchestrator.run({0, 0});
  EXPECT(room.calls("execute 20") == 1);
  const fb::Registry::Refusal refusal = room.registry.may_remove("b");
  EXPECT(refusal.kind == fb::Registry::Refusal::Kind::kNeeded && refusal.other == "s");
  EXPECT(!room.registry.may_remove("s"));
}

FB_TEST("refuses a component for which there is no memory, with the figures") {
  Room room;
  room.free = 2000;
  const fb::Registry::Refusal refusal = room.registry.add("probe", "p");
  EXPECT(refusal.kind == fb::Registry::Refusal::Kind::kMemory && refusal.free == 2000);
  EXPECT(refusal.needed >= sizeof(fb::PlainProbe) && room.registry.size() == 0);
  room.free = 100'000;
  EXPECT(room.registry.add("nothing", "p").kind == fb::Registry::Refusal::Kind::kNoType);
  EXPECT(!room.registry.add("probe", "p"));
  EXPECT(room.registry.add("probe", "p").kind == fb::Registry::Refusal::Kind::kTaken);
}

FB_TEST("every move of the lifecycle is legal or refused") {
  using fb::Lifecycle;
  const Lifecycle all[] = {Lifecycle::kCreated, Lifecycle::kConfigured, Lifecycle::kActive, Lifecycle::kCleanup};
  const bool legal[4][4] = {{false, true, false, true}, {false, true, true, true}, {false, true, false, true}, {}};
  for (int from = 0; from < 4; from++)
    for (int to = 0; to < 4; to++) {
      fb::LifecycleState state;
      for (int step = 1; step <= from; step++) EXPECT(state.move(all[step]) == fb::Status::kOk);
      const bool moved = state.move(all[to]) == fb::Status::kOk;
      EXPECT_IN(std::to_string(from) + " to " + std::to_string(to), moved == legal[from][to]);
      EXPECT(state.now() == all[moved ? to : from]);
    }
}
