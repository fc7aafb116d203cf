#pragma once

#include "core/settings.h"
#include "core/time.h"
#include "core/two_slot_record.h"

namespace fb {

/// What a record of settings is read and written in: too large for a chip's stack, so the configuration lends its own.
struct SettingsScratch {
  /// Every byte of the largest settings an escape of six, and the names around them.
  static constexpr size_t kSize = 6 * sizeof(BrokerSettings) + 64 + TwoSlotRecord::kOverhead;
  static constexpr size_t kTokens = 16;
  static_assert(sizeof(BrokerSettings) >= sizeof(WifiSettings));

  char* bytes;  ///< kSize of them
};

/// Settings that a board could lose its way by: new ones act at once and are stored only when confirmed. A restart or the
/// end of the trial brings back what was stored. `T` is WifiSettings or BrokerSettings.
template <typename T>
class Trial {
 public:
  /// @param scratch shared with others between calls
  Trial(Storage& storage, SettingsScratch scratch) : storage_(storage), scratch_(scratch) {}

  /// Reads what is stored; empty where nothing is, or what is there cannot be read. Once, before the rest.
  Status load() {
    TwoSlotRecord record(storage_, T::kRecord, scratch_.bytes, SettingsScratch::kSize);
    const Expected<std::string_view> bytes = record.load();
    if (!bytes.ok()) return bytes.status() == Status::kNotFound ? Status::kOk : bytes.status();
    JsonToken tokens[SettingsScratch::kTokens];
    JsonDocument document(tokens, SettingsScratch::kTokens);
    if (!document.parse(bytes.value()).ok() || !tried_.read(document.root()).empty()) return Status::kCorrupt;
    stored_ = tried_;
    return Status::kOk;
  }

  /// What acts now.
  const T& active() const { return trying_ ? tried_ : stored_; }
  bool trying() const { return trying_; }
  /// When the trial ends, or kNever.
  Millis ends() const { return trying_ ? ends_ : kNever; }

  void begin(const T& settings, Millis ends) {
    tried_ = settings;
    ends_ = ends;
    trying_ = true;
  }
  /// Stores what is on trial. kStorage: not stored; the trial goes on.
  Status confirm() {
    if (!trying_) return Status::kOk;
    const Status kept = keep(tried_);
    if (kept == Status::kOk) trying_ = false;
    return kept;
  }
  /// Stores settings that have proved themselves, and ends a trial.
  Status keep(const T& settings) {
    TwoSlotRecord record(storage_, T::kRecord, scratch_.bytes, SettingsScratch::kSize);
    (void)record.load();
    JsonWriter out(scratch_.bytes + TwoSlotRecord::kHeader, SettingsScratch::kSize - TwoSlotRecord::kOverhead);
    settings.write(out);
    const Expected<std::string_view> json = out.finish();
    if (!json.ok()) return json.status();
    const Status saved = record.save(json.value());
    if (saved != Status::kOk) return saved;
    stored_ = settings;
    trying_ = false;
    return Status::kOk;
  }
  void revert() { trying_ = false; }

 private:
  Storage& storage_;
  SettingsScratch scratch_;
  T stored_;
  T tried_;
  Millis ends_ = 0;
  bool trying_ = false;
};

}  // namespace fb
