#include "components/inverter_flow/flow_net.h"

#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ports/host/test.h"

using namespace fb::flow;

namespace {

fb::PetriNet flow_test_net(uint8_t batch) {
  fb::PetriNet net(fb::kFlowNet);
  net.begin_with(kRoom, static_cast<uint8_t>(2 * batch));
  net.begin_with(kBatchRoom, batch);
  net.reset();
  return net;
}

/// The sums of tokens that no firing changes, and what they are.
struct FlowInvariant {
  const char* name;
  std::vector<Place> places;
  int tokens;
};
std::vector<FlowInvariant> flow_invariants(int batch) {
  return {{"poll lane", {kPollWait, kPollBusy, kPollFailed}, 1},
          {"upload lane", {kUploadWait, kPacking, kCompressed, kSecured, kSending, kUploadFailed, kClearing}, 1},
          {"commands lane", {kCommandsWait, kCommandsBusy, kCommandsFailed}, 1},
          {"update lane", {kUpdateNone, kUpdateBusy, kUpdateFailed}, 1},
          {"radio", {kRadio, kSending, kCommandsBusy, kUpdateBusy}, 1},
          {"link", {kLinkDown, kLinkUp}, 1},
          {"store", {kRoom, kPollBusy, kSamples, kBatch}, 2 * batch},
          {"batch", {kBatchRoom, kBatch}, batch}};
}

std::string flow_broken(const fb::PetriNet::Marking& marking, int batch) {
  for (const FlowInvariant& invariant : flow_invariants(batch)) {
    int sum = 0;
    for (const Place place : invariant.places) sum += marking[place];
    if (sum != invariant.tokens) return invariant.name;
  }
  return "";
}

using Markings = std::map<fb::PetriNet::Marking, size_t>;

/// Every marking that the net can come to, with what leads where.
struct FlowReach {
  Markings number;
  std::vector<fb::PetriNet::Marking> markings;
  std::vector<std::vector<size_t>> before;  ///< of each marking, those that lead to it
  std::set<size_t> fired;
  std::vector<std::set<size_t>> can;  ///< of each marking, the transitions that are enabled
};
FlowReach flow_explore(uint8_t batch) {
  fb::PetriNet net = flow_test_net(batch);
  FlowReach reach;
  const auto number_of = [&](const fb::PetriNet::Marking& marking) {
    const auto [at, is_new] = reach.number.emplace(marking, reach.markings.size());
    if (is_new) {
      reach.markings.push_back(marking);
      reach.before.emplace_back();
      reach.can.emplace_back();
    }
    return at->second;
  };
  (void)number_of(net.marking());
  for (size_t at = 0; at < reach.markings.size(); at++) {
    for (size_t t = 0; t < kTransitions; t++) {
      net.set_marking(reach.markings[at]);
      if (net.fire(t) != fb::Status::kOk) continue;
      reach.fired.insert(t);
      reach.can[at].insert(t);
      const size_t to = number_of(net.marking());
      reach.before[to].push_back(at);
    }
  }
  return reach;
}

}  // namespace

FB_TEST("flow net keeps its invariants in every marking it can reach") {
  for (const uint8_t batch : {1, 3, 7}) {
    const FlowReach reach = flow_explore(batch);
    EXPECT(reach.markings.size() > 300);
    std::string broken;
    for (const fb::PetriNet::Marking& marking : reach.markings)
      if (broken.empty()) broken = flow_broken(marking, batch);
    EXPECT_IN(broken, broken.empty());
    std::printf("    batch %d: %zu markings\n", batch, reach.markings.size());
  }
}

FB_TEST("flow net is 1-safe wherever it is a state and not a store") {
  const FlowReach reach = flow_explore(3);
  for (const fb::PetriNet::Marking& marking : reach.markings)
    for (size_t place = 0; place < kPlaces; place++)
      if (place != kRoom && place != kSamples && place != kBatchRoom && place != kBatch && marking[place] > 1)
        EXPECT_IN(std::string(fb::kFlowNet.places[place].name), marking[place] <= 1);
}

FB_TEST("flow net comes back to its beginning from every marking, and nothing in it is dead") {
  const FlowReach reach = flow_explore(3);
  std::vector<bool> returns(reach.markings.size(), false);
  std::vector<size_t> open = {0};
  returns[0] = true;
  while (!open.empty()) {
    const size_t at = open.back();
    open.pop_back();
    for (const size_t before : reach.before[at])
      if (!returns[before]) {
        returns[before] = true;
        open.push_back(before);
      }
  }
  size_t lost = 0;
  for (const bool does : returns) lost += does ? 0 : 1;
  EXPECT(lost == 0);
  for (size_t t = 0; t < kTransitions; t++)
    EXPECT_IN(std::string(fb::kFlowNet.transitions[t].name), reach.fired.count(t) == 1);
}

FB_TEST("flow net has no marking in which only the link can change") {
  const FlowReach reach = flow_explore(3);
  size_t dead = 0;
  for (const std::set<size_t>& can : reach.can) {
    bool alive = false;
    for (const size_t t : can) alive = alive || (t != kLinkRise && t != kLinkFall);
    dead += alive ? 0 : 1;
  }
  EXPECT(dead == 0);
}

FB_TEST("flow net begins nothing on the uplink while the link is down or the radio is taken") {
  const FlowReach reach = flow_explore(3);
  for (size_t at = 0; at < reach.markings.size(); at++)
    for (const size_t t : {size_t{kSend}, size_t{kCommandsBegin}, size_t{kUpdateBegin}})
      if (reach.markings[at][kLinkUp] == 0 || reach.markings[at][kRadio] == 0) EXPECT(reach.can[at].count(t) == 0);
}

FB_TEST("flow net fired at random for a million steps breaks no invariant") {
  fb::PetriNet net = flow_test_net(7);
  std::mt19937 random(11);
  std::string broken;
  for (int round = 0; round < 1'000'000; round++)
    if (net.fire(random() % kTransitions) == fb::Status::kOk && broken.empty()) broken = flow_broken(net.marking(), 7);
  EXPECT_IN(broken, broken.empty());
  EXPECT(net.version() > 100'000);
}

FB_TEST("flow net's marking fits the answer of an act, whatever it is") {
  fb::PetriNet net = flow_test_net(60);
  std::mt19937 random(3);
  size_t longest = 0;
  for (int round = 0; round < 300'000; round++) {
    if (net.fire(random() % kTransitions) != fb::Status::kOk) continue;
    char text[512];
    fb::JsonWriter out(text, sizeof text);
    out.begin_object().key("marking");
    net.write(out);
    out.end_object();
    EXPECT(out.finish().ok());
    longest = std::max(longest, out.size());
  }
  std::printf("    longest: %zu bytes\n", longest);
}
