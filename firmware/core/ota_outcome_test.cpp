#include "core/ota_outcome.h"

#include "core/two_slot_record.h"
#include "ports/host/fake_slots.h"
#include "ports/host/test.h"

namespace {

using fb::OtaOutcome;
using fb::OtaReason;
using fb::OtaStage;

OtaOutcome rolled_back() {
  OtaOutcome outcome;
  outcome.stage = OtaStage::kRolledBack;
  outcome.reason = OtaReason::kNoBroker;
  outcome.session = 0x01020304;
  outcome.seal.fill(0xa5);
  EXPECT(outcome.from.assign("1.2.3") == fb::Status::kOk);
  EXPECT(outcome.to.assign("2.0.0-alpha.beta.gamma.delta.123") == fb::Status::kOk);
  return outcome;
}

}  // namespace

FB_TEST("how a trial went is read back as it was saved") {
  fb::FakePower power;
  fb::SlotStorage storage(power);
  OtaOutcome read;
  EXPECT(read.load(storage) == fb::Status::kNotFound);
  EXPECT(rolled_back().save(storage) == fb::Status::kOk);
  EXPECT(read.load(storage) == fb::Status::kOk);
  EXPECT(read.stage == OtaStage::kRolledBack && read.reason == OtaReason::kNoBroker);
  EXPECT(read.session == 0x01020304 && read.seal == rolled_back().seal);
  EXPECT(read.from.view() == "1.2.3" && read.to.view() == "2.0.0-alpha.beta.gamma.delta.123");
}

FB_TEST("a record of a later firmware, with stages or reasons of its own, is read as none") {
  for (const size_t at : {size_t{0}, size_t{1}, size_t{104}}) {
    fb::FakePower power;
    fb::SlotStorage storage(power);
    char scratch[160];
    fb::TwoSlotRecord record(storage, "ota", scratch, sizeof scratch);
    EXPECT(record.load().status() == fb::Status::kNotFound);
    std::string bytes(104, '\0');
    bytes[0] = 6;
    bytes[1] = 5;
    if (at < bytes.size()) bytes[at] = 99;
    else bytes += "more";
    EXPECT(record.save(bytes) == fb::Status::kOk);
    OtaOutcome read = rolled_back();
    EXPECT(read.load(storage) == fb::Status::kCorrupt || at == 104);
    EXPECT(read.stage == OtaStage::kNone && read.reason == OtaReason::kNone);
  }
}

FB_TEST("a save that is cut leaves the record before, or the new one") {
  for (size_t cut = 0; cut <= 120; cut++) {
    fb::FakePower power;
    fb::SlotStorage storage(power);
    EXPECT(rolled_back().save(storage) == fb::Status::kOk);
    OtaOutcome next;
    next.stage = OtaStage::kArmed;
    power.bytes_left = cut;
    (void)next.save(storage);
    power.bytes_left = fb::FakePower::kForever;
    OtaOutcome read;
    EXPECT(read.load(storage) == fb::Status::kOk);
    EXPECT(read.stage == (cut < 120 ? OtaStage::kRolledBack : OtaStage::kArmed));
  }
}
