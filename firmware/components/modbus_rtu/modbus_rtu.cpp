#include "components/modbus_rtu/modbus_rtu.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fb {
namespace {

constexpr std::string_view kModbusParities = "none even odd";
constexpr int kModbusWritePending = 1;

/// What a word can be told to be: unsigned, or signed in two's complement.
constexpr double kModbusLeastWord = -32'768;
constexpr double kModbusGreatestWord = 65'535;

Expected<uint16_t> modbus_word_of(const JsonValue& given) {
  const Expected<double> value = given.number();
  if (!value.ok() || value.value() < kModbusLeastWord || value.value() > kModbusGreatestWord) return Status::kInvalid;
  if (value.value() != std::floor(value.value())) return Status::kInvalid;
  return static_cast<uint16_t>(static_cast<int32_t>(value.value()) & 0xffff);
}

struct ModbusWords {
  uint16_t words[kModbusMostWritten];
  size_t count = 0;
};

/// The words of {"value":…} or {"values":[…]}, whichever there is.
Expected<ModbusWords> modbus_words_of(const JsonValue& one, const JsonValue& several) {
  ModbusWords all;
  if (one.exists() == several.exists()) return Status::kInvalid;
  if (one.exists()) {
    const Expected<uint16_t> word = modbus_word_of(one);
    if (!word.ok()) return Status::kInvalid;
    all.words[all.count++] = word.value();
    return all;
  }
  if (!several.is_array()) return Status::kInvalid;
  for (JsonValue item = several.first(); item.exists(); item = item.after(several)) {
    const Expected<uint16_t> word = modbus_word_of(item);
    if (!word.ok() || all.count == kModbusMostWritten) return Status::kInvalid;
    all.words[all.count++] = word.value();
  }
  return all;
}

}  // namespace

Fields ModbusPort::fields() {
  static constexpr Field kFields[] = {
      integer_field("baud", "Baud", offsetof(ModbusPort, baud), 1200, 921'600),
      choice_field("parity", "Parity", offsetof(ModbusPort, parity), kModbusParities),
      integer_field("stop_bits", "Stop bits", offsetof(ModbusPort, stop_bits), 1, 2)};
  return {kFields, 3};
}

SerialFormat ModbusPort::format() const {
  SerialFormat format;
  format.baud = static_cast<uint32_t>(baud);
  format.parity = parity == 0 ? 'N' : parity == 1 ? 'E' : 'O';
  format.stop_bits = static_cast<uint8_t>(stop_bits);
  return format;
}

Fields ModbusPolling::fields() {
  static constexpr Field kFields[] = {
      integer_field("slave", "Slave", offsetof(ModbusPolling, slave), 1, 247),
      integer_field("period_ms", "Interval (ms)", offsetof(ModbusPolling, period_ms), 200, 3'600'000),
      integer_field("timeout_ms", "Wait for an answer (ms)", offsetof(ModbusPolling, timeout_ms), 20, 5000),
      integer_field("retries", "Retries", offsetof(ModbusPolling, retries), 0, 5)};
  return {kFields, 4};
}

ModbusRtu::ModbusRtu(SerialPort& port, SampleSink& samples) : samples_(samples), master_(port) { configured(); }

Status ModbusRtu::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  ModbusPort port = port_;
  ModbusPolling polling = polling_;
  if (change.exists()) {
    Status status = ModbusPolling::fields().read(change, &polling, fault);
    if (status != Status::kOk) return status;
    if (change.member("port").exists()) status = ModbusPort::fields().read(change.member("port"), &port, fault);
    if (status != Status::kOk) {
      const std::string_view paths[] = {"port.baud", "port.parity", "port.stop_bits"};
      const std::string_view field = fault.field;
      fault.field = "port";
      for (const std::string_view path : paths)
        if (path.substr(5) == field) fault.field = path;
      return status;
    }
  }
  whole.begin_object().key("port");
  ModbusPort::fields().write(&port, whole);
  whole.key("slave").number(polling.slave).key("period_ms").number(polling.period_ms);
  whole.key("timeout_ms").number(polling.timeout_ms).key("retries").number(polling.retries).key("registers");
  const JsonValue registers = change.member("registers");
  if (registers.exists()) {
    const Status status = plan_registers(registers, whole, fault);
    if (status != Status::kOk) return status;
  } else {
    registers_.write(whole);
  }
  whole.end_object();
  return Status::kOk;
}

