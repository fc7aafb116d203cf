#pragma once

#include <string>

#include "hal/log.h"
#include "hal/memory.h"
#include "hal/network.h"
#include "hal/power.h"
#include "hal/rng.h"
#include "hal/stopwatch.h"

namespace fb::posix {

/// getrandom(2).
class KernelRng final : public Rng {
 public:
  uint32_t next() override;
};

/// What the machine has free, asked at most once a second: the answer is text to be parsed.
class MachineMemory final : public Memory {
 public:
  size_t free_bytes() override;

 private:
  uint64_t asked_us_ = 0;
  size_t free_ = 0;
};

/// CLOCK_MONOTONIC.
class MachineStopwatch final : public Stopwatch {
 public:
  uint64_t micros() override;
};

class ProcessPower final : public Power {
 public:
  ResetReason reset_reason() override { return reason; }
  ResetReason reason = ResetReason::kPowerOn;
};

/// Lines for people on the standard error: `W sim-node wifi: lost`.
class StderrLog final : public Log {
 public:
  StderrLog(std::string device, LogLevel least) : device_(std::move(device)), least_(least) {}
  void write(LogLevel level, std::string_view tag, std::string_view text) override;

 private:
  std::string device_;
  LogLevel least_;
};

/// The network the machine is in. It is there, or is not; there is nothing to join.
class MachineNetwork final : public Network {
 public:
  NetworkKind kind() const override { return NetworkKind::kEthernet; }
  void scan() override {}
  Expected<AccessPoint> scanned(size_t) override { return Status::kNotFound; }
  void join(std::string_view, std::string_view) override;
  void leave() override { joined_ = false; }
  NetworkState state() override { return joined_ ? NetworkState::kJoined : NetworkState::kOff; }
  NetworkFault fault() override { return NetworkFault::kNone; }
  std::string_view ip() override { return ip_; }
  int rssi_dbm(Millis) override { return 0; }

 private:
  bool joined_ = false;
  std::string ip_;
};

}  // namespace fb::posix
