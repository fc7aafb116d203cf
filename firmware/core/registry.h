#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "core/factory.h"
#include "core/small_string.h"

namespace fb {

inline constexpr size_t kMaxComponents = 16;
inline constexpr size_t kMaxComponentTypes = 16;

/// The device's components by id, in the order they were added, and the factories they come from.
class Registry {
 public:
  struct Entry {
    SmallString<32> id;
    std::unique_ptr<Component> component;
    bool enabled = true;
  };

  /// kNoSpace: too many types. The factory outlives the registry.
  Status add_type(ComponentFactory& factory);
  /// kNotFound: no such type; kInvalid: the id is taken, empty or too long; kNoSpace: no room.
  Status add(std::string_view type, std::string_view id, bool enabled);

  Entry* find(std::string_view id);
  Entry* begin() { return entries_.data(); }
  Entry* end() { return entries_.data() + count_; }
  const Entry* begin() const { return entries_.data(); }
  const Entry* end() const { return entries_.data() + count_; }
  size_t size() const { return count_; }
  Entry& at(size_t index) { return entries_[index]; }

 private:
  std::array<ComponentFactory*, kMaxComponentTypes> types_{};
  size_t type_count_ = 0;
  std::array<Entry, kMaxComponents> entries_{};
  size_t count_ = 0;
};

}  // namespace fb
