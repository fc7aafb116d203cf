#include "components/modbus_rtu/modbus_frame.h"

#include <string>
#include <vector>

#include "components/modbus_rtu/modbus_registers.h"
#include "ports/host/test.h"

namespace {

using Bytes = std::vector<uint8_t>;

Bytes of(const fb::ModbusRequest& request) { return {request.bytes().begin(), request.bytes().end()}; }

Bytes with_crc(Bytes frame) {
  const uint16_t crc = fb::modbus_crc(frame.data(), frame.size());
  frame.push_back(static_cast<uint8_t>(crc & 0xff));
  frame.push_back(static_cast<uint8_t>(crc >> 8));
  return frame;
}

fb::ModbusAnswer find(const fb::ModbusRequest& request, const Bytes& bytes) {
  return fb::ModbusAnswer::find(request, bytes.data(), bytes.size());
}

using Kind = fb::ModbusAnswer::Kind;
using Function = fb::ModbusFunction;

}  // namespace

FB_TEST("modbus crc is that of the specifications example") {
  const uint8_t frame[] = {0x02, 0x07};  // Modbus over Serial Line 1.02, §6.2.2
  EXPECT(fb::modbus_crc(frame, 2) == 0x1241);
}

FB_TEST("modbus requests are those of the specification") {
  // §6.3, §6.4, §6.6 and §6.12 of the application protocol, to slave 17.
  EXPECT(of(fb::ModbusRequest::read(17, Function::kReadHolding, 107, 3)) ==
         Bytes({0x11, 0x03, 0x00, 0x6b, 0x00, 0x03, 0x76, 0x87}));
  EXPECT(of(fb::ModbusRequest::read(17, Function::kReadInput, 8, 1)) == with_crc({0x11, 0x04, 0x00, 0x08, 0x00, 0x01}));
  const uint16_t one[] = {3};
  EXPECT(of(fb::ModbusRequest::write(17, 1, one, 1)) == with_crc({0x11, 0x06, 0x00, 0x01, 0x00, 0x03}));
  const uint16_t two[] = {0x000a, 0x0102};
  EXPECT(of(fb::ModbusRequest::write(17, 1, two, 2)) ==
         with_crc({0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0a, 0x01, 0x02}));
}

FB_TEST("modbus requests that do not fit have no bytes") {
  const uint16_t values[17] = {};
  EXPECT(fb::ModbusRequest::read(1, Function::kReadHolding, 0, 0).bytes().empty());
  EXPECT(fb::ModbusRequest::read(1, Function::kReadHolding, 0, 33).bytes().empty());
  EXPECT(fb::ModbusRequest::read(1, Function::kReadHolding, 65535, 2).bytes().empty());
  EXPECT(!fb::ModbusRequest::read(1, Function::kReadHolding, 65534, 2).bytes().empty());
  EXPECT(fb::ModbusRequest::write(1, 0, values, 0).bytes().empty());
  EXPECT(fb::ModbusRequest::write(1, 0, values, 17).bytes().empty());
  EXPECT(fb::ModbusRequest::write(1, 65535, values, 2).bytes().empty());
  EXPECT(of(fb::ModbusRequest::write(1, 0, values, 16)).size() == 41);
}

FB_TEST("modbus answers of the specification are found") {
  const auto request = fb::ModbusRequest::read(17, Function::kReadHolding, 107, 3);
  const Bytes answer = with_crc({0x11, 0x03, 0x06, 0x02, 0x2b, 0x00, 0x00, 0x00, 0x64});
  const fb::ModbusAnswer found = find(request, answer);
  EXPECT(found.kind == Kind::kWords);
  EXPECT(Bytes(found.words, found.words + 6) == Bytes({0x02, 0x2b, 0x00, 0x00, 0x00, 0x64}));

  const uint16_t two[] = {0x000a, 0x0102};
  const Bytes wrote_two = with_crc({0x11, 0x10, 0x00, 0x01, 0x00, 0x02});
  const Bytes wrote_one = with_crc({0x11, 0x06, 0x00, 0x01, 0x00, 0x0a});
  EXPECT(find(fb::ModbusRequest::write(17, 1, two, 2), wrote_two).kind == Kind::kWords);
  EXPECT(find(fb::ModbusRequest::write(17, 1, two, 1), wrote_one).kind == Kind::kWords);
}

FB_TEST("modbus answers with any bit flipped are never taken") {
  const auto request = fb::ModbusRequest::read(17, Function::kReadHolding, 107, 3);
  const Bytes answer = with_crc({0x11, 0x03, 0x06, 0x02, 0x2b, 0x00, 0x00, 0x00, 0x64});
  const Bytes refusal = with_crc({0x11, 0x83, 0x02});
  for (const Bytes& frame : {answer, refusal}) {
    for (size_t bit = 0; bit < 8 * frame.size(); bit++) {
      Bytes flipped = frame;
      flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
      EXPECT_IN(std::to_string(bit), find(request, flipped).kind <= Kind::kUnfinished);
    }
  }
}

