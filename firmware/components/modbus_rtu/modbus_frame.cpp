#include "components/modbus_rtu/modbus_frame.h"

#include <cstring>

namespace fb {
namespace {

constexpr size_t kModbusExceptionSize = 5;

bool modbus_crc_holds(const uint8_t* bytes, size_t size) {
  const uint16_t crc = modbus_crc(bytes, size - 2);
  return bytes[size - 2] == (crc & 0xff) && bytes[size - 1] == crc >> 8;
}

}  // namespace

uint16_t modbus_crc(const uint8_t* bytes, size_t size) {
  unsigned crc = 0xffff;
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return static_cast<uint16_t>(crc);
}

void ModbusRequest::put_word(uint16_t word) {
  put(static_cast<uint8_t>(word >> 8));
  put(static_cast<uint8_t>(word & 0xff));
}

void ModbusRequest::put_crc() {
  const uint16_t crc = modbus_crc(bytes_, size_);
  put(static_cast<uint8_t>(crc & 0xff));
  put(static_cast<uint8_t>(crc >> 8));
}

ModbusRequest ModbusRequest::read(uint8_t slave, ModbusFunction function, uint16_t address, size_t count) {
  ModbusRequest request;
  if (count == 0 || count > kModbusMostRead || address + count > 0x10000) return request;
  request.put(slave);
  request.put(static_cast<uint8_t>(function));
  request.put_word(address);
  request.put_word(static_cast<uint16_t>(count));
  request.put_crc();
  return request;
}

ModbusRequest ModbusRequest::write(uint8_t slave, uint16_t address, const uint16_t* values, size_t count) {
  ModbusRequest request;
  if (count == 0 || count > kModbusMostWritten || address + count > 0x10000) return request;
  request.put(slave);
  request.put(static_cast<uint8_t>(count == 1 ? ModbusFunction::kWriteOne : ModbusFunction::kWriteSeveral));
  request.put_word(address);
  if (count > 1) {
    request.put_word(static_cast<uint16_t>(count));
    request.put(static_cast<uint8_t>(2 * count));
  }
  for (size_t i = 0; i < count; i++) request.put_word(values[i]);
  request.put_crc();
  return request;
}

bool ModbusRequest::reads() const {
  return function() == static_cast<uint8_t>(ModbusFunction::kReadHolding) ||
         function() == static_cast<uint8_t>(ModbusFunction::kReadInput);
}

ModbusAnswer ModbusAnswer::find(const ModbusRequest& request, const uint8_t* bytes, size_t size) {
  ModbusAnswer found;
  const size_t whole = request.answer_size();
  const bool reads = request.reads();
  for (size_t at = 0; at < size; at++) {
    const uint8_t* const frame = bytes + at;
    const size_t left = size - at;
    if (frame[0] != request.slave()) continue;
    if (left < 2) {
      found.kind = Kind::kUnfinished;
      break;
    }
    if (frame[1] == (request.function() | 0x80)) {
      if (left >= kModbusExceptionSize && modbus_crc_holds(frame, kModbusExceptionSize))
        return {Kind::kException, nullptr, frame[2]};
      found.kind = Kind::kUnfinished;
    } else if (frame[1] == request.function()) {
      // What the answer begins with is known: the size of a read, the address and value or count of a write (§6.6, §6.12).
      const size_t known = reads ? 3 : 6;
      const uint8_t count[] = {request.bytes_[0], request.bytes_[1], static_cast<uint8_t>(whole - 5)};
      if (std::memcmp(frame, reads ? count : request.bytes_, left < known ? left : known) != 0) continue;
      if (left >= whole && modbus_crc_holds(frame, whole)) return {Kind::kWords, reads ? frame + 3 : nullptr, 0};
      found.kind = Kind::kUnfinished;
    }
  }
  return found;
}

std::string_view modbus_exception_name(uint8_t code) {
  switch (code) {
    case 1: return "illegal function";
    case 2: return "illegal data address";
    case 3: return "illegal data value";
    case 4: return "server device failure";
    case 5: return "acknowledge, still at work";
    case 6: return "server device busy";
    case 8: return "memory parity error";
    case 10: return "gateway path unavailable";
    case 11: return "gateway target device failed to respond";
    default: return "unknown exception";
  }
}

}  // namespace fb
