#include "core/bit_packing.h"

#include <cstring>
#include <random>
#include <string>

#include "ports/host/test.h"

namespace {

std::string written(void (*write)(fb::ByteSink&)) {
  uint8_t bytes[64];
  fb::ByteSink sink(bytes, sizeof bytes);
  write(sink);
  return {bytes, bytes + sink.size()};
}

bool reads_varint(const std::string& bytes, uint64_t value) {
  fb::ByteSource in(bytes);
  return in.varint() == value && in.ok() && in.at_end();
}

}  // namespace

FB_TEST("varints come back up to the last one below 2^53") {
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 49, fb::kVarintLimit - 1}) {
    uint8_t bytes[8];
    fb::ByteSink sink(bytes, sizeof bytes);
    sink.varint(value);
    EXPECT(sink.fits() && reads_varint({bytes, bytes + sink.size()}, value));
  }
}

FB_TEST("a varint of 2^53, of nine bytes, of two forms or cut is none") {
  EXPECT(reads_varint(std::string(7, '\xff') + '\x0f', fb::kVarintLimit - 1));
  EXPECT(!reads_varint(std::string(7, '\x80') + '\x10', fb::kVarintLimit));
  EXPECT(!reads_varint(std::string(8, '\x80') + '\x01', 0));
  EXPECT(!reads_varint(std::string(8, '\x80') + '\x01', uint64_t{1} << 56));
  EXPECT(!reads_varint(std::string("\x80\0", 2), 0));
  EXPECT(!reads_varint("\x80", 0));
  EXPECT(!reads_varint("", 0));
}

FB_TEST("zigzag comes back at its ends, small numbers being short") {
  const int64_t end = static_cast<int64_t>(fb::kVarintLimit / 2);
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{63}, int64_t{-64}, end - 1, -end}) {
    uint8_t bytes[8];
    fb::ByteSink sink(bytes, sizeof bytes);
    sink.zigzag(value);
    const std::string text(bytes, bytes + sink.size());
    fb::ByteSource in(text);
    EXPECT(in.zigzag() == value && in.ok() && in.at_end());
    EXPECT((sink.size() == 1) == (value >= -64 && value < 64));
  }
}

FB_TEST("fields of 0 to 52 bits come back") {
  std::mt19937_64 random(1);
  for (unsigned width = 0; width <= 52; width++) {
    uint64_t fields[19];
    uint8_t bytes[19 * 8];
    fb::ByteSink sink(bytes, sizeof bytes);
    fb::BitSink bits(sink);
    for (uint64_t& field : fields) bits.put(field = random() & ((uint64_t{1} << width) - 1), width);
    bits.finish();
    EXPECT(sink.size() == (19 * width + 7) / 8);
    const std::string text(bytes, bytes + sink.size());
    fb::ByteSource in(text);
    fb::BitSource back(in);
    for (const uint64_t field : fields) EXPECT_IN(std::to_string(width), back.get(width) == field);
    back.finish();
    EXPECT(in.ok() && in.at_end());
  }
}

FB_TEST("bits are packed lowest first, and what is left over of the last byte is zero") {
  EXPECT(written([](fb::ByteSink& sink) {
           fb::BitSink bits(sink);
           for (const uint64_t field : {1, 2, 5}) bits.put(field, 3);
           bits.finish();
         }) == std::string("\x51\x01"));
  fb::ByteSource in("\x02");
  fb::BitSource bits(in);
  EXPECT(bits.get(1) == 0);
  bits.finish();
  EXPECT(!in.ok());
}

FB_TEST("a sink that is full counts on and writes nothing") {
  uint8_t bytes[] = {1, 2, 3};
  fb::ByteSink sink(bytes, 2);
  sink.u32(0xa1b2c3d4);
  EXPECT(!sink.fits() && sink.size() == 4);
  EXPECT(bytes[0] == 0xd4 && bytes[1] == 0xc3 && bytes[2] == 3);
}

FB_TEST("a source that ended gives zeros, and says so") {
  fb::ByteSource in("ab");
  EXPECT(in.bytes(3).empty() && !in.ok());
  EXPECT(in.byte() == 0 && in.u32() == 0 && in.real() == 0 && in.varint() == 0 && in.zigzag() == 0);
}
