#pragma once

#include <cstdint>

#include "apps/virtual_node/virtual_node.h"

namespace fb {

/// The host's side of one device, reached by the imports of docs/firmware.md §3. `handle` says whose it is.
class WasmHal final : public Storage, public Rng, public MqttOut, public Log, public Memory {
 public:
  explicit WasmHal(uint32_t handle) : handle_(handle) {}

  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override;
  Status write(std::string_view key, std::string_view bytes) override;
  uint32_t next() override;
  bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) override;
  void write(LogLevel level, std::string_view tag, std::string_view text) override;
  size_t free_bytes() override;

 private:
  uint32_t handle_;
};

}  // namespace fb
