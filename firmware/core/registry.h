#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/factory.h"
#include "core/lifecycle.h"
#include "core/run_times.h"
#include "core/small_string.h"
#include "hal/memory.h"

namespace fb {

inline constexpr size_t kMaxComponents = 64;
inline constexpr size_t kMaxComponentTypes = 32;

/// How the orchestrator treats a component; the member `schedule` of its configuration.
struct Schedule {
  uint8_t priority = 5;         ///< 0 (first) … 9
  uint32_t budget_us = 10'000;  ///< a run that takes longer is counted
  uint8_t stretch = 4;          ///< by how much its interval may grow under load; 1: never
};

/// What the orchestrator keeps of a component between its turns.
struct Task {
  Millis due = 0;
  Millis interval = 0;           ///< what the component asked for last
  RunTimes times;
  uint64_t window_us = 0;        ///< spent in the window of the share that is being measured
  uint16_t share_permille = 0;   ///< of one CPU, in the last whole window
  uint32_t errors = 0;
  uint32_t late = 0;             ///< runs so late that a whole turn was missed
  uint32_t over_budget = 0;
  uint32_t failures_in_row = 0;
  uint32_t quarantines = 0;      ///< since it last did well
  Status last_error = Status::kOk;
  size_t queue_place = SIZE_MAX; ///< in the orchestrator's queue; SIZE_MAX: not in it
};

/// The device's components by id and the factories they come from. In dependency order: what a component needs comes
/// before it.
class Registry {
 public:
  struct Entry {
    SmallString<32> id;
    std::unique_ptr<Component> component;
    size_t footprint = 0;
    Schedule schedule;
    LifecycleState lifecycle;
    Task task;
    bool enabled = true;
    bool rested = false;  ///< cleanup() was its last call: init() comes before the next execute()
  };
  /// Why a component was not added or removed. `needed` and `free` are bytes and stand for kMemory only; `capability` is
  /// what is missing (kDependency) or what `other` needs of it (kNeeded).
  struct Refusal {
    enum class Kind : uint8_t { kNone, kNoType, kBadId, kTaken, kTooMany, kMemory, kNotFound, kNeeded };
    Kind kind = Kind::kNone;
    size_t needed = 0;
    size_t free = 0;
    std::string_view other;
    explicit operator bool() const { return kind != Kind::kNone; }
  };
  /// Kept free for everything else that allocates: sockets, TLS.
  static constexpr size_t kReserve = 4096;

  explicit Registry(Memory& memory) : memory_(memory) {}

  /// kNoSpace: too many types. The factory outlives the registry.
  Status add_type(ComponentFactory& factory);
  ComponentFactory* type(std::string_view type) const;
  size_t type_count() const { return type_count_; }
  ComponentFactory& type_at(size_t index) const { return *types_[index]; }

  Refusal add(std::string_view type, std::string_view id);
  /// Would there be memory for one of these? `needed` and `free` are told either way.
  Refusal room_for(const ComponentFactory& factory) const;
  /// Destroys it; its lifecycle is at kCleanup. kNeeded: another needs what only it gives.
  Refusal may_remove(std::string_view id) const;
  void remove(Entry& entry);

  Entry* find(std::string_view id);
  const Entry* find(std::string_view id) const { return const_cast<Registry*>(this)->find(id); }
  size_t size() const { return count_; }
  Entry& at(size_t index) { return *entries_[index]; }
  const Entry& at(size_t index) const { return *entries_[index]; }
  /// Puts every entry after those that give what it needs.
  void sort_by_dependency();
  /// The first capability that `entry` needs and no other enabled component gives; empty where it has all.
  std::string_view missing_capability(const Entry& entry) const;
  /// Rises with each component that came or went.
  uint32_t version() const { return version_; }

 private:
  bool gives(std::string_view capability, const Entry* except, size_t until) const;

  Memory& memory_;
  std::array<ComponentFactory*, kMaxComponentTypes> types_{};
  size_t type_count_ = 0;
  std::array<std::unique_ptr<Entry>, kMaxComponents> entries_{};
  size_t count_ = 0;
  uint32_t version_ = 0;
};

}  // namespace fb
