#include "core/registry.h"

#include <utility>

namespace fb {

Status Registry::add_type(ComponentFactory& factory) {
  if (type_count_ == types_.size()) return Status::kNoSpace;
  types_[type_count_++] = &factory;
  return Status::kOk;
}

Status Registry::add(std::string_view type, std::string_view id, bool enabled) {
  if (id.empty() || find(id) != nullptr) return Status::kInvalid;
  if (count_ == entries_.size()) return Status::kNoSpace;
  for (size_t i = 0; i < type_count_; i++) {
    if (types_[i]->type() != type) continue;
    Entry& entry = entries_[count_];
    if (entry.id.assign(id) != Status::kOk) return Status::kInvalid;
    entry.component = types_[i]->make();
    if (entry.component == nullptr) return Status::kNoSpace;
    entry.enabled = enabled;
    count_++;
    return Status::kOk;
  }
  return Status::kNotFound;
}

Registry::Entry* Registry::find(std::string_view id) {
  for (Entry& entry : *this)
    if (entry.id.view() == id) return &entry;
  return nullptr;
}

}  // namespace fb
