#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace fb {

/// Modbus Application Protocol 1.1b3, §6: the functions spoken here.
enum class ModbusFunction : uint8_t {
  kReadHolding = 3,
  kReadInput = 4,
  kWriteOne = 6,
  kWriteSeveral = 16,
};

/// The most words of one request. The protocol allows 125 to read and 123 to write; sixteen registers of 32 bits are 32.
inline constexpr size_t kModbusMostRead = 32;
inline constexpr size_t kModbusMostWritten = 16;

/// CRC-16 of a frame: polynomial 0xA001 reflected, start 0xFFFF (Modbus over Serial Line 1.02, §6.2.2). It is sent low
/// byte first.
uint16_t modbus_crc(const uint8_t* bytes, size_t size);

/// One whole frame to be sent, and with it what its answer must look like.
class ModbusRequest {
 public:
  ModbusRequest() = default;
  /// Words `address` … `address + count - 1`; `function` is one of the two that read. The default request, of no bytes,
  /// where the count is not 1…kModbusMostRead or the last address is past 65535.
  static ModbusRequest read(uint8_t slave, ModbusFunction function, uint16_t address, size_t count);
  /// Function 6 for one value and 16 for more, at most kModbusMostWritten; else of no bytes.
  static ModbusRequest write(uint8_t slave, uint16_t address, const uint16_t* values, size_t count);

  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_), size_}; }
  uint8_t slave() const { return bytes_[0]; }
  uint8_t function() const { return bytes_[1]; }
  bool reads() const;
  /// Bytes of an answer that is no exception.
  size_t answer_size() const { return reads() ? 5 + 2 * size_t{bytes_[5]} : 8; }

 private:
  friend struct ModbusAnswer;
  void put(uint8_t byte) { bytes_[size_++] = byte; }
  void put_word(uint16_t word);
  void put_crc();

  uint8_t bytes_[9 + 2 * kModbusMostWritten] = {};
  size_t size_ = 0;
};

/// What was found in bytes that came after a request.
struct ModbusAnswer {
  enum class Kind : uint8_t {
    kNone,       ///< nothing that could be the answer
    kUnfinished, ///< something of this slave and function that is not whole, or whose CRC differs
    kWords,      ///< the answer
    kException,  ///< the slave's refusal
  };
  Kind kind = Kind::kNone;
  const uint8_t* words = nullptr;  ///< of a read: what was read, big endian, inside of the bytes searched
  uint8_t exception = 0;

  /// Looks for the answer to `request` anywhere in `bytes`: noise may come before it, and a late answer to another
  /// request. Never takes a frame of another slave, function or length, nor one whose CRC differs, nor one that confirms
  /// another write.
  static ModbusAnswer find(const ModbusRequest& request, const uint8_t* bytes, size_t size);
};

/// The name of an exception code (§7): "illegal data address".
std::string_view modbus_exception_name(uint8_t code);

}  // namespace fb