/// Apart from plan_config for its frame: a map is 800 bytes.
Status ModbusRtu::plan_registers(const JsonValue& change, JsonWriter& whole, Fault& fault) {
  ModbusRegisterMap map;
  const Status status = map.read(change, fault);
  if (status == Status::kOk) map.write(whole);
  return status;
}

void ModbusRtu::init(const JsonValue& config, const Now& now) {
  Fault fault;
  // plan_config wrote it, so all of it fits; what does not leaves the present value.
  ModbusPort port = port_;
  if (ModbusPort::fields().read(config.member("port"), &port, fault) == Status::kOk) port_ = port;
  ModbusPolling polling = polling_;
  if (ModbusPolling::fields().read(config, &polling, fault) == Status::kOk) polling_ = polling;
  const JsonValue registers = config.member("registers");
  if (registers.exists() && registers_.read(registers, fault) != Status::kOk) registers_ = {};
  master_.abandon(now);
  if (write_.state == WriteState::kPending) set_write(WriteState::kFailed, "the configuration changed");
  due_ = now.mono;
  configured();
}

void ModbusRtu::configured() {
  doing_ = Doing::kNothing;
  in_round_ = false;
  port_ready_ = false;
  forget(0, registers_.size());
  fault_ = {};
  (void)capabilities_.assign("bus.modbus");  // its capacity is that of sixteen of the longest names
  for (size_t i = 0; i < registers_.size(); i++) {
    (void)capabilities_.append(" measure.");
    (void)capabilities_.append(registers_.at(i).name.view());
  }
}

void ModbusRtu::cleanup(const Now& now) {
  master_.abandon(now);
  if (write_.state == WriteState::kPending) set_write(WriteState::kFailed, "stopped");
  doing_ = Doing::kNothing;
  in_round_ = false;
  port_ready_ = false;
}

Expected<Millis> ModbusRtu::execute(const Now& now) {
  if (!port_ready_) {
    const Status status = master_.configure(port_.format(), {static_cast<Millis>(polling_.timeout_ms),
                                                             static_cast<unsigned>(polling_.retries)});
    if (status != Status::kOk) {
      fault_ = "the port cannot be set up so";
      return status;
    }
    port_ready_ = true;
  }
  if (doing_ != Doing::kNothing) {
    if (!master_.step(now)) return master_.due();
    if (doing_ == Doing::kReading) block_ended();
    if (doing_ == Doing::kWriting && master_.outcome() == ModbusOutcome::kAnswered) set_write(WriteState::kDone, {});
    if (doing_ == Doing::kWriting && write_.state == WriteState::kPending)
      set_write(WriteState::kFailed, master_.outcome_name());
    doing_ = Doing::kNothing;
  }
  if (begin_next(now)) return master_.due();
  if (in_round_) {
    in_round_ = false;
    due_ = next_turn(due_, polling_.period_ms, now);
    const Status status = round_ended(now);
    if (status != Status::kOk) return status;
  }
  return due_;
}

