// Whatever comes over a line: an answer that is taken is one, each exchange ends by the time it says, and the simulated
// inverter answers nothing but whole frames. The first bytes are the request and the pauses, the rest is the line.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "components/modbus_rtu/modbus_master.h"
#include "fuzz/fuzz_input.h"
#include "sim/sim_inverter.h"

namespace {

/// Gives the input in pieces: each begins with a byte that says how long it is, and one that says how long after.
class FuzzedLine final : public fb::SerialPort {
 public:
  FuzzedLine(const uint8_t* bytes, size_t size) : bytes_(bytes), left_(size) {}
  fb::Status configure(const fb::SerialFormat&) override { return fb::Status::kOk; }
  fb::Status write(std::string_view) override {
    return left_ > 0 && bytes_[0] == 0xee ? fb::Status::kUnavailable : fb::Status::kOk;
  }
  size_t read(uint8_t* out, size_t capacity) override {
    fb::require(capacity > 0);
    if (piece_ == 0) {
      if (left_ < 2) return 0;
      piece_ = std::min<size_t>(bytes_[0] % 64, left_ - 2);
      comes_at_ = now + bytes_[1];
      bytes_ += 2;
      left_ -= 2;
    }
    if (now < comes_at_) return 0;
    const size_t size = std::min(capacity, piece_);
    std::copy(bytes_, bytes_ + size, out);
    bytes_ += size;
    left_ -= size;
    piece_ -= size;
    return size;
  }
  fb::Millis now = 0;

 private:
  const uint8_t* bytes_;
  size_t left_;
  size_t piece_ = 0;
  fb::Millis comes_at_ = 0;
};

fb::ModbusRequest request_of(const uint8_t* head) {
  const auto address = static_cast<uint16_t>(head[1] << 8 | head[2]);
  const auto slave = static_cast<uint8_t>(1 + head[0] % 3);
  const size_t count = 1 + head[3] % 16;
  uint16_t values[16];
  std::fill(values, values + 16, address);
  fb::ModbusRequest request = head[0] % 2 != 0
                                  ? fb::ModbusRequest::write(slave, address, values, count)
                                  : fb::ModbusRequest::read(slave, fb::ModbusFunction::kReadHolding, address, count);
  if (request.bytes().empty()) request = fb::ModbusRequest::read(slave, fb::ModbusFunction::kReadInput, 0, count);
  return request;
}

void search(const fb::ModbusRequest& request, const uint8_t* bytes, size_t size) {
  const fb::ModbusAnswer found = fb::ModbusAnswer::find(request, bytes, size);
  if (found.kind != fb::ModbusAnswer::Kind::kWords || !request.reads()) return;
  const uint8_t* const frame = found.words - 3;
  fb::require(frame >= bytes && frame + request.answer_size() <= bytes + size);
  fb::require(frame[0] == request.slave() && frame[1] == request.function() && frame[2] + 5u == request.answer_size());
  fb::require(fb::modbus_crc(frame, request.answer_size()) == 0);
}

void exchange(const fb::ModbusRequest& request, const uint8_t* bytes, size_t size) {
  FuzzedLine line(bytes, size);
  fb::ModbusMaster master(line);
  fb::require(master.configure({}, {100, 2}) == fb::Status::kOk);
  for (int i = 0; i < 3; i++) {
    const fb::Millis began = line.now;
    master.begin(request, {line.now, 0});
    do {
      fb::require(master.due() != fb::kNever);
      line.now = std::max(line.now + 1, master.due());
    } while (!master.step({line.now, 0}));
    fb::require(line.now - began <= master.longest_ms(request) && !master.busy());
    fb::require(!master.outcome_name().empty());
  }
}

void ask_inverter(const uint8_t* bytes, size_t size) {
  static const fb::World world(1);
  fb::SimInverter inverter(world);
  fb::require(inverter.configure({}) == fb::Status::kOk);
  // The fuzzer does not find a CRC, so half of the requests are given theirs.
  uint8_t frame[300];
  const size_t taken = std::min(size, sizeof frame - 2);
  std::copy(bytes, bytes + taken, frame);
  const uint16_t crc = fb::modbus_crc(frame, taken);
  frame[taken] = static_cast<uint8_t>(crc & 0xff);
  frame[taken + 1] = static_cast<uint8_t>(crc >> 8);
  const bool whole = taken > 0 && frame[taken - 1] % 2 == 0;
  fb::require(inverter.write({reinterpret_cast<const char*>(frame), taken + (whole ? 2 : 0)}) == fb::Status::kOk);
  inverter.advance({1000, 0});
  uint8_t answer[64];
  const size_t answered = inverter.read(answer, sizeof answer);
  fb::require(answered == 0 || (answered >= 5 && fb::modbus_crc(answer, answered) == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const fb::ModbusRequest request = request_of(data);
  search(request, data + 4, size - 4);
  exchange(request, data + 4, size - 4);
  ask_inverter(data, size);
  return 0;
}
