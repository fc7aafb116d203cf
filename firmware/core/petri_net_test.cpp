#include "core/petri_net.h"

#include <random>
#include <string>

#include "ports/host/test.h"

namespace {

/// Two makers and a taker round a store of three; the taker packs two at a time, and sweeps only where nothing is stored.
enum PetriTestPlace : uint8_t { kIdle, kHolding, kFree, kStored, kPacked };
enum PetriTestTransition : uint8_t { kMake, kStore, kPack, kSend, kSweep };
constexpr fb::PetriPlace kPetriTestPlaces[] = {{"idle", 2}, {"holding", 0}, {"free", 3}, {"stored", 0}, {"packed", 0}};
constexpr fb::PetriTransition kPetriTestTransitions[] = {{"make", 5}, {"store", 5}, {"pack", 2}, {"send", 1}, {"sweep", 9}};
constexpr fb::PetriArc kPetriTestArcs[] = {
    {kMake, kIdle, 1, 0},   {kMake, kHolding, 0, 1},  {kStore, kHolding, 1, 0}, {kStore, kIdle, 0, 1},
    {kStore, kFree, 1, 0},  {kStore, kStored, 0, 1},  {kPack, kStored, 2, 0},   {kPack, kPacked, 0, 1},
    {kPack, kFree, 0, 2},   {kSend, kPacked, 1, 0},   {kSweep, kStored, 0, 0, 1}, {kSweep, kIdle, 1, 1}};
constexpr fb::PetriShape kPetriTestShape = {kPetriTestPlaces, 5, kPetriTestTransitions, 5, kPetriTestArcs, 12};
static_assert(kPetriTestShape.sound());

void fire_all(fb::PetriNet& net, std::initializer_list<size_t> transitions) {
  for (const size_t t : transitions) EXPECT_IN(std::to_string(t), net.fire(t) == fb::Status::kOk);
}

}  // namespace

FB_TEST("petri net fires what the tokens allow and refuses everything else unchanged") {
  fb::PetriNet net(kPetriTestShape);
  EXPECT(net.enabled(kMake));
  EXPECT(!net.enabled(kStore));
  const fb::PetriNet::Marking before = net.marking();
  EXPECT(net.fire(kStore) == fb::Status::kRefused);
  EXPECT(net.fire(5) == fb::Status::kRefused);
  EXPECT(net.fire(SIZE_MAX) == fb::Status::kRefused);
  EXPECT(net.marking() == before);
  EXPECT(net.version() == 0);
  fire_all(net, {kMake});
  EXPECT(net.tokens(kIdle) == 1);
  EXPECT(net.tokens(kHolding) == 1);
  EXPECT(net.version() == 1);
}

FB_TEST("petri net takes and puts by the weight of an arc") {
  fb::PetriNet net(kPetriTestShape);
  fire_all(net, {kMake, kStore});
  EXPECT(!net.enabled(kPack));
  fire_all(net, {kMake, kStore, kPack});
  EXPECT(net.tokens(kStored) == 0);
  EXPECT(net.tokens(kFree) == 3);
  EXPECT(net.tokens(kPacked) == 1);
}

FB_TEST("petri net is held back by an inhibitor arc, and an arc that only asks takes nothing") {
  fb::PetriNet net(kPetriTestShape);
  EXPECT(net.enabled(kSweep));
  fire_all(net, {kSweep});
  EXPECT(net.tokens(kIdle) == 2);
  fire_all(net, {kMake, kStore});
  EXPECT(!net.enabled(kSweep));
}

FB_TEST("petri net chooses by priority among what is allowed") {
  fb::PetriNet net(kPetriTestShape);
  EXPECT(net.next() == kMake);
  EXPECT(net.next(uint64_t{1} << kStore) == fb::PetriNet::kNone);
  fire_all(net, {kMake, kStore, kMake, kStore});
  EXPECT(net.next() == kPack);
  EXPECT(net.next(~(uint64_t{1} << kPack)) == kMake);
  fire_all(net, {kPack});
  EXPECT(net.next() == kSend);
}