FB_TEST("modbus answers cut at any byte are unfinished, and taken when the rest is there") {
  const auto request = fb::ModbusRequest::read(17, Function::kReadHolding, 107, 3);
  const Bytes answer = with_crc({0x11, 0x03, 0x06, 0x02, 0x2b, 0x00, 0x00, 0x00, 0x64});
  EXPECT(find(request, {}).kind == Kind::kNone);
  for (size_t size = 1; size < answer.size(); size++) {
    Bytes cut = answer;
    cut.resize(size);
    EXPECT_IN(std::to_string(size), find(request, cut).kind == Kind::kUnfinished);
  }
  EXPECT(find(request, answer).kind == Kind::kWords);
}

FB_TEST("modbus answers are found behind noise and behind another answer") {
  const auto request = fb::ModbusRequest::read(17, Function::kReadHolding, 107, 1);
  Bytes line = {0x00, 0xff, 0x11};
  for (const uint8_t byte : with_crc({0x11, 0x03, 0x04, 0x00, 0x01, 0x00, 0x02})) line.push_back(byte);  // two words
  EXPECT(find(request, line).kind <= Kind::kUnfinished);
  for (const uint8_t byte : with_crc({0x11, 0x03, 0x02, 0x12, 0x34})) line.push_back(byte);
  const fb::ModbusAnswer found = find(request, line);
  EXPECT(found.kind == Kind::kWords);
  EXPECT(found.words[0] == 0x12 && found.words[1] == 0x34);
}

FB_TEST("modbus answers of another slave, function, length or write are passed over") {
  const auto request = fb::ModbusRequest::read(17, Function::kReadHolding, 107, 1);
  EXPECT(find(request, with_crc({0x12, 0x03, 0x02, 0x12, 0x34})).kind <= Kind::kUnfinished);
  EXPECT(find(request, with_crc({0x11, 0x04, 0x02, 0x12, 0x34})).kind <= Kind::kUnfinished);
  EXPECT(find(request, with_crc({0x11, 0x03, 0x04, 0x12, 0x34, 0, 0})).kind <= Kind::kUnfinished);
  EXPECT(find(request, with_crc({0x11, 0x84, 0x02})).kind <= Kind::kUnfinished);
  const uint16_t value[] = {50};
  const auto write = fb::ModbusRequest::write(17, 8, value, 1);
  EXPECT(find(write, with_crc({0x11, 0x06, 0x00, 0x08, 0x00, 0x33})).kind <= Kind::kUnfinished);
  EXPECT(find(write, with_crc({0x11, 0x06, 0x00, 0x09, 0x00, 0x32})).kind <= Kind::kUnfinished);
}

FB_TEST("modbus exceptions are found and have names of their own") {
  const auto request = fb::ModbusRequest::read(17, Function::kReadInput, 107, 3);
  std::vector<std::string> names;
  for (const uint8_t code : {1, 2, 3, 4, 5, 6, 8, 10, 11}) {
    const fb::ModbusAnswer found = find(request, with_crc({0x11, 0x84, code}));
    EXPECT(found.kind == Kind::kException && found.exception == code);
    for (const std::string& other : names) EXPECT(other != fb::modbus_exception_name(code));
    names.emplace_back(fb::modbus_exception_name(code));
    EXPECT(names.back() != "unknown exception");
  }
  EXPECT(fb::modbus_exception_name(7) == "unknown exception");
}

FB_TEST("modbus registers have the value of their type, order and scale") {
  fb::ModbusRegister entry;
  const uint8_t words[] = {0xff, 0xfe, 0x00, 0x01};
  using Type = fb::ModbusRegister::Type;
  const auto value = [&](Type type, bool low_word_first, double scale) {
    entry.type = type;
    entry.low_word_first = low_word_first;
    entry.scale = scale;
    return entry.value(words);
  };
  EXPECT(value(Type::kU16, false, 1) == 65534);
  EXPECT(value(Type::kI16, false, 1) == -2);
  EXPECT(value(Type::kI16, false, -2) == 4);
  EXPECT(value(Type::kU32, false, 1) == 0xfffe0001u);
  EXPECT(value(Type::kU32, true, 1) == 0x0001fffeu);
  EXPECT(value(Type::kI32, false, 1) == -131071);
  EXPECT(value(Type::kI16, false, 0.1) == -0.2);
  const uint8_t number[] = {0x42, 0xf6, 0xe9, 0x79};  // IEEE 754: 123.456
  entry.type = Type::kF32;
  entry.low_word_first = false;
  entry.scale = 1;
  EXPECT(entry.value(number) == double{123.456f});
  const uint8_t voltage[] = {0x08, 0xfd};
  entry.type = Type::kU16;
  entry.scale = 0.1;
  EXPECT(entry.value(voltage) == 230.1);
}
