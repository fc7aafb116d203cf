#pragma once

#include "core/settings.h"
#include "core/time.h"
#include "core/two_slot_record.h"

namespace fb {

/// Settings that a board could lose its way by: new ones act at once and are stored only when confirmed. A restart or the
/// end of the trial brings back what was stored. `T` is WifiSettings or BrokerSettings.
template <typename T>
class Trial {
 public:
  explicit Trial(Storage& storage) : storage_(storage) {}

  /// Reads what is stored; empty where nothing is, or what is there cannot be read.
  Status load() {
    stored_ = T();
    trying_ = false;
    char scratch[kRecordSize];
    TwoSlotRecord record(storage_, T::kRecord, scratch, sizeof scratch);
    const Expected<std::string_view> bytes = record.load();
    if (!bytes.ok()) return bytes.status() == Status::kNotFound ? Status::kOk : bytes.status();
    JsonToken tokens[16];
    JsonDocument document(tokens, 16);
    T read;
    if (!document.parse(bytes.value()).ok() || !read.read(document.root()).empty()) return Status::kCorrupt;
    stored_ = read;
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
    char scratch[kRecordSize];
    TwoSlotRecord record(storage_, T::kRecord, scratch, sizeof scratch);
    (void)record.load();
    char text[kRecordSize - TwoSlotRecord::kOverhead];
    JsonWriter out(text, sizeof text);
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
  /// Every byte of the settings an escape of six, and the names around them.
  static constexpr size_t kRecordSize = 6 * sizeof(T) + 64 + TwoSlotRecord::kOverhead;

  Storage& storage_;
  T stored_;
  T tried_;
  Millis ends_ = 0;
  bool trying_ = false;
};

}  // namespace fb
