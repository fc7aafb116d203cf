#pragma once

#include <cstdint>

#include "apps/virtual_node/virtual_node.h"

namespace fb {

/// The host's side of one device, reached by the imports of docs/firmware.md §3. `handle` says whose it is.
class WasmHal final : public Storage,
                      public Rng,
                      public MqttOut,
                      public Log,
                      public Memory,
                      public Stopwatch,
                      public Power {
 public:
  explicit WasmHal(uint32_t handle) : handle_(handle) {}

  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override;
  Status write(std::string_view key, std::string_view bytes) override;
  uint32_t next() override;
  bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) override;
  void write(LogLevel level, std::string_view tag, std::string_view text) override;
  size_t free_bytes() override;
  uint64_t micros() override;
  ResetReason reset_reason() override { return reason; }

  ResetReason reason = ResetReason::kPowerOn;

 private:
  uint32_t handle_;
};

/// A stretch of the device's flash that the host keeps. The numbers are those of docs/firmware.md §3.
class WasmRegion final : public FlashRegion {
 public:
  enum class Which : uint32_t { kTelemetry = 0, kOtherSlot = 1 };
  WasmRegion(uint32_t handle, Which which) : handle_(handle), which_(static_cast<uint32_t>(which)) {}
  size_t size() const override;
  Status read(size_t at, void* out, size_t size) override;
  Status write(size_t at, const void* bytes, size_t size) override;
  Status erase_sector(size_t at) override;

 private:
  uint32_t handle_;
  uint32_t which_;
};

class WasmSlots final : public FirmwareSlots {
 public:
  explicit WasmSlots(uint32_t handle) : handle_(handle), other_(handle, WasmRegion::Which::kOtherSlot) {}
  FlashRegion& other() override { return other_; }
  Status boot_other() override;
  ImageState running_state() override;
  Status confirm_running() override;
  Status roll_back() override;

  /// The next start is another image's: only the host's bootloader can make it.
  bool chosen() const { return chosen_; }
  /// The running image was given up: the restart is due now.
  bool given_up() const { return given_up_; }

 private:
  uint32_t handle_;
  WasmRegion other_;
  bool chosen_ = false;
  bool given_up_ = false;
};

/// The cable, the network and the session of a board, by the imports of ABI 2.
class WasmSerial final : public SerialOut {
 public:
  explicit WasmSerial(uint32_t handle) : handle_(handle) {}
  bool write(std::string_view message) override;

 private:
  uint32_t handle_;
};

class WasmNetwork final : public Network {
 public:
  explicit WasmNetwork(uint32_t handle) : handle_(handle) {}
  NetworkKind kind() const override { return NetworkKind::kWifi; }
  void scan() override;
  Expected<AccessPoint> scanned(size_t index) override;
  void join(std::string_view ssid, std::string_view password) override;
  void leave() override;
  NetworkState state() override;
  NetworkFault fault() override;
  std::string_view ip() override;
  int rssi_dbm(Millis now) override;

 private:
  uint32_t handle_;
  char ip_[64] = {};
};

class WasmMqtt final : public MqttClient {
 public:
  WasmMqtt(uint32_t handle, MqttOut& out) : handle_(handle), out_(out) {}
  bool publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) override {
    return out_.publish(topic, payload, qos, retain);
  }
  void open(const MqttSettings& settings) override;
  void close() override;
  void subscribe(std::string_view topic, uint8_t qos) override;
  MqttState state() override;
  MqttFault fault() override;

 private:
  uint32_t handle_;
  MqttOut& out_;
};

}  // namespace fb
