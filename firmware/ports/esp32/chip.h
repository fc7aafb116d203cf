#pragma once

#include "hal/log.h"
#include "hal/memory.h"
#include "hal/power.h"
#include "hal/rng.h"
#include "hal/stopwatch.h"
#include "hal/thermometer.h"

namespace fb::esp32 {

/// The hardware generator: true randomness while the radio runs, seeded by the boot's entropy otherwise.
class ChipRng final : public Rng {
 public:
  uint32_t next() override;
};

class Heap final : public Memory {
 public:
  size_t free_bytes() override;
  size_t largest_block() override;
  size_t least_free_bytes() override;
  /// Of the task that asks.
  size_t stack_never_used() override;
};

class ChipTimer final : public Stopwatch {
 public:
  uint64_t micros() override;
};

/// Why the chip started, and its task watchdog.
class ChipPower final : public Power {
 public:
  /// Watches the task that calls it: where it says nothing for CONFIG_ESP_TASK_WDT_TIMEOUT_S the chip restarts.
  void watch_this_task();
  ResetReason reset_reason() override;
  void feed_watchdog() override;

 private:
  bool watching_ = false;
};

/// Lines in ESP-IDF's own style, through its log, so that they take the cable's one way out.
class EspLog final : public Log {
 public:
  void write(LogLevel level, std::string_view tag, std::string_view text) override;
};

/// The sensor of ESP32-S3, C3 and C6; none on the ESP32, nor where CONFIG_FIELDBENCH_CHIP_TEMPERATURE is off.
class ChipThermometer final : public Thermometer {
 public:
  void begin();
  Expected<double> temperature_c() override;

 private:
  void* sensor_ = nullptr;
};

}  // namespace fb::esp32
