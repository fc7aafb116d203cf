#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "components/modbus_rtu/modbus_frame.h"
#include "core/component.h"
#include "core/small_string.h"

namespace fb {

/// One quantity of a slave: where it lies and how its number is made of words.
struct ModbusRegister {
  enum class Type : uint8_t { kU16, kI16, kU32, kI32, kF32 };
  SmallString<24> name;  ///< of its metric; lower-case letters, digits and _
  ModbusFunction function = ModbusFunction::kReadHolding;
  uint16_t address = 0;
  Type type = Type::kU16;
  bool low_word_first = false;  ///< of 32 bits; the bytes of a word are always big endian (§4.2)
  double scale = 1;             ///< the value is raw × scale

  size_t words() const { return type <= Type::kI16 ? 1 : 2; }
  /// NaN where the slave has a float that is no number.
  double value(const uint8_t* words) const;
};

/// Several registers that one request reads: their places in the map's order of reading.
struct ModbusBlock {
  size_t first = 0;
  size_t count = 0;  ///< 0: there is no further block
  ModbusFunction function = ModbusFunction::kReadHolding;
  uint16_t address = 0;
  size_t words = 0;
};

/// Up to 16 registers, and the requests that read them.
class ModbusRegisterMap {
 public:
  static constexpr size_t kMost = kMaxMetrics;

  /// That of sim/sim_inverter.h: voltage, current, power, frequency, temperature, energy.
  ModbusRegisterMap();

  /// Takes over a JSON array. kInvalid: `fault.field` is "registers" or one of its items, and the map is spoilt.
  Status read(const JsonValue& from, Fault& fault);
  /// As an array; a member that has its default is left out, for sixteen registers must fit in a stored document.
  void write(JsonWriter& out) const;

  size_t size() const { return count_; }
  const ModbusRegister& at(size_t index) const { return registers_[index]; }

  /// The block that begins at the place `first` of the order of reading. Those of one function that lie side by side, or
  /// one over another, are one block: no word is read that is not in the map, as many slaves refuse such.
  ModbusBlock block(size_t first) const;
  /// Index of the register at a place in the order of reading.
  size_t in_order(size_t place) const { return order_[place]; }

 private:
  void sort();

  std::array<ModbusRegister, kMost> registers_;
  std::array<uint8_t, kMost> order_{};
  size_t count_ = 0;
};

}  // namespace fb
