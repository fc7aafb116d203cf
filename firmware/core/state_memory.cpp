#include "core/state_memory.h"

#include <algorithm>

#include "core/json_reader.h"
#include "core/json_writer.h"

namespace fb {
namespace {

bool is_kept(const Registry::Entry& entry) {
  return entry.lifecycle.now() == Lifecycle::kActive && entry.component->keeps_state();
}

}  // namespace

uint64_t StateMemory::version() const {
  uint64_t sum = 0;
  for (size_t i = 0; i < registry_.size(); i++) {
    const Registry::Entry& entry = registry_.at(i);
    // Each version only rises, so the sum changes with one of them; and with how many are kept.
    if (is_kept(entry)) sum += (uint64_t{1} << 48) + entry.component->state_version();
  }
  return sum;
}

void StateMemory::restore(const Now& now) {
  const Expected<std::string_view> record = record_.load();
  if (record.ok()) {
    JsonToken tokens[96];
    JsonDocument document(tokens, sizeof tokens / sizeof tokens[0]);
    const bool whole = document.parse(record.value()).ok() && document.root().is_object();
    if (!whole) log_.write(LogLevel::kWarning, "state", "what was kept cannot be read");
    for (size_t i = 0; whole && i < registry_.size(); i++) {
      const JsonValue state = document.root().member(registry_.at(i).id.view());
      if (is_kept(registry_.at(i)) && state.is_object()) registry_.at(i).component->set_state(state, now);
    }
  } else if (record.status() != Status::kNotFound) {
    log_.write(LogLevel::kWarning, "state", "what was kept is lost");
  }
  seen_ = written_ = version();
}

Millis StateMemory::step(const Now& now) {
  const uint64_t current = version();
  if (current != seen_) changed_at_ = now.mono;
  seen_ = current;
  if (current == written_) return kNever;
  const Millis due = std::max(changed_at_ + kRestedMs, not_before_);
  if (now.mono < due) return due;
  not_before_ = now.mono + kApartMs;
  save();
  return kNever;
}

void StateMemory::flush() {
  seen_ = version();
  if (seen_ != written_) save();
}

void StateMemory::save() {
  written_ = seen_;  // what fails is told, and tried again with the next change
  JsonWriter out(scratch_ + TwoSlotRecord::kHeader, kMaxDocument);
  out.begin_object();
  for (size_t i = 0; i < registry_.size(); i++) {
    if (!is_kept(registry_.at(i))) continue;
    out.key(registry_.at(i).id.view());
    registry_.at(i).component->write_state(out);
  }
  out.end_object();
  const Expected<std::string_view> text = out.finish();
  if (!text.ok()) return log_.write(LogLevel::kWarning, "state", "the states do not fit, and are not kept");
  if (record_.save(text.value()) != Status::kOk) log_.write(LogLevel::kWarning, "state", "the states cannot be kept");
}

}  // namespace fb
