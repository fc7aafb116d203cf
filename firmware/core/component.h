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

/// Takes what a component measured; each call is one sample.
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

/// A part of a device: a sensor, an actuator or a service. Components never see each other. Nothing here blocks, and
/// nothing allocates after the constructor.
class Component {
 public:
  virtual ~Component() = default;

  virtual std::string_view type() const = 0;
  virtual std::string_view version() const = 0;

  /// Checks a change of configuration and writes the whole configuration that it would give; changes nothing. A missing
  /// or empty `change` gives the present one. kInvalid: `fault.field` does not fit.
  virtual Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const = 0;
  /// Takes on a configuration that plan_config wrote.
  virtual void apply_config(const JsonValue& whole, const Now& now) = 0;

  /// Called when due. Returns when it wants to be called next (kNever: only when told), or what went wrong.
  virtual Expected<Millis> step(const Now& now) = 0;
  /// The wait after which a component that failed is tried again, before the scheduler's own backoff.
  virtual Millis retry_after_ms() const { return 1000; }

  /// Carries out a person's act and writes its output, an object. kInvalid: `fault.field` does not fit; kRefused:
  /// `fault.code` and `fault.description` say why.
  virtual Status act(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) = 0;

  /// Its state, an object; the same that the shadow reports.
  virtual void write_report(JsonWriter& out) const = 0;
  /// Rises with each change of what write_report tells that the shadow must show.
  virtual uint32_t report_version() const { return 0; }
  /// Does the shadow show it? A sensor's readings are telemetry, not state.
  virtual bool in_shadow() const { return false; }

  /// JSON Schemas (draft 2020-12) of act()'s input and of the configuration.
  virtual std::string_view input_schema() const = 0;
  virtual std::string_view config_schema() const = 0;
};

}  // namespace fb
