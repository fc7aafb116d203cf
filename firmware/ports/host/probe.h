#pragma once

#include <string>
#include <vector>

#include "core/factory.h"
#include "core/fields.h"

namespace fb {

struct ProbeConfig {
  double period_ms = 100;
  bool fails = false;
};

/// What probes did, and what is done to them; shared by all of a test.
struct ProbeRoom {
  std::vector<std::string> calls;  ///< "execute 100", "init 100", "cleanup": the number is the period
  uint64_t time_us = 0;
  uint64_t takes_us = 1;
};

/// A component for tests of what runs components. It needs `Needs` and gives `Gives`.
template <const char* Type, const char* Gives, const char* Needs>
class Probe final : public Configured<ProbeConfig> {
 public:
  static constexpr std::string_view kType = Type;
  explicit Probe(ProbeRoom& room) : room_(room) {}
  std::string_view type() const override { return Type; }
  std::string_view version() const override { return "1"; }
  std::string_view capabilities() const override { return Gives; }
  std::string_view dependencies() const override { return Needs; }
  Expected<Millis> execute(const Now& now) override {
    note("execute");
    room_.time_us += room_.takes_us;
    if (config_.fails) return Status::kUnavailable;
    return now.mono + static_cast<Millis>(config_.period_ms);
  }
  void cleanup(const Now&) override { note("cleanup"); }
  Status execute_now(const JsonValue&, JsonWriter& out, Fault&, const Now&) override {
    out.begin_object().end_object();
    return Status::kOk;
  }
  void write_state(JsonWriter& out) const override { out.begin_object().end_object(); }
  void write_execute_options(JsonWriter& out) const override { out.raw("{}"); }

 private:
  Fields fields() const override {
    static constexpr Field kFields[] = {number_field("period_ms", "Interval (ms)", offsetof(ProbeConfig, period_ms), 1, 1e6),
                                        boolean_field("fails", "Fails", offsetof(ProbeConfig, fails))};
    return {kFields, 2};
  }
  void configured(const Now&) override { note("init"); }
  void note(const char* what) {
    room_.calls.push_back(std::string(what) + " " + std::to_string(static_cast<int>(config_.period_ms)));
  }
  ProbeRoom& room_;
};

inline constexpr char kProbe[] = "probe";
inline constexpr char kBus[] = "bus";
inline constexpr char kSensor[] = "sensor";
inline constexpr char kNothing[] = "";
inline constexpr char kBusCapability[] = "bus.test";
using PlainProbe = Probe<kProbe, kNothing, kNothing>;
using BusProbe = Probe<kBus, kBusCapability, kNothing>;
using NeedyProbe = Probe<kSensor, kNothing, kBusCapability>;

}  // namespace fb
