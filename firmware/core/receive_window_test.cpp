#include "core/receive_window.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "core/two_slot_record.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using Json = nlohmann::json;
using fb::Nonce;
using fb::NonceLedger;
using fb::NonceVerdict;
using fb::Status;

namespace {

constexpr uint64_t kFirstEpoch = 1'000'000'000'000'000;

const char* verdict_name(NonceVerdict verdict) {
  switch (verdict) {
    case NonceVerdict::kNew: return "new";
    case NonceVerdict::kSeen: return "seen";
    case NonceVerdict::kStale: return "stale";
    case NonceVerdict::kStorage: return "storage";
  }
  return "";
}

/// A device with a ledger, whose floors lie in its storage.
class LedgerDevice final : NonceLedger::Keeper {
 public:
  explicit LedgerDevice(fb::FakeBody& body) : record_(body, "seen", scratch_, sizeof scratch_), ledger(*this) {
    const fb::Expected<std::string_view> kept = record_.load();
    NonceLedger::Floors floors{};
    if (kept.ok()) std::memcpy(floors.data(), kept.value().data(), sizeof floors);
    ledger.start(floors);
  }
  Status keep_floors(const NonceLedger::Floors& floors) override {
    return record_.save({reinterpret_cast<const char*>(floors.data()), sizeof floors});
  }

 private:
  char scratch_[64];
  fb::TwoSlotRecord record_;

 public:
  NonceLedger ledger;
};

}  // namespace

FB_TEST("a window judges as message-auth.json says") {
  std::ifstream in(FB_VECTORS "/message-auth.json");
  const Json vectors = Json::parse(in);
  for (const Json& c : vectors["windows"]) {
    fb::ReceiveWindow window;
    for (const Json& step : c["take"]) {
      const auto number = step[0].get<uint32_t>();
      const NonceVerdict verdict = window.look(number);
      EXPECT_IN(c["name"].get<std::string>() + " " + step.dump(), step[1] == verdict_name(verdict));
      if (verdict == NonceVerdict::kNew) window.take(number);
    }
  }
}

FB_TEST("a window takes no number twice, and every one that comes less than 64 late") {
  std::mt19937 random(1);
  for (int round = 0; round < 200; round++) {
    fb::ReceiveWindow window;
    std::set<uint32_t> taken;
    uint32_t around = round % 2 == 0 ? 100 : UINT32_MAX - 3000;
    for (int i = 0; i < 500; i++) {
      around += random() % 5;
      const uint32_t number = around - random() % 90;
      const NonceVerdict verdict = window.look(number);
      const bool late = !taken.empty() && *taken.rbegin() >= number && *taken.rbegin() - number >= 64;
      EXPECT(verdict == (late                        ? NonceVerdict::kStale
                         : taken.count(number) != 0 ? NonceVerdict::kSeen
                                                    : NonceVerdict::kNew));
      if (verdict != NonceVerdict::kNew) continue;
      window.take(number);
      taken.insert(number);
    }
  }
}

FB_TEST("sessions side by side and keys beside each other do not disturb each other") {
  fb::FakeBody body;
  LedgerDevice device(body);
  NonceLedger& ledger = device.ledger;
  for (uint32_t number = 0; number < 100; number++)
    for (uint64_t session = 0; session < NonceLedger::kEpochs; session++)
      for (size_t key = 0; key < NonceLedger::kKeys; key++)
        EXPECT(ledger.take(key, {kFirstEpoch + session, number}) == NonceVerdict::kNew);
  for (size_t key = 0; key < NonceLedger::kKeys; key++)
    EXPECT(ledger.take(key, {kFirstEpoch, 99}) == NonceVerdict::kSeen);
}

FB_TEST("a later session may have a lower epoch than one under way, until that is forgotten") {
  fb::FakeBody body;
  LedgerDevice device(body);
  NonceLedger& ledger = device.ledger;
  EXPECT(ledger.take(0, {kFirstEpoch + 50, 0}) == NonceVerdict::kNew);
  EXPECT(ledger.take(0, {kFirstEpoch, 0}) == NonceVerdict::kNew);
  for (uint64_t session = 0; session < NonceLedger::kEpochs; session++)
    EXPECT(ledger.take(0, {kFirstEpoch + 100 + session, 0}) == NonceVerdict::kNew);
  EXPECT(ledger.floor(0) == kFirstEpoch + 50);
  EXPECT(ledger.take(0, {kFirstEpoch, 1}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {kFirstEpoch + 50, 1}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {kFirstEpoch + 51, 1}) == NonceVerdict::kNew);
}

FB_TEST("the session that was silent longest is forgotten first") {
  fb::FakeBody body;
  LedgerDevice device(body);
  NonceLedger& ledger = device.ledger;
  for (uint64_t session = 0; session < NonceLedger::kEpochs; session++)
    EXPECT(ledger.take(0, {kFirstEpoch + session, 0}) == NonceVerdict::kNew);
  EXPECT(ledger.take(0, {kFirstEpoch, 1}) == NonceVerdict::kNew);
  EXPECT(ledger.take(0, {kFirstEpoch + 100, 0}) == NonceVerdict::kNew);
  EXPECT(ledger.take(0, {kFirstEpoch + 1, 1}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {kFirstEpoch, 2}) == NonceVerdict::kNew);
}

