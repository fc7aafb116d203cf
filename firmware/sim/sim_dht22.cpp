#include "sim/sim_dht22.h"

#include <algorithm>
#include <cmath>

namespace fb {
namespace {

constexpr uint32_t kSimDhtShortestWakeUs = 800;
constexpr uint32_t kSimDhtLongestWakeUs = 20'000;
constexpr Millis kSimDhtPeriodMs = 2'000;
/// An answer and 1 ms of quiet.
constexpr Millis kSimDhtAnswerMs = 6;
constexpr double kSimDhtDamaged = 0.02;

// Errors of one measurement; its repeatability is ±0.2 °C and ±1 % (datasheet, table 1).
constexpr double kSimDhtNoiseC = 0.08;
constexpr double kSimDhtNoisePct = 0.35;

}  // namespace

SimDht22::SimDht22(const World& world, const Now& clock)
    : world_(world), clock_(clock), noise_(world.seed_for("dht22")) {}

Status SimDht22::begin(uint32_t low_us) {
  if (capturing_ && clock_.mono < ready_) return Status::kUnavailable;
  capturing_ = true;
  answers_ = low_us >= kSimDhtShortestWakeUs && low_us <= kSimDhtLongestWakeUs &&
             (!ever_answered_ || clock_.mono >= answered_ + kSimDhtPeriodMs);
  ready_ = clock_.mono + low_us / 1'000 + 1 + (answers_ ? kSimDhtAnswerMs : 1);
  if (answers_) answered_ = clock_.mono;
  ever_answered_ = ever_answered_ || answers_;
  return Status::kOk;
}

Expected<size_t> SimDht22::poll(Pulse* out, size_t capacity) {
  if (!capturing_ || clock_.mono < ready_) return Status::kUnavailable;
  capturing_ = false;
  size_t count = 0;
  const auto put = [&](bool high, double us) {
    if (count < capacity) out[count++] = {high, about(us)};
  };
  if (!answers_) return count;
  uint8_t bytes[5];
  measure(bytes);
  put(true, 30);
  put(false, 80);
  put(true, 80);
  for (const uint8_t byte : bytes) {
    for (int bit = 7; bit >= 0; bit--) {
      put(false, 50);
      put(true, (byte >> bit & 1) != 0 ? 70 : 26);
    }
  }
  put(false, 50);
  return count;
}

void SimDht22::measure(uint8_t (&bytes)[5]) {
  const Conditions world = world_.at(clock_);
  const double noise = world_.scenario().noise;
  const double celsius = std::clamp(world.temperature_c + noise * kSimDhtNoiseC * noise_.normal(), -40.0, 80.0);
  const double percent = std::clamp(world.humidity_pct + noise * kSimDhtNoisePct * noise_.normal(), 0.0, 99.9);
  const auto temperature = static_cast<int>(std::lround(10 * celsius));
  const auto humidity = static_cast<int>(std::lround(10 * percent));
  const int amount = std::abs(temperature);
  bytes[0] = static_cast<uint8_t>(humidity >> 8);
  bytes[1] = static_cast<uint8_t>(humidity);
  bytes[2] = static_cast<uint8_t>(amount >> 8 | (temperature < 0 ? 0x80 : 0));
  bytes[3] = static_cast<uint8_t>(amount);
  bytes[4] = static_cast<uint8_t>(bytes[0] + bytes[1] + bytes[2] + bytes[3]);
  if (noise_.uniform() >= noise * kSimDhtDamaged) return;
  const auto bit = static_cast<size_t>(40 * noise_.uniform());
  bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1 << (bit % 8)));
}

/// Some µs more or less, whatever the scenario: no line is exact.
uint32_t SimDht22::about(double us) {
  return static_cast<uint32_t>(std::lround(us + std::clamp(1.5 * noise_.normal(), -4.0, 4.0)));
}

}  // namespace fb
