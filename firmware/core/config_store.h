#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/device_settings.h"
#include "core/orchestrator.h"
#include "core/registry.h"
#include "core/two_slot_record.h"
#include "hal/log.h"

namespace fb {

/// The device's whole configuration, one document:
///
///     {"system":{"version":1,"deviceId":"","timezone":"UTC0",…},"telemetry":{…},
///      "components":[{"id":"led","type":"led","enabled":true,"config":{…},"schedule":{…}}, …]}
///
/// A change makes a new whole document, which is checked whole, then stored, then acted on: a device never runs what it
/// could not keep, nor keeps half. A change on trial is acted on first and stored when confirmed; a restart or the end of
/// the trial brings back what was stored.
class ConfigStore {
 public:
  static constexpr size_t kMaxDocument = 4096;
  static constexpr size_t kMaxValues = 320;
  static constexpr int kVersion = 1;

  ConfigStore(Storage& storage, Log& log, Registry& registry, Orchestrator& orchestrator)
      : record_(storage, "cfg", scratch_, sizeof scratch_), log_(log), registry_(registry), orchestrator_(orchestrator) {}

  /// Makes the components that the stored document names. Where none is stored: those of `first_boot`, which may be empty,
  /// and unless that has `"complete":true` those of `factory_default` that it lacks. What does not fit is passed over, or
  /// keeps its defaults, and is logged.
  void load(std::string_view first_boot, std::string_view factory_default, const Now& now);

  /// What a change was refused for. `item` is the place in the list, SIZE_MAX for the list itself.
  struct Refusal {
    enum class Kind : uint8_t { kNone, kShape, kNoComponent, kDoesNotFit, kTooLarge, kStorage, kRegistry };
    Kind kind = Kind::kNone;
    size_t item = SIZE_MAX;
    std::string_view part;         ///< "system", "telemetry", "config" or "schedule", where kDoesNotFit
    std::string_view field;        ///< member of the item, or of its part
    Registry::Refusal registry{};  ///< kRegistry: why a component cannot come or go
    explicit operator bool() const { return kind != Kind::kNone; }
  };
  /// Changes what `change` has of {"system","telemetry","components":[{"id","config"?,"enabled"?,"schedule"?}]}.
  /// @param trial how long it is on trial; 0: it is stored at once, or joins the trial that is on
  Refusal set(const JsonValue& change, Millis trial, const Now& now);
  /// Takes on a whole document instead of the present one.
  Refusal replace(const JsonValue& document, Millis trial, const Now& now);
  /// One component more: {"id","type","enabled"?,"config"?,"schedule"?}.
  Refusal add(const JsonValue& item, Millis trial, const Now& now);
  Refusal remove(std::string_view id, Millis trial, const Now& now);

  bool trying() const { return trying_; }
  /// When the trial ends, or kNever.
  Millis ends() const { return trying_ ? ends_ : kNever; }
  /// kStorage: not stored, the trial goes on.
  Status confirm();
  void revert(const Now& now);

  /// The buffer of the documents, for whoever reads or writes a record between two calls of this; kMaxDocument bytes.
  char* scratch() { return scratch_; }

  /// The present configuration.
  void write(JsonWriter& out) const;
  const SystemSettings& system() const { return system_; }
  const TelemetrySettings& telemetry() const { return telemetry_; }

 private:
  /// What to compose a document from: the present one with changes over it.
  struct Change {
    JsonValue system;
    JsonValue telemetry;
    JsonValue components;       ///< list of changes to those that there are
    JsonValue added;            ///< one item
    std::string_view removed;   ///< an id
  };
  Refusal compose(const Change& change);
  Refusal compose_settings(const JsonValue& system, const JsonValue& telemetry, JsonWriter& out);
  Refusal compose_present(const Registry::Entry& entry, const JsonValue& change, size_t place, JsonWriter& out);
  Refusal compose_new(const JsonValue& item, size_t place, size_t& needed, JsonWriter& out);
  Refusal compose_item(const Component& component, std::string_view id, bool enabled, const Schedule& schedule,
                       const JsonValue& item, size_t place, JsonWriter& out);
  Refusal prepare(Millis trial);
  Refusal finish(Millis trial, const Now& now);
  /// Acts on the document in the buffer; where `prune`, what it lacks goes.
  void enact(bool prune, const Now& now);
  void enact_document(const JsonValue& root, bool prune, const Now& now);
  /// False: it cannot be made here.
  bool enact_item(const JsonValue& item, const Now& now);
  bool load_document();
  /// Room for the values of a document; null where there is no memory. Only for as long as one is acted on: a chip has other
  /// use for it.
  static std::unique_ptr<JsonToken[]> make_tokens();
  void warn(std::string_view what, const JsonValue& entry);
  /// Of a stored document: an item that cannot be made here and now. Another firmware, or more memory, may make it.
  void keep_aside(const JsonValue& item);
  void write_aside(std::string_view except, JsonWriter& out) const;
  bool is_aside(std::string_view id) const;

  JsonWriter document_writer() { return {scratch_ + TwoSlotRecord::kHeader, kMaxDocument}; }

  char scratch_[kMaxDocument + TwoSlotRecord::kOverhead];
  size_t document_size_ = 0;
  std::unique_ptr<char[]> aside_;  ///< each an item of the document as it stands, and a NUL
  size_t aside_size_ = 0;
  TwoSlotRecord record_;
  Log& log_;
  Registry& registry_;
  Orchestrator& orchestrator_;
  SystemSettings system_;
  TelemetrySettings telemetry_;
  Millis ends_ = 0;
  bool trying_ = false;
  bool stored_ = false;
};

}  // namespace fb