/// False: there is nothing to begin; the round, if there is one, is at its end.
bool ModbusRtu::begin_next(const Now& now) {
  // A write goes before the blocks that are left: a person waits for it.
  if (write_.state == WriteState::kPending) {
    doing_ = Doing::kWriting;
    master_.begin(write_.request, now);
    return true;
  }
  if (!in_round_) {
    if (now.mono < due_) return false;
    in_round_ = true;
    lost_ = Status::kOk;
    new_fault_ = {};
    block_ = registers_.block(0);
  }
  if (block_.count == 0) return false;
  doing_ = Doing::kReading;
  const auto slave = static_cast<uint8_t>(polling_.slave);
  master_.begin(ModbusRequest::read(slave, block_.function, block_.address, block_.words), now);
  return true;
}

void ModbusRtu::block_ended() {
  const size_t next = block_.first + block_.count;
  const ModbusOutcome outcome = master_.outcome();
  if (outcome == ModbusOutcome::kAnswered) {
    for (size_t place = block_.first; place < next; place++) {
      const size_t index = registers_.in_order(place);
      const ModbusRegister& entry = registers_.at(index);
      values_[index] = entry.value(master_.words() + 2 * (entry.address - block_.address));
    }
  } else {
    if (new_fault_.empty()) new_fault_ = master_.outcome_name();
    // One that refuses a block is there and may answer another; one that says nothing would cost the time-outs again.
    const bool there = outcome == ModbusOutcome::kException;
    if (!there) lost_ = outcome == ModbusOutcome::kDamaged ? Status::kCorrupt : Status::kUnavailable;
    forget(block_.first, there ? next : registers_.size());
  }
  block_ = lost_ == Status::kOk ? registers_.block(next) : ModbusBlock{};
}

void ModbusRtu::forget(size_t from, size_t until) {
  for (size_t place = from; place < until; place++)
    values_[registers_.in_order(place)] = std::numeric_limits<double>::quiet_NaN();
}

Status ModbusRtu::round_ended(const Now& now) {
  Metric metrics[ModbusRegisterMap::kMost];
  size_t count = 0;
  for (size_t i = 0; i < registers_.size(); i++)
    if (std::isfinite(values_[i])) metrics[count++] = {registers_.at(i).name.view(), values_[i]};
  if (count > 0) samples_.take(metrics, count, now);
  fault_ = new_fault_;
  if (lost_ != Status::kOk) return lost_;
  return count == 0 && !fault_.empty() ? Status::kRefused : Status::kOk;
}

void ModbusRtu::set_write(WriteState state, std::string_view fault) {
  write_.state = state;
  write_.fault = fault;
}