FB_TEST("a message costs no write, and a new epoch one a minute") {
  fb::FakeBody body;
  LedgerDevice device(body);
  NonceLedger& ledger = device.ledger;
  for (uint32_t number = 0; number < 10'000; number++) EXPECT(ledger.take(1, {kFirstEpoch, number}) == NonceVerdict::kNew);
  EXPECT(body.writes == 1);
  // An hour of sessions, one a second.
  for (uint64_t second = 1; second <= 3600; second++)
    EXPECT(ledger.take(1, {kFirstEpoch + second * 1024'000, 0}) == NonceVerdict::kNew);
  EXPECT(body.writes == 60);
}

FB_TEST("after a restart nothing that was taken is taken again, and an epoch above the floor is") {
  fb::FakeBody body;
  {
    LedgerDevice device(body);
    NonceLedger& ledger = device.ledger;
    EXPECT(ledger.take(0, {kFirstEpoch + 9, 3}) == NonceVerdict::kNew);
    EXPECT(ledger.take(0, {kFirstEpoch, 5}) == NonceVerdict::kNew);
  }
  LedgerDevice device(body);
  NonceLedger& ledger = device.ledger;
  EXPECT(ledger.take(0, {kFirstEpoch + 9, 3}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {kFirstEpoch + 9, 4}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {kFirstEpoch, 5}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {ledger.floor(0), 0}) == NonceVerdict::kStale);
  EXPECT(ledger.take(0, {ledger.floor(0) + 1, 0}) == NonceVerdict::kNew);
  EXPECT(ledger.take(1, {kFirstEpoch, 5}) == NonceVerdict::kNew);
}

FB_TEST("wherever the power is cut, nothing that was taken is taken again") {
  // Each run has its power cut after so many bytes of one of its writes; then it starts again, with the power on.
  for (size_t cut_write = 0; cut_write < 4; cut_write++) {
    for (size_t cut_bytes = 0; cut_bytes <= 40; cut_bytes++) {
      fb::FakeBody body;
      body.cut_write = cut_write;
      body.cut_bytes = cut_bytes;
      std::vector<std::pair<size_t, Nonce>> taken;
      bool refused = false;
      {
        LedgerDevice device(body);
        NonceLedger& ledger = device.ledger;
        for (uint64_t session = 0; session < 4; session++) {
          for (size_t key = 0; key < NonceLedger::kKeys; key++) {
            const Nonce nonce{kFirstEpoch + session * 2 * NonceLedger::kAhead, 7};
            const NonceVerdict verdict = ledger.take(key, nonce);
            if (verdict == NonceVerdict::kNew) taken.emplace_back(key, nonce);
            refused = refused || verdict == NonceVerdict::kStorage;
          }
        }
      }
      EXPECT(refused && taken.size() == cut_write);
      body.power_back();
      LedgerDevice device(body);
      NonceLedger& ledger = device.ledger;
      const std::string where = std::to_string(cut_write) + ":" + std::to_string(cut_bytes);
      for (const auto& [key, nonce] : taken) EXPECT_IN(where, ledger.take(key, nonce) == NonceVerdict::kStale);
      for (size_t key = 0; key < NonceLedger::kKeys; key++)
        EXPECT_IN(where, ledger.take(key, {ledger.floor(key) + 1, 0}) == NonceVerdict::kNew);
    }
  }
}

FB_TEST("equals a list of everything taken, over random sessions, restarts and cuts") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; round++) {
    fb::FakeBody body;
    std::set<std::tuple<size_t, uint64_t, uint32_t>> taken;
    uint64_t newest = kFirstEpoch;
    for (int boot = 0; boot < 6; boot++) {
      body.power_back();
      if (random() % 2 == 0) {
        body.cut_write = random() % 5;
        body.cut_bytes = random() % 41;
      }
      LedgerDevice device(body);
      NonceLedger& ledger = device.ledger;
      for (int i = 0; i < 120; i++) {
        const size_t key = random() % NonceLedger::kKeys;
        if (random() % 8 == 0) newest = std::max(newest, ledger.floor(key)) + 1 + random() % NonceLedger::kAhead;
        const Nonce nonce{newest - (random() % 3) * (random() % 2'000'000), static_cast<uint32_t>(random() % 80)};
        const NonceVerdict verdict = ledger.take(key, nonce);
        const bool before = taken.count({key, nonce.epoch, nonce.number}) != 0;
        EXPECT(!(before && verdict == NonceVerdict::kNew));
        EXPECT(!(verdict == NonceVerdict::kSeen && !before));
        if (verdict == NonceVerdict::kNew) taken.insert({key, nonce.epoch, nonce.number});
      }
    }
    EXPECT(taken.size() > 50);
  }
}

FB_TEST("the highest epoch there is leaves nothing above it, until it begins anew") {
  fb::FakeBody body;
  LedgerDevice device(body);
  EXPECT(device.ledger.take(2, {Nonce::kMaxEpoch, 0}) == NonceVerdict::kNew);
  EXPECT(device.ledger.take(2, {Nonce::kMaxEpoch, 1}) == NonceVerdict::kNew);
  EXPECT(LedgerDevice(body).ledger.floor(2) == Nonce::kMaxEpoch);
  device.ledger.start({});
  EXPECT(device.ledger.take(2, {kFirstEpoch, 0}) == NonceVerdict::kNew);
}
