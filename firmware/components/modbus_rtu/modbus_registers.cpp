#include "components/modbus_rtu/modbus_registers.h"

#include <cmath>
#include <cstring>

#include "core/fields.h"

namespace fb {
namespace {

constexpr std::string_view kModbusTypes = "u16 i16 u32 i32 f32";
constexpr std::string_view kModbusOrders = "big little";

/// A register as people write it.
struct ModbusRegisterForm {
  SmallString<32> name;
  double function = 3;
  double address = 0;
  double type = 0;
  double scale = 1;
  double order = 0;
};

constexpr Field kModbusRegisterFields[] = {
    text_field("name", "Name", offsetof(ModbusRegisterForm, name), 24),
    integer_field("function", "Function", offsetof(ModbusRegisterForm, function), 3, 4),
    integer_field("address", "Address", offsetof(ModbusRegisterForm, address), 0, 65'535),
    choice_field("type", "Type", offsetof(ModbusRegisterForm, type), kModbusTypes),
    number_field("scale", "Scale", offsetof(ModbusRegisterForm, scale), -1e6, 1e6),
    choice_field("order", "Word order", offsetof(ModbusRegisterForm, order), kModbusOrders)};

constexpr std::string_view kModbusItems[ModbusRegisterMap::kMost] = {
    "registers[0]",  "registers[1]",  "registers[2]",  "registers[3]", "registers[4]",  "registers[5]",
    "registers[6]",  "registers[7]",  "registers[8]",  "registers[9]", "registers[10]", "registers[11]",
    "registers[12]", "registers[13]", "registers[14]", "registers[15]"};

bool modbus_is_name(std::string_view text) {
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return !text.empty();
}

uint16_t modbus_word(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

}  // namespace

double ModbusRegister::value(const uint8_t* bytes) const {
  const uint32_t first = modbus_word(bytes);
  double raw = first;
  if (type == Type::kI16) raw = static_cast<int16_t>(first);
  if (words() == 2) {
    const uint32_t second = modbus_word(bytes + 2);
    const uint32_t both = low_word_first ? second << 16 | first : first << 16 | second;
    raw = both;
    if (type == Type::kI32) raw = static_cast<int32_t>(both);
    if (type == Type::kF32) {
      float number;
      static_assert(sizeof number == sizeof both);
      std::memcpy(&number, &both, sizeof number);
      raw = number;
    }
  }
  // 2301 × 0.1 is 230.10000000000002, but 2301 / 10 is what was meant, and shorter in every message.
  const double inverse = std::round(1 / scale);
  if (std::fabs(scale) < 1 && std::fabs(inverse * scale - 1) < 1e-12) return raw / inverse;
  return raw * scale;
}

ModbusRegisterMap::ModbusRegisterMap() {
  using Type = ModbusRegister::Type;
  const auto add = [this](std::string_view name, uint16_t address, Type type, double scale) {
    ModbusRegister& entry = registers_[count_++];
    (void)entry.name.assign(name);  // all of them fit
    entry.address = address;
    entry.type = type;
    entry.scale = scale;
  };
  add("voltage", 0, Type::kU16, 0.1);
  add("current", 1, Type::kU16, 0.01);
  add("power", 2, Type::kU32, 0.1);
  add("frequency", 4, Type::kU16, 0.01);
  add("temperature", 5, Type::kI16, 0.1);
  add("energy", 6, Type::kU32, 0.01);
  sort();
}

Status ModbusRegisterMap::read(const JsonValue& from, Fault& fault) {
  fault.field = "registers";
  if (!from.is_array()) return Status::kInvalid;
  count_ = 0;
  for (JsonValue item = from.first(); item.exists(); item = item.after(from)) {
    fault.field = "registers";
    if (count_ == kMost) return Status::kInvalid;
    ModbusRegisterForm form;
    const Status status = Fields{kModbusRegisterFields, 6}.read(item, &form, fault);
    fault.field = kModbusItems[count_];
    if (status != Status::kOk) return status;
    if (!modbus_is_name(form.name.view()) || form.scale == 0) return Status::kInvalid;
    for (size_t i = 0; i < count_; i++)
      if (registers_[i].name.view() == form.name.view()) return Status::kInvalid;
    ModbusRegister& entry = registers_[count_];
    entry = {};
    if (entry.name.assign(form.name.view()) != Status::kOk) return Status::kInvalid;
    entry.function = static_cast<ModbusFunction>(form.function);
    entry.address = static_cast<uint16_t>(form.address);
    entry.type = static_cast<ModbusRegister::Type>(form.type);
    entry.scale = form.scale;
    entry.low_word_first = form.order != 0;
    if (entry.address + entry.words() > 0x10000) return Status::kInvalid;
    count_++;
  }
  fault.field = {};
  sort();
  return Status::kOk;
}

void ModbusRegisterMap::write(JsonWriter& out) const {
  const ModbusRegister normal;
  out.begin_array();
  for (size_t i = 0; i < count_; i++) {
    const ModbusRegister& entry = registers_[i];
    out.begin_object().key("name").string(entry.name.view());
    if (entry.function != normal.function) out.key("function").number(static_cast<double>(entry.function));
    out.key("address").number(entry.address);
    if (entry.type != normal.type) out.key("type").string(choice_at(kModbusTypes, static_cast<size_t>(entry.type)));
    if (entry.scale != normal.scale) out.key("scale").number(entry.scale);
    if (entry.low_word_first) out.key("order").string("little");
    out.end_object();
  }
  out.end_array();
}

void ModbusRegisterMap::sort() {
  const auto before = [this](size_t a, size_t b) {
    const ModbusRegister& one = registers_[a];
    const ModbusRegister& other = registers_[b];
    return one.function != other.function ? one.function < other.function : one.address < other.address;
  };
  for (size_t i = 0; i < count_; i++) {
    size_t at = i;
    for (; at > 0 && before(i, order_[at - 1]); at--) order_[at] = order_[at - 1];
    order_[at] = static_cast<uint8_t>(i);
  }
}

ModbusBlock ModbusRegisterMap::block(size_t first) const {
  ModbusBlock block;
  block.first = first;
  for (size_t place = first; place < count_; place++) {
    const ModbusRegister& entry = registers_[order_[place]];
    if (block.count == 0) {
      block.function = entry.function;
      block.address = entry.address;
    }
    // In order, so an address is never below the block's.
    const size_t offset = static_cast<size_t>(entry.address) - block.address;
    if (entry.function != block.function || offset > block.words) break;
    if (offset + entry.words() > block.words) block.words = offset + entry.words();
    block.count++;
  }
  return block;
}

}  // namespace fb