Status ModbusRtu::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) {
  const JsonValue write = input.member("write");
  const JsonValue read = input.member("read");
  if (read.exists() && !write.exists()) {
    fault.field = "read";
    if (!read.is_true()) return Status::kInvalid;
    // What is being read now is as good, and the next turn is counted from here.
    if (!in_round_) due_ = now.mono;
    output.begin_object().key("read").string("pending").end_object();
    return Status::kOk;
  }
  fault.field = "write";
  if (!write.is_object()) return Status::kInvalid;
  fault.field = "write.address";
  const Expected<double> address = write.member("address").number();
  if (!address.ok() || address.value() < 0 || address.value() > 65'535) return Status::kInvalid;
  if (address.value() != std::floor(address.value())) return Status::kInvalid;

  const JsonValue one = write.member("value");
  fault.field = one.exists() ? "write.value" : "write.values";
  const Expected<ModbusWords> words = modbus_words_of(one, write.member("values"));
  if (!words.ok()) return Status::kInvalid;
  const ModbusRequest request =
      ModbusRequest::write(static_cast<uint8_t>(polling_.slave), static_cast<uint16_t>(address.value()),
                           words.value().words, words.value().count);
  if (request.bytes().empty()) return Status::kInvalid;
  fault.field = {};
  if (write_.state == WriteState::kPending) {
    fault.code = kModbusWritePending;
    fault.description = "a write is under way";
    return Status::kRefused;
  }
  write_.number++;
  write_.address = static_cast<uint16_t>(address.value());
  write_.request = request;
  set_write(WriteState::kPending, {});
  output.begin_object();
  write_outcome(output);
  output.end_object();
  return Status::kOk;
}

void ModbusRtu::write_outcome(JsonWriter& out) const {
  static constexpr std::string_view kStates[] = {"none", "pending", "done", "failed"};
  out.key("write").begin_object().key("number").number(write_.number).key("address").number(write_.address);
  out.key("state").string(kStates[static_cast<size_t>(write_.state)]).key("fault").string(write_.fault).end_object();
}

void ModbusRtu::write_state(JsonWriter& out) const {
  out.begin_object().key("values").begin_object();
  for (size_t i = 0; i < registers_.size(); i++)
    if (std::isfinite(values_[i])) out.key(registers_.at(i).name.view()).number(values_[i]);
  out.end_object().key("fault").string(fault_);
  out.key("retried").number(master_.retried()).key("unanswered").number(master_.unanswered());
  out.key("damaged").number(master_.damaged());
  if (write_.state != WriteState::kNone) write_outcome(out);
  out.end_object();
}

void ModbusRtu::write_execute_options(JsonWriter& out) const {
  out.raw(R"j({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","minProperties":1,"maxProperties":1,"properties":{)j"
          R"j("read":{"const":true,"title":"Read now"},)j"
          R"j("write":{"type":"object","title":"Write registers",)j"
          R"j("description":"Queued, one at a time: the outcome is in the state's write, under the number that is answered",)j"
          R"j("required":["address"],"oneOf":[{"required":["value"]},{"required":["values"]}],"properties":{)j"
          R"j("address":{"type":"integer","title":"Address","minimum":0,"maximum":65535},)j"
          R"j("value":{"type":"integer","title":"Value (function 6)","minimum":-32768,"maximum":65535},)j"
          R"j("values":{"type":"array","title":"Values (function 16)","minItems":1,"maxItems":16,)j"
          R"j("items":{"type":"integer","minimum":-32768,"maximum":65535}}}}}})j");
}

void ModbusRtu::write_config_schema(JsonWriter& out) const {
  out.raw(R"j({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{)j"
          R"j("port":{"type":"object","title":"Port","properties":{)j"
          R"j("baud":{"type":"integer","title":"Baud","minimum":1200,"maximum":921600,"default":9600},)j"
          R"j("parity":{"type":"string","title":"Parity","enum":["none","even","odd"],"default":"none"},)j"
          R"j("stop_bits":{"type":"integer","title":"Stop bits","minimum":1,"maximum":2,"default":1}}},)j"
          R"j("slave":{"type":"integer","title":"Slave","minimum":1,"maximum":247,"default":1},)j"
          R"j("period_ms":{"type":"integer","title":"Interval (ms)","minimum":200,"maximum":3600000,"default":2000},)j"
          R"j("timeout_ms":{"type":"integer","title":"Wait for an answer (ms)","minimum":20,"maximum":5000,"default":500},)j"
          R"j("retries":{"type":"integer","title":"Retries","minimum":0,"maximum":5,"default":2},)j"
          R"j("registers":{"type":"array","title":"Registers","maxItems":16,"items":{"type":"object",)j"
          R"j("required":["name","address"],"properties":{)j"
          R"j("name":{"type":"string","title":"Name","pattern":"^[a-z0-9_]{1,24}$"},)j"
          R"j("function":{"type":"integer","title":"Function","enum":[3,4],"default":3},)j"
          R"j("address":{"type":"integer","title":"Address","minimum":0,"maximum":65535},)j"
          R"j("type":{"type":"string","title":"Type","enum":["u16","i16","u32","i32","f32"],"default":"u16"},)j"
          R"j("scale":{"type":"number","title":"Scale","minimum":-1000000,"maximum":1000000,"not":{"const":0},"default":1},)j"
          R"j("order":{"type":"string","title":"Word order","enum":["big","little"],"default":"big"}}}}}})j");
}

}  // namespace fb
