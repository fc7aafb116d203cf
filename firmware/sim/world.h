#pragma once

#include <cstdint>

#include "core/component.h"
#include "core/json_reader.h"
#include "core/status.h"
#include "core/time.h"
#include "sim/noise.h"

namespace fb {

/// How things are at one moment, without any sensor's error.
struct Conditions {
  double temperature_c = 0;    ///< of the room
  double humidity_pct = 0;     ///< relative, of the room
  double pressure_hpa = 0;     ///< at the place
  double irradiance_w_m2 = 0;  ///< on a flat roof
  double people = 0;           ///< in the room, a whole number
};

/// What a world is like; members and bounds are those of World::configure().
struct Scenario {
  double latitude = 48;     ///< degrees, north is positive
  double cloudiness = 0.3;  ///< part of the sky that is covered, 0…1, in the mean
  double base_c = 21;       ///< the room's mean over a day when nobody is in it
  double swing_c = 4;       ///< half of what a clear day swings by
  double people = 3;        ///< most in the room
  double noise = 1;         ///< sensors' errors, as a multiple of a good sensor's; 0: none
  double day_of_year = 0;   ///< it is always this day's season, 1…366; 0: the clock's
};

/// The surroundings of simulated sensors: weather, a sun behind passing clouds, and people who come to work in a room,
/// whom it gets warmer and moister from. Wholly a function of seed, scenario and the time asked for: who else asks, how
/// often and in which order changes nothing. The clock's UTC is taken for the place's solar time; where it was never
/// set, the monotonic clock begins on 1 January.
class World {
 public:
  /// The most people of a scenario.
  static constexpr int kMostPeople = 30;

  explicit World(uint64_t seed, const Scenario& scenario = {});

  /// Takes over the members that `scenario` has: {"latitude" −90…90, "cloudiness" 0…1, "base_c" −40…85, "swing_c" 0…30,
  /// "people" 0…30, "noise" 0…2, "day_of_year" 0…366}. kInvalid: `fault.field`, and nothing is changed.
  Status configure(const JsonValue& scenario, Fault& fault);
  const Scenario& scenario() const { return scenario_; }
  /// The seed that a sensor called `name` draws its errors from.
  uint64_t seed_for(std::string_view name) const { return seed_of(seed_, name); }

  Conditions at(const Now& now) const;

 private:
  double cover_at(double t_s) const;
  double irradiance_at(double t_s) const;

  uint64_t seed_;
  Scenario scenario_;
  Drift warmth_;    // °C: doors and windows
  Drift moisture_;  // % relative humidity at the base temperature: the weather's air
  Drift pressure_;  // hPa: highs and lows
  Drift cover_;     // of the sky: bright days and dull ones
  Drift cloud_;     // what is before the sun just now
};

}  // namespace fb
