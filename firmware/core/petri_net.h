#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json_writer.h"
#include "core/status.h"

namespace fb {

/// A state of a part of something, or a store of things that can be counted.
struct PetriPlace {
  std::string_view name;
  uint8_t tokens = 0;  ///< at the beginning
};

/// Something that can happen. Of several that can, the one of the lowest `priority` goes first.
struct PetriTransition {
  std::string_view name;
  uint8_t priority = 5;
};

/// What a transition does with a place. With `takes` and `puts` equal it only asks for tokens; with `below` it is held
/// back by tokens (an inhibitor arc).
struct PetriArc {
  uint8_t transition;
  uint8_t place;
  uint8_t takes = 0;
  uint8_t puts = 0;
  uint8_t below = 0;  ///< the place must hold fewer than this; 0: whatever it holds
};

/// A net, as constant data; all three lists outlive whatever runs it. Arcs are in the order of their transitions, and no two
/// join the same pair.
struct PetriShape {
  const PetriPlace* places = nullptr;
  size_t place_count = 0;
  const PetriTransition* transitions = nullptr;
  size_t transition_count = 0;
  const PetriArc* arcs = nullptr;
  size_t arc_count = 0;

  /// Whether it is what the comment above says, and small enough to be run.
  constexpr bool sound() const;
  /// `{"places":[…],"transitions":[{"name","priority","arcs":[{"place","takes","puts","below"}]}]}`, to draw it by.
  void write(JsonWriter& out) const;
};

/// A place/transition net with weighted and inhibitor arcs (Murata, Petri Nets: Properties, Analysis and Applications, 1989,
/// §II), run by its owner: it fires what it wants to, and what the marking does not allow is refused. So no code, however
/// wrong, brings what the net guards into a state that the net does not have.
class PetriNet {
 public:
  static constexpr size_t kMaxPlaces = 32;
  static constexpr size_t kMaxTransitions = 64;
  static constexpr size_t kNone = SIZE_MAX;
  using Marking = std::array<uint8_t, kMaxPlaces>;

  /// @param shape sound; of one that is not, nothing is ever enabled
  explicit PetriNet(const PetriShape& shape);

  bool enabled(size_t transition) const;
  /// kRefused: not enabled; nothing has changed.
  Status fire(size_t transition);
  /// The enabled transition that goes first among those of `allowed` (bit n: number n), by priority, then in the order of the
  /// shape; kNone where there is none. What is not allowed may be waiting for its time, which the net does not know.
  size_t next(uint64_t allowed = UINT64_MAX) const;

  /// Back to the beginning.
  void reset();
  /// Other tokens at the beginning than the shape has, as where a store's size is set by people; takes effect at reset().
  void begin_with(size_t place, uint8_t tokens) { first_[place] = tokens; }

  uint8_t tokens(size_t place) const { return marking_[place]; }
  const Marking& marking() const { return marking_; }
  /// Takes on a marking, as one that was kept. The owner says that it is one the net can reach.
  void set_marking(const Marking& marking);
  /// Rises with each firing and each other change of the marking.
  uint32_t version() const { return version_; }
  const PetriShape& shape() const { return shape_; }
  /// The marking: `{"place":tokens,…}`, of the places that hold any.
  void write(JsonWriter& out) const;

 private:
  const PetriShape& shape_;
  Marking first_{};
  Marking marking_{};
  /// Where each transition's arcs begin; one more, so that they end where the next begin.
  std::array<uint8_t, kMaxTransitions + 1> arcs_at_{};
  uint32_t version_ = 0;
};

constexpr bool PetriShape::sound() const {
  if (place_count > 32 || transition_count > 64 || arc_count > 255) return false;
  for (size_t i = 0; i < arc_count; i++) {
    if (arcs[i].place >= place_count || arcs[i].transition >= transition_count) return false;
    if (i > 0 && arcs[i].transition < arcs[i - 1].transition) return false;
    for (size_t other = 0; other < i; other++)
      if (arcs[other].transition == arcs[i].transition && arcs[other].place == arcs[i].place) return false;
  }
  return true;
}

}  // namespace fb
