#include "core/otadata.h"

#include "core/little_endian.h"
#include "ports/host/fake_slots.h"
#include "ports/host/test.h"

namespace {

using fb::Otadata;

struct Chip {
  fb::FakePower power;
  fb::SlotFlash flash{power, 2 * fb::FlashRegion::kSector};
  Otadata otadata{flash, 2};

  uint32_t word(size_t at) const { return fb::get_u32(reinterpret_cast<const char*>(flash.bytes.data()) + at); }
};

}  // namespace

FB_TEST("a first start without records writes that the image of the cable is valid, as the bootloader does") {
  Chip chip;
  EXPECT(chip.otadata.start().value_or(9) == 0);
  EXPECT(chip.word(0) == 1);
  EXPECT(chip.word(24) == 2);
  // The same in src/lib/formats: what ESP-IDF writes for the sequence 1.
  EXPECT(chip.word(28) == 0x4743989a);
  EXPECT(chip.otadata.state().value_or(Otadata::State::kNew) == Otadata::State::kValid);
}

FB_TEST("a chosen slot is new, then on trial, then valid once it is confirmed") {
  Chip chip;
  EXPECT(chip.otadata.start().value_or(9) == 0);
  EXPECT(chip.otadata.choose(1) == fb::Status::kOk);
  EXPECT(chip.word(4096) == 2);
  EXPECT(chip.word(4096 + 24) == 0);
  EXPECT(chip.otadata.start().value_or(9) == 1);
  EXPECT(chip.otadata.state().value_or(Otadata::State::kNew) == Otadata::State::kPending);
  EXPECT(chip.otadata.confirm() == fb::Status::kOk);
  EXPECT(chip.otadata.start().value_or(9) == 1);
  EXPECT(chip.otadata.choose(0) == fb::Status::kOk);
  EXPECT(chip.word(0) == 3);
  EXPECT(chip.otadata.start().value_or(9) == 0);
}

FB_TEST("an image on trial that restarts is aborted, and the one before starts") {
  Chip chip;
  EXPECT(chip.otadata.start().ok());
  EXPECT(chip.otadata.choose(1) == fb::Status::kOk);
  EXPECT(chip.otadata.start().value_or(9) == 1);
  EXPECT(chip.otadata.start().value_or(9) == 0);
  EXPECT(chip.word(4096 + 24) == 4);
  EXPECT(chip.otadata.choose(1) == fb::Status::kOk);
  EXPECT(chip.otadata.start().value_or(9) == 1);
}

FB_TEST("an image is rejected only where there is another to start") {
  Chip chip;
  EXPECT(chip.otadata.reject() == fb::Status::kNotFound);
  EXPECT(chip.otadata.confirm() == fb::Status::kNotFound);
  EXPECT(chip.otadata.start().ok());
  EXPECT(chip.otadata.reject() == fb::Status::kNotFound);
  EXPECT(chip.otadata.choose(1) == fb::Status::kOk);
  EXPECT(chip.otadata.start().ok());
  EXPECT(chip.otadata.reject() == fb::Status::kOk);
  EXPECT(chip.word(4096 + 24) == 3);
  EXPECT(chip.otadata.start().value_or(9) == 0);
}

FB_TEST("a record whose checksum does not hold counts for nothing") {
  Chip chip;
  EXPECT(chip.otadata.start().ok());
  EXPECT(chip.otadata.choose(1) == fb::Status::kOk);
  chip.flash.bytes[4096 + 28] ^= 1;
  EXPECT(chip.otadata.start().value_or(9) == 0);
}

FB_TEST("slots beyond those there are, and a region too small, are refused") {
  Chip chip;
  EXPECT(chip.otadata.choose(2) == fb::Status::kInvalid);
  Otadata none(chip.flash, 0);
  EXPECT(none.start().status() == fb::Status::kInvalid);
  fb::SlotFlash small(chip.power, fb::FlashRegion::kSector);
  Otadata short_one(small, 2);
  EXPECT(short_one.start().status() == fb::Status::kInvalid);
}

FB_TEST("the power may go at every byte of a choice, a trial and its end: the old image or the chosen one starts") {
  for (int act = 0; act < 4; act++) {
    for (size_t cut = 0; cut < fb::FlashRegion::kSector + 40; cut += cut < 4090 && cut > 40 ? 61 : 1) {
      const std::string at = "act " + std::to_string(act) + ", cut after " + std::to_string(cut);
      Chip chip;
      EXPECT(chip.otadata.start().ok());
      if (act > 0) EXPECT(chip.otadata.choose(1) == fb::Status::kOk);
      if (act > 1) EXPECT(chip.otadata.start().value_or(9) == 1);
      chip.power.bytes_left = cut;
      if (act == 0) (void)chip.otadata.choose(1);
      if (act == 1) (void)chip.otadata.start();
      if (act == 2) (void)chip.otadata.confirm();
      if (act == 3) (void)chip.otadata.reject();
      chip.power.bytes_left = fb::FakePower::kForever;
      const fb::Expected<uint8_t> slot = chip.otadata.start();
      EXPECT_IN(at, slot.ok());
      // An act that was whole holds; one that was cut gives the old image, except before a choice came to be a trial.
      const bool done = cut >= fb::FlashRegion::kSector + 32;
      if (act == 0 || act == 2) EXPECT_IN(at, slot.value() == (done ? 1 : 0));
      if (act == 3) EXPECT_IN(at, slot.value() == 0);
      EXPECT_IN(at, chip.otadata.choose(1 - slot.value()) == fb::Status::kOk);
      EXPECT_IN(at, chip.otadata.start().value_or(9) == 1 - slot.value());
    }
  }
}
