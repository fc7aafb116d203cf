#include "core/petri_net.h"

namespace fb {

static_assert(PetriNet::kMaxPlaces == 32 && PetriNet::kMaxTransitions == 64, "PetriShape::sound() says them too");

void PetriShape::write(JsonWriter& out) const {
  out.begin_object().key("places").begin_array();
  for (size_t i = 0; i < place_count; i++) out.string(places[i].name);
  out.end_array().key("transitions").begin_array();
  for (size_t t = 0; t < transition_count; t++) {
    out.begin_object().key("name").string(transitions[t].name).key("priority").number(transitions[t].priority);
    out.key("arcs").begin_array();
    for (size_t i = 0; i < arc_count; i++) {
      const PetriArc& arc = arcs[i];
      if (arc.transition != t) continue;
      out.begin_object().key("place").string(places[arc.place].name);
      if (arc.takes > 0) out.key("takes").number(arc.takes);
      if (arc.puts > 0) out.key("puts").number(arc.puts);
      if (arc.below > 0) out.key("below").number(arc.below);
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
}

PetriNet::PetriNet(const PetriShape& shape) : shape_(shape) {
  if (!shape_.sound()) return;
  for (size_t i = 0; i < shape_.place_count; i++) first_[i] = shape_.places[i].tokens;
  for (size_t t = 0, at = 0; t < shape_.transition_count; t++) {
    while (at < shape_.arc_count && shape_.arcs[at].transition == t) at++;
    arcs_at_[t + 1] = static_cast<uint8_t>(at);
  }
  marking_ = first_;
}

bool PetriNet::enabled(size_t transition) const {
  if (transition >= shape_.transition_count || transition >= kMaxTransitions) return false;
  // A transition without arcs would fire for ever and change nothing; that of an unsound shape has none here.
  if (arcs_at_[transition] == arcs_at_[transition + 1]) return false;
  for (size_t i = arcs_at_[transition]; i < arcs_at_[transition + 1]; i++) {
    const PetriArc& arc = shape_.arcs[i];
    const uint8_t held = marking_[arc.place];
    if (held < arc.takes || (arc.below > 0 && held >= arc.below) || held - arc.takes + arc.puts > UINT8_MAX) return false;
  }
  return true;
}

Status PetriNet::fire(size_t transition) {
  if (!enabled(transition)) return Status::kRefused;
  for (size_t i = arcs_at_[transition]; i < arcs_at_[transition + 1]; i++) {
    const PetriArc& arc = shape_.arcs[i];
    marking_[arc.place] = static_cast<uint8_t>(marking_[arc.place] - arc.takes + arc.puts);
  }
  version_++;
  return Status::kOk;
}

size_t PetriNet::next(uint64_t allowed) const {
  size_t first = kNone;
  for (size_t t = 0; t < shape_.transition_count && t < kMaxTransitions; t++) {
    if ((allowed >> t & 1) == 0 || !enabled(t)) continue;
    if (first == kNone || shape_.transitions[t].priority < shape_.transitions[first].priority) first = t;
  }
  return first;
}

void PetriNet::reset() { set_marking(first_); }

void PetriNet::set_marking(const Marking& marking) {
  marking_ = marking;
  version_++;
}

void PetriNet::write(JsonWriter& out) const {
  out.begin_object();
  for (size_t i = 0; i < shape_.place_count && i < kMaxPlaces; i++)
    if (marking_[i] > 0) out.key(shape_.places[i].name).number(marking_[i]);
  out.end_object();
}

}  // namespace fb
