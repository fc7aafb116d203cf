#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/status.h"
#include "core/time.h"

namespace fb {

/// One measured value. `name` outlives the call it is passed in.
struct Metric {
  std::string_view name;
  double value;
};

/// The most metrics that one sample has on a device.
inline constexpr size_t kMaxMetrics = 16;

/// Takes what a component measured; each call is one sample of at most kMaxMetrics.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  virtual void take(const Metric* metrics, size_t count, const Now& now) = 0;
};

/// What is wrong with an input, for whoever sent it. The views are literals.
struct Fault {
  std::string_view field;        ///< member that does not fit, "" for the input itself
  int code = 0;                  ///< the component's own, where it refused
  std::string_view description;  ///< likewise
};

/// A part of a device: a sensor, an actuator or a service. Components never see each other: what one needs is a capability
/// that another must give. Nothing here blocks, and nothing allocates after the constructor.
///
///     created → configured → active → cleanup
///
/// The orchestrator makes these moves (core/lifecycle.h) and refuses every other: execute() is called only while active.
class Component {
 public:
  virtual ~Component() = default;

  virtual std::string_view type() const = 0;
  virtual std::string_view version() const = 0;
  /// What it can do, lower-case words with points, apart by spaces: `measure.temperature act.switch`.
  virtual std::string_view capabilities() const { return {}; }
  /// Capabilities that another component must give before this one can start; likewise.
  virtual std::string_view dependencies() const { return {}; }

  /// Checks a change of configuration and writes the whole configuration that it would give; changes nothing. A missing
  /// or empty `change` gives the present one. kInvalid: `fault.field` does not fit.
  virtual Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const = 0;
  /// Takes on a configuration that plan_config wrote; a missing one means the one it has. Hardware is first touched in
  /// execute().
  virtual void init(const JsonValue& config, const Now& now) = 0;
  /// Called when due. Returns when it wants to be called next (kNever: only when told), or what went wrong.
  virtual Expected<Millis> execute(const Now& now) = 0;
  /// It will not be executed again before another init(): outputs go to rest, buses are let go.
  virtual void cleanup(const Now&) {}
  /// The wait after which a component that failed is tried again, before the orchestrator's own backoff.
  virtual Millis retry_after_ms() const { return 1000; }

  /// Carries out a person's act and writes its output, an object. kInvalid: `fault.field` does not fit; kRefused:
  /// `fault.code` and `fault.description` say why.
  virtual Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) = 0;

  /// Its state, an object; the same that the shadow reports.
  virtual void write_state(JsonWriter& out) const = 0;
  /// Takes back a state that write_state wrote, as after a restart; members it does not know are passed over.
  virtual void set_state(const JsonValue&, const Now&) {}
  /// Is its state stored, and given back with set_state() after a restart? Counts changes by state_version().
  virtual bool keeps_state() const { return false; }
  /// Rises with each change of what write_state tells that the shadow must show.
  virtual uint32_t state_version() const { return 0; }
  /// Does the shadow show it? A sensor's readings are telemetry, not state.
  virtual bool in_shadow() const { return false; }

  /// JSON Schemas (draft 2020-12) of execute_now()'s input (`false`: it takes none) and of the configuration.
  virtual void write_execute_options(JsonWriter& out) const = 0;
  virtual void write_config_schema(JsonWriter& out) const = 0;
  /// Is it a member of the configuration? What is not is a slip of whoever wrote it, and refused; in a configuration that is
  /// stored it is passed over, since another firmware may know it.
  virtual bool knows_member(const JsonValue&) const { return true; }
};

}  // namespace fb
