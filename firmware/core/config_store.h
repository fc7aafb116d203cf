#pragma once

#include <cstddef>
#include <string_view>

#include "core/component.h"
#include "core/registry.h"
#include "core/scheduler.h"
#include "core/two_slot_record.h"
#include "hal/log.h"

namespace fb {

/// The device's whole configuration, one document:
///
///     {"components":[{"id":"led","type":"led","enabled":true,"config":{…}}, …]}
///
/// A change is checked whole, then stored, then applied: a device never runs what it could not keep, nor keeps half.
class ConfigStore {
 public:
  static constexpr size_t kMaxDocument = 2048;
  static constexpr size_t kMaxValues = 256;

  ConfigStore(Storage& storage, Log& log)
      : record_(storage, "cfg", scratch_, sizeof scratch_), log_(log) {}

  /// Makes the components that the stored document names (where none is stored, those of `first_boot`, which may be
  /// empty), and those of `factory_default` that it lacks.
  void load(Registry& registry, std::string_view first_boot, std::string_view factory_default, const Now& now);

  /// What config.set was refused for. `item` is the place in the request's list.
  struct Refusal {
    enum class Kind : uint8_t { kNone, kShape, kNoComponent, kDoesNotFit, kTooLarge, kStorage };
    Kind kind = Kind::kNone;
    size_t item = 0;
    std::string_view field;  ///< member of the item, or of its config for kDoesNotFit
  };
  /// Checks all of `changes` (an array of {"id","config"}) and stores the outcome; apply() must follow.
  Refusal plan(Registry& registry, const JsonValue& changes);
  /// Takes on what plan() stored, and wakes the components.
  void apply(Registry& registry, Scheduler& scheduler, const Now& now);

  /// The present configuration.
  static void write(const Registry& registry, JsonWriter& out);

 private:
  void add_components(Registry& registry, const JsonValue& document, const Now& now);
  void warn(std::string_view what, const JsonValue& entry);

  char scratch_[kMaxDocument + TwoSlotRecord::kOverhead];
  char document_[kMaxDocument];
  size_t document_size_ = 0;
  JsonToken tokens_[kMaxValues];
  TwoSlotRecord record_;
  Log& log_;
};

}  // namespace fb
