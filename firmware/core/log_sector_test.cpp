#include "core/log_sector.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "ports/host/fake_flash.h"
#include "ports/host/test.h"

namespace {

using fb::FakeFlash;
using fb::LogHeader;
using fb::LogPlace;
using fb::LogRecord;
using fb::LogSector;
using fb::Status;

constexpr LogHeader kSectorHeader{0xdeadbeef, 7, 3, 2, 1'700'000'000'000};

LogRecord record_of(std::initializer_list<int> payload) {
  LogRecord record;
  for (const int byte : payload) record.payload()[record.size++] = static_cast<uint8_t>(byte);
  return record;
}

/// A sector with a shape `x`, a boot and a whole sample of it.
LogPlace written_sector(FakeFlash& flash) {
  LogSector sector(flash, 0);
  EXPECT(sector.begin(kSectorHeader) == Status::kOk);
  LogPlace place;
  place.begin(kSectorHeader);
  for (LogRecord record :
       {record_of({0x01, 0x00, 1, 'x'}), record_of({0x02, 5}), record_of({0xe0, 0x02, 0x03, 0x2a})}) {
    EXPECT(sector.write(place.at, record) == Status::kOk);
    LogRecord back;
    EXPECT(sector.next(place, back) == Status::kOk && back.kind != LogRecord::Kind::kDamaged);
  }
  return place;
}

}  // namespace

FB_TEST("the check of a record is CRC-15 as CAN has it") {
  EXPECT(fb::log_check(reinterpret_cast<const uint8_t*>("123456789"), 9) == 0x059e);
}

FB_TEST("a sector lies in flash as docs/telemetry-log.md draws it") {
  FakeFlash flash(1);
  const LogPlace end = written_sector(flash);
  const uint8_t header[] = {'F', 'B', 'L', '1', 0xef, 0xbe, 0xad, 0xde, 7,    0,    0,    0,    3, 0,
                            0,   0,   2,   0,   0,    0,    0x00, 0x68, 0xe5, 0xcf, 0x8b, 0x01, 0, 0};
  EXPECT(std::memcmp(flash.bytes.data(), header, sizeof header) == 0);
  const uint8_t shape[] = {4, 0x01, 0x00, 1, 'x'};
  EXPECT(std::memcmp(flash.bytes.data() + 32, shape, sizeof shape) == 0);
  const uint8_t boot[] = {2, 0x02, 5};
  EXPECT(std::memcmp(flash.bytes.data() + 39, boot, sizeof boot) == 0);
  const uint8_t sample[] = {4, 0xe0, 0x02, 0x03, 0x2a};
  EXPECT(std::memcmp(flash.bytes.data() + 44, sample, sizeof sample) == 0);
  EXPECT(end.at == 51 && end.seq == 8 && end.boot == 5 && end.time_ms == 1);
  EXPECT(end.shape_at[0] == 32 && end.reference_at[0] == 44);
}

FB_TEST("a header is read back, and a flipped bit of it is seen") {
  FakeFlash flash(1);
  LogSector sector(flash, 0);
  EXPECT(sector.begin(kSectorHeader) == Status::kOk);
  const LogHeader back = sector.header().value();
  EXPECT(back.epoch == 0xdeadbeef && back.seq == 7 && back.number == 3 && back.boot == 2);
  EXPECT(back.boot_unix_ms == 1'700'000'000'000);
  for (size_t bit = 0; bit < 8 * fb::kLogHeaderSize; bit++) {
    flash.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_IN(std::to_string(bit), sector.header().status() == Status::kCorrupt);
    flash.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
}

FB_TEST("a record that was cut at any byte, or has a bit flipped, is none") {
  FakeFlash whole(1);
  const LogPlace end = written_sector(whole);
  const LogSector sector(whole, 0);
  LogPlace before;
  before.begin(kSectorHeader);
  LogRecord record;
  for (int i = 0; i < 2; i++) EXPECT(sector.next(before, record) == Status::kOk);
  const std::vector<uint8_t> image = whole.bytes;
  for (size_t cut = before.at; cut < end.at; cut++) {
    std::fill(whole.bytes.begin() + static_cast<std::ptrdiff_t>(cut), whole.bytes.end(), uint8_t{0xff});
    LogPlace place = before;
    EXPECT(sector.next(place, record) == Status::kOk && place.at == before.at);
    const bool nothing = cut == before.at;
    EXPECT_IN(std::to_string(cut), record.kind == (nothing ? LogRecord::Kind::kEnd : LogRecord::Kind::kDamaged));
    whole.bytes = image;
  }
  for (size_t bit = 8 * before.at; bit < 8 * end.at; bit++) {
    whole.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    LogPlace place = before;
    EXPECT(sector.next(place, record) == Status::kOk);
    EXPECT_IN(std::to_string(bit), record.kind == LogRecord::Kind::kDamaged && place.at == before.at);
    whole.bytes = image;
  }
}

FB_TEST("a record whose check holds and that says what cannot be is damage") {
  for (const LogRecord& strange :
       {record_of({0x04}), record_of({0x90, 0, 1, 2}), record_of({0xe1, 2, 3, 0x2a}), record_of({0xc0}),
        record_of({0x02}), record_of({0x02, 0x80}), record_of({0x02, 5, 5}), record_of({0x03, 5}),
        record_of({0x01, 0x00, 2, 'x'}), record_of({0x01, 0x01, 1, 'x'}), record_of({0x01}),
        record_of({0x02, 0xff, 0xff, 0xff, 0xff, 0x1f})}) {
    FakeFlash flash(1);
    LogPlace place = written_sector(flash);
    LogSector sector(flash, 0);
    LogRecord record = strange;
    EXPECT(sector.write(place.at, record) == Status::kOk);
    const size_t at = place.at;
    EXPECT(sector.next(place, record) == Status::kOk);
    EXPECT_IN(std::to_string(strange.payload()[0]), record.kind == LogRecord::Kind::kDamaged && place.at == at);
  }
}

FB_TEST("a byte that the flash does not keep is found at once") {
  FakeFlash flash(1);
  LogPlace place = written_sector(flash);
  LogSector sector(flash, 0);
  LogRecord record = record_of({0x02, 6});
  flash.weak_at = place.at + 2u;
  EXPECT(sector.write(place.at, record) == Status::kCorrupt);
  flash.weak_at = 9;
  EXPECT(sector.begin(kSectorHeader) == Status::kCorrupt);
}

FB_TEST("records end before the last byte of a sector, which tells that it was given up") {
  FakeFlash flash(1);
  LogPlace place = written_sector(flash);
  LogSector sector(flash, 0);
  LogRecord record = record_of({0x02, 6});
  size_t written = 0;
  while (sector.write(place.at, record) == Status::kOk) {
    EXPECT(sector.next(place, record) == Status::kOk && record.kind == LogRecord::Kind::kBoot);
    written++;
  }
  EXPECT(written == (fb::kLogEnd - 51) / 5 && sector.next(place, record) == Status::kOk);
  EXPECT(record.kind == LogRecord::Kind::kEnd && flash.bytes[4095] == 0xff);
  EXPECT(!sector.given_up().value() && sector.looks_used().value());
  EXPECT(sector.give_up() == Status::kOk && sector.given_up().value() && !sector.looks_used().value());
  EXPECT(sector.header().ok());
  EXPECT(flash.overwritten == 0);
}
