#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "apps/virtual_node/virtual_node.h"
#include "ports/host/fake_slots.h"
#include "ports/mbedtls/mbedtls_crypto.h"

namespace fb {

/// A body for tests: everything in memory, and faults on demand.
class FakeBody final : public Storage,
                       public Rng,
                       public MqttOut,
                       public Log,
                       public Memory,
                       public Stopwatch,
                       public Power {
 public:
  struct Message {
    std::string topic;
    std::string payload;
    bool retain;
  };

  Expected<size_t> read(std::string_view key, char* out, size_t capacity) override {
    if (storage_fails) return Status::kStorage;
    const auto found = records.find(std::string(key));
    if (found == records.end()) return Status::kNotFound;
    if (found->second.size() > capacity) return Status::kNoSpace;
    std::memcpy(out, found->second.data(), found->second.size());
    return found->second.size();
  }
  /// The write number `cut_write` (from 0) is cut after `cut_bytes`, and all after it fail: the power is gone.
  Status write(std::string_view key, std::string_view bytes) override {
    if (storage_fails || writes > cut_write) return Status::kStorage;
    const bool cut = writes++ == cut_write;
    records[std::string(key)] = std::string(bytes.substr(0, cut ? std::min(cut_bytes, bytes.size()) : bytes.size()));
    return cut ? Status::kStorage : Status::kOk;
  }
  uint32_t next() override { return random += 0x9e3779b9u; }
  bool publish(std::string_view topic, std::string_view payload, uint8_t, bool retain) override {
    if (link_refuses) return false;
    sent.push_back({std::string(topic), std::string(payload), retain});
    return true;
  }
  MqttCounters counters() override { return {static_cast<uint32_t>(sent.size()), 20, 3, 40, 5, 6}; }
  void write(LogLevel, std::string_view, std::string_view text) override { log.emplace_back(text); }
  size_t free_bytes() override { return free_memory; }
  uint64_t micros() override { return time_us += run_takes_us; }
  ResetReason reset_reason() override { return reason; }

  VirtualNode::Body body() {
    return {*this, *this, *this, *this, *this, *this, *this, crypto, telemetry, slots};
  }
  void power_back() {
    cut_write = SIZE_MAX;
    writes = 0;
  }

  std::map<std::string, std::string> records;
  bool storage_fails = false;  ///< nothing can be read or written
  std::vector<Message> sent;
  std::vector<std::string> log;
  size_t writes = 0;
  size_t cut_write = SIZE_MAX;
  size_t cut_bytes = 0;
  uint32_t random = 1;
  bool link_refuses = false;
  size_t free_memory = 100'000;
  uint64_t time_us = 0;
  uint64_t run_takes_us = 1;
  ResetReason reason = ResetReason::kPowerOn;
  MbedtlsCrypto crypto;
  FakePower slot_power;
  SlotFlash telemetry{slot_power, 4 * FlashRegion::kSector};
  FakeSlots slots{slot_power, 16 * FlashRegion::kSector};
};

inline Identity test_identity() {
  Identity identity;
  (void)identity.id.assign("sim-vector");
  (void)identity.name.assign("Vector");
  (void)identity.model.assign("virtual");
  identity.simulated = true;
  return identity;
}

}  // namespace fb
