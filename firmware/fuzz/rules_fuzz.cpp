// Any configuration of rules and any course of samples and times: what fires and clears is the same whether the rules are
// looked at when they ask to be, or at any other times besides. The configuration ends at the first NUL; the rest is the
// course.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/rules.h"
#include "core/rules_engine.h"
#include "fuzz/fuzz_input.h"

namespace {

struct Edge {
  fb::Millis at;
  uint16_t fired;
  uint16_t cleared;
  bool operator==(const Edge& other) const { return at == other.at && fired == other.fired && cleared == other.cleared; }
};

/// An engine and what it said.
struct Course {
  explicit Course(const fb::RuleTable& table) : engine(table) { engine.begin({0, clock}); }
  void look(fb::Millis at) {
    const fb::Now now{at, clock + static_cast<int64_t>(at)};
    const fb::RulesEngine::Edges edges = engine.evaluate(now);
    fb::require((edges.fired & edges.cleared) == 0);
    if (edges.fired != 0 || edges.cleared != 0) said.push_back({at, edges.fired, edges.cleared});
    due = engine.next_due(now);
    fb::require(due > at);
  }
  /// As the device does it: whenever it asked for.
  void run_to(fb::Millis end) {
    for (int turns = 0; due <= end && turns < 200; turns++) look(due);
  }
  void hear(std::string_view component, const fb::Metric& metric, fb::Millis at) {
    engine.hear(component, &metric, 1, {at, clock + static_cast<int64_t>(at)});
    look(at);
  }
  static constexpr int64_t clock = 1'767'225'600'000;  // 2026-01-01
  fb::RulesEngine engine;
  std::vector<Edge> said;
  fb::Millis due = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static fb::JsonToken tokens[512];
  static fb::RuleTable table;
  const uint8_t* const course_at = std::find(bytes, bytes + size, 0);
  const std::vector<char> text(bytes, course_at);
  fb::JsonDocument document(tokens, 512);
  if (!document.parse({text.data(), text.size()}).ok()) return 0;
  std::vector<char> buffer(65'536);
  fb::JsonWriter out(buffer.data(), buffer.size());
  fb::Fault fault;
  if (table.plan(document.root(), out, fault) != fb::Status::kOk) return 0;
  fb::require(out.finish().ok());
  const std::string planned(out.finish().value());
  fb::JsonDocument whole(tokens, 512);
  if (!whole.parse(planned).ok()) return 0;  // written out it may have more values than there is room for
  table.take(whole.root());
  fb::JsonWriter again(buffer.data(), buffer.size());
  fb::require(table.plan({}, again, fault) == fb::Status::kOk && again.finish().value() == planned);

  Course asked(table);
  Course often(table);
  asked.look(0);
  often.look(0);
  fb::Millis now = 0;
  static const char* const kComponents[] = {"c", "a", "", "climate"};
  static const char* const kMetrics[] = {"t", "h", "temperature", "c.t"};
  for (const uint8_t* at = course_at; at + 3 < bytes + size && now < 200'000'000; at += 4) {
    const fb::Millis before = now;
    now += static_cast<fb::Millis>(at[1]) * (at[0] & 1 ? 10 : at[0] & 2 ? 1000 : 60'000);
    asked.run_to(now);
    // The other is looked at in between too.
    if (now > before) {
      const fb::Millis between = before + (now - before) * at[2] / 256;
      often.run_to(between);
      if (between > before) often.look(between);
    }
    often.run_to(now);
    const fb::Metric metric{kMetrics[at[0] >> 2 & 3], static_cast<double>(static_cast<int8_t>(at[3]))};
    asked.hear(kComponents[at[0] >> 4 & 3], metric, now);
    often.hear(kComponents[at[0] >> 4 & 3], metric, now);
    fb::require(asked.said == often.said);
    for (size_t r = 0; r < table.size(); r++) fb::require(asked.engine.phase(r) == often.engine.phase(r));
  }
  return 0;
}