FB_TEST("petri net keeps its invariants over any firing") {
  fb::PetriNet net(kPetriTestShape);
  std::mt19937 random(4);
  int fired = 0;
  for (int round = 0; round < 20'000; round++) {
    const size_t t = random() % 6;
    const bool could = net.enabled(t);
    EXPECT((net.fire(t) == fb::Status::kOk) == could);
    fired += could ? 1 : 0;
    EXPECT(net.tokens(kIdle) + net.tokens(kHolding) == 2);
    EXPECT(net.tokens(kFree) + net.tokens(kStored) == 3);
  }
  EXPECT(net.version() == static_cast<uint32_t>(fired));
  EXPECT(fired > 4000);
}

FB_TEST("petri net refuses the firing that a place cannot count") {
  static constexpr fb::PetriPlace places[] = {{"full", 254}};
  static constexpr fb::PetriTransition transitions[] = {{"pour"}};
  static constexpr fb::PetriArc arcs[] = {{0, 0, 0, 1}};
  static constexpr fb::PetriShape shape = {places, 1, transitions, 1, arcs, 1};
  fb::PetriNet net(shape);
  EXPECT(net.fire(0) == fb::Status::kOk);
  EXPECT(net.tokens(0) == 255);
  EXPECT(net.fire(0) == fb::Status::kRefused);
  EXPECT(net.tokens(0) == 255);
}

FB_TEST("petri net of an unsound shape does nothing") {
  static constexpr fb::PetriPlace places[] = {{"a", 1}, {"b", 0}};
  static constexpr fb::PetriTransition transitions[] = {{"x"}, {"y"}};
  static constexpr fb::PetriArc outside[] = {{0, 2, 1, 0}};
  static constexpr fb::PetriArc disordered[] = {{1, 0, 1, 0}, {0, 1, 0, 1}};
  static constexpr fb::PetriArc doubled[] = {{0, 0, 1, 0}, {0, 0, 0, 1}};
  for (const fb::PetriShape& shape : {fb::PetriShape{places, 2, transitions, 2, outside, 1},
                                      fb::PetriShape{places, 2, transitions, 2, disordered, 2},
                                      fb::PetriShape{places, 2, transitions, 2, doubled, 2}}) {
    EXPECT(!shape.sound());
    fb::PetriNet net(shape);
    EXPECT(net.next() == fb::PetriNet::kNone);
  }
}

FB_TEST("petri net begins again with the tokens it is given") {
  fb::PetriNet net(kPetriTestShape);
  net.begin_with(kFree, 1);
  EXPECT(net.tokens(kFree) == 3);
  net.reset();
  EXPECT(net.tokens(kFree) == 1);
  fire_all(net, {kMake, kStore, kMake});
  EXPECT(!net.enabled(kStore));
  net.reset();
  EXPECT(net.tokens(kIdle) == 2);
}

FB_TEST("petri net writes its marking and its shape") {
  char buffer[1024];
  fb::PetriNet net(kPetriTestShape);
  fire_all(net, {kMake});
  fb::JsonWriter marking(buffer, sizeof buffer);
  net.write(marking);
  EXPECT(marking.finish().value() == R"({"idle":1,"holding":1,"free":3})");
  fb::JsonWriter shape(buffer, sizeof buffer);
  net.shape().write(shape);
  const std::string text(shape.finish().value());
  EXPECT(text.find(R"({"places":["idle","holding","free","stored","packed"],"transitions":[{"name":"make","priority":5,)"
                   R"("arcs":[{"place":"idle","takes":1},{"place":"holding","puts":1}]})") == 0);
  EXPECT(text.find(R"({"place":"stored","below":1},{"place":"idle","takes":1,"puts":1}]}]})") != std::string::npos);
}
