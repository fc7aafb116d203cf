#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/component.h"
#include "core/small_string.h"

namespace fb {

/// One member of a flat object that people set: its check, its place in a struct and its part of a JSON Schema, said once.
/// The struct is of standard layout, with `double` for numbers, integers and choices (their index), `bool` and
/// `SmallString<32>` for texts.
struct Field {
  enum class Kind : uint8_t { kNumber, kInteger, kBoolean, kChoice, kText };
  std::string_view name;
  std::string_view title;  ///< with its unit: "Interval (ms)"
  Kind kind;
  size_t offset;
  double lowest = 0;
  double highest = 0;        ///< of a text: its most bytes, 1…32
  std::string_view choices;  ///< words apart by spaces
};

constexpr Field number_field(std::string_view name, std::string_view title, size_t offset, double lowest, double highest) {
  return {name, title, Field::Kind::kNumber, offset, lowest, highest, {}};
}
constexpr Field integer_field(std::string_view name, std::string_view title, size_t offset, double lowest, double highest) {
  return {name, title, Field::Kind::kInteger, offset, lowest, highest, {}};
}
constexpr Field boolean_field(std::string_view name, std::string_view title, size_t offset) {
  return {name, title, Field::Kind::kBoolean, offset, 0, 1, {}};
}
constexpr Field choice_field(std::string_view name, std::string_view title, size_t offset, std::string_view choices) {
  return {name, title, Field::Kind::kChoice, offset, 0, 0, choices};
}
constexpr Field text_field(std::string_view name, std::string_view title, size_t offset, size_t most) {
  return {name, title, Field::Kind::kText, offset, 0, static_cast<double>(most), {}};
}

/// A table of fields and the struct they lie in.
struct Fields {
  const Field* first = nullptr;
  size_t count = 0;

  /// Takes the members that `from` has over into `object`; others stay. kInvalid: `fault.field`, and `object` is spoilt.
  Status read(const JsonValue& from, void* object, Fault& fault) const;
  /// Is there a field of that name?
  bool has(const JsonValue& name) const;
  /// The first member of `from` that is none of the fields; missing where all are.
  JsonValue unknown_in(const JsonValue& from) const;
  /// The whole of `object`.
  void write(const void* object, JsonWriter& out) const;
  /// Its members, into an object that is open.
  void write_members(const void* object, JsonWriter& out) const;
  /// The schema; `defaults` may be null.
  void write_schema(const void* defaults, JsonWriter& out) const;
};

/// The word `index` of `choices`; empty where there is none.
std::string_view choice_at(std::string_view choices, size_t index);

/// A component whose whole configuration is a flat `Config`, described by `T::kFields`.
template <typename Config>
class Configured : public Component {
 public:
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override {
    Config config = config_;
    const Status status = change.exists() ? fields().read(change, &config, fault) : Status::kOk;
    if (status != Status::kOk) return status;
    if (!fits(config, fault)) return Status::kInvalid;
    fields().write(&config, whole);
    return Status::kOk;
  }
  void init(const JsonValue& config, const Now& now) override {
    Fault fault;
    Config taken = config_;
    if (!config.exists() || fields().read(config, &taken, fault) == Status::kOk) config_ = taken;
    configured(now);
  }
  void write_config_schema(JsonWriter& out) const override {
    const Config defaults;
    fields().write_schema(&defaults, out);
  }
  bool knows_member(const JsonValue& name) const override { return fields().has(name); }

 protected:
  virtual Fields fields() const = 0;
  /// What the fields' own bounds cannot say, such as that one is below another.
  virtual bool fits(const Config&, Fault&) const { return true; }
  /// `config_` is new.
  virtual void configured(const Now& now) = 0;

  Config config_;
};

/// A component that only measures: it has nothing to execute.
template <typename Config>
class Sensor : public Configured<Config> {
 public:
  Status execute_now(const JsonValue&, JsonWriter&, Fault& fault, const Now&) override {
    fault.code = 1;
    fault.description = "a sensor has nothing to execute";
    return Status::kRefused;
  }
  void write_execute_options(JsonWriter& out) const override { out.raw("false"); }
};

/// A value at the resolution that its sensor has: finer digits are noise, and cost room wherever they are kept.
inline double at_resolution(double value, double steps_a_unit) { return std::round(value * steps_a_unit) / steps_a_unit; }

/// The next turn of what comes every `period`: on a grid, so that lateness does not add up; turns that were missed are not
/// made up for.
inline Millis next_turn(Millis due, double period_ms, const Now& now) {
  const auto period = static_cast<Millis>(period_ms);
  return due + period > now.mono ? due + period : now.mono + period;
}

}  // namespace fb
