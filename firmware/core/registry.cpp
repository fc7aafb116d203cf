#include "core/registry.h"

#include <new>
#include <utility>

namespace fb {
namespace {

/// Is `word` one of the words, apart by spaces?
bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const size_t end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    if (end == std::string_view::npos) return false;
    words.remove_prefix(end + 1);
  }
  return false;
}

/// Takes the first word off; empty where none is left.
std::string_view take_word(std::string_view& words) {
  const size_t end = words.find(' ');
  const std::string_view word = words.substr(0, end);
  words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  return word;
}

}  // namespace

Status Registry::add_type(ComponentFactory& factory) {
  if (type_count_ == types_.size()) return Status::kNoSpace;
  types_[type_count_++] = &factory;
  return Status::kOk;
}

ComponentFactory* Registry::type(std::string_view type) const {
  for (size_t i = 0; i < type_count_; i++)
    if (types_[i]->type() == type) return types_[i];
  return nullptr;
}

Registry::Refusal Registry::room_for(const ComponentFactory& factory) const {
  const size_t needed = factory.footprint() + sizeof(Entry) + kReserve;
  const size_t free = memory_.largest_block();
  return {needed > free ? Refusal::Kind::kMemory : Refusal::Kind::kNone, needed, free, {}};
}

Registry::Refusal Registry::add(std::string_view type_name, std::string_view id) {
  ComponentFactory* factory = type(type_name);
  if (factory == nullptr) return {Refusal::Kind::kNoType, 0, 0, {}};
  if (id.empty()) return {Refusal::Kind::kBadId, 0, 0, {}};
  if (find(id) != nullptr) return {Refusal::Kind::kTaken, 0, 0, {}};
  if (count_ == entries_.size()) return {Refusal::Kind::kTooMany, 0, 0, {}};
  const Refusal room = room_for(*factory);
  if (room) return room;
  std::unique_ptr<Entry> entry(new (std::nothrow) Entry);
  if (entry == nullptr) return {Refusal::Kind::kMemory, sizeof(Entry), memory_.largest_block(), {}};
  if (entry->id.assign(id) != Status::kOk) return {Refusal::Kind::kBadId, 0, 0, {}};
  entry->footprint = factory->footprint();
  entry->component = factory->make();
  if (entry->component == nullptr) return {Refusal::Kind::kMemory, entry->footprint, memory_.largest_block(), {}};
  entries_[count_++] = std::move(entry);
  version_++;
  return {};
}

Registry::Refusal Registry::may_remove(std::string_view id) const {
  const Entry* entry = find(id);
  if (entry == nullptr) return {Refusal::Kind::kNotFound, 0, 0, {}};
  for (size_t i = 0; i < count_; i++) {
    const Entry& other = *entries_[i];
    if (&other == entry || !other.enabled) continue;
    std::string_view needs = other.component->dependencies();
    while (!needs.empty()) {
      const std::string_view need = take_word(needs);
      if (has_word(entry->component->capabilities(), need) && !gives(need, entry, count_))
        return {Refusal::Kind::kNeeded, 0, 0, other.id.view()};
    }
  }
  return {};
}

void Registry::remove(Entry& entry) {
  size_t at = 0;
  while (at < count_ && entries_[at].get() != &entry) at++;
  if (at == count_) return;
  for (; at + 1 < count_; at++) entries_[at] = std::move(entries_[at + 1]);
  entries_[--count_].reset();
  version_++;
}

Registry::Entry* Registry::find(std::string_view id) {
  for (size_t i = 0; i < count_; i++)
    if (entries_[i]->id.view() == id) return entries_[i].get();
  return nullptr;
}

bool Registry::gives(std::string_view capability, const Entry* except, size_t until) const {
  for (size_t i = 0; i < until; i++)
    if (entries_[i].get() != except && entries_[i]->enabled &&
        has_word(entries_[i]->component->capabilities(), capability))
      return true;
  return false;
}

std::string_view Registry::missing_capability(const Entry& entry) const {
  std::string_view needs = entry.component->dependencies();
  while (!needs.empty()) {
    const std::string_view need = take_word(needs);
    if (!gives(need, &entry, count_)) return need;
  }
  return {};
}

void Registry::sort_by_dependency() {
  // The first that has all it needs before it comes next; what is left over, a circle or a lack, keeps its order.
  for (size_t placed = 0; placed < count_; placed++) {
    size_t next = placed;
    for (; next < count_; next++) {
      std::string_view needs = entries_[next]->component->dependencies();
      bool ready = true;
      while (ready && !needs.empty()) ready = gives(take_word(needs), entries_[next].get(), placed);
      if (ready) break;
    }
    if (next == count_) return;
    for (; next > placed; next--) std::swap(entries_[next], entries_[next - 1]);
  }
}

}  // namespace fb
