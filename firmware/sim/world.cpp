#include "sim/world.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/fields.h"
#include "sim/near_math.h"

namespace fb {
namespace {

constexpr double kWorldDayS = 86'400;
constexpr double kWorldHourS = 3'600;
constexpr double kWarmestAtH = 15;
constexpr double kMoistAtBasePct = 48;

// What one person at a desk does to the room: some 70 W of warmth where 230 W are lost a kelvin, some 60 g of vapour an
// hour where 100 m³ of air are exchanged. The room follows within this time.
constexpr double kPersonWarmthC = 0.3;
constexpr double kPersonVapourHpa = 0.8;
constexpr double kRoomFollowsS = 2'400;

constexpr Field kScenarioFields[] = {
    number_field("latitude", "Latitude (°)", offsetof(Scenario, latitude), -90, 90),
    number_field("cloudiness", "Cloudiness (0…1)", offsetof(Scenario, cloudiness), 0, 1),
    number_field("base_c", "Mean temperature (°C)", offsetof(Scenario, base_c), -40, 85),
    number_field("swing_c", "Daily swing (°C)", offsetof(Scenario, swing_c), 0, 30),
    integer_field("people", "Most people in the room", offsetof(Scenario, people), 0, World::kMostPeople),
    number_field("noise", "Sensor noise (0…2)", offsetof(Scenario, noise), 0, 2),
    integer_field("day_of_year", "Day of the year (0: the clock's)", offsetof(Scenario, day_of_year), 0, 366)};

/// Water vapour that saturated air holds, hPa (Magnus, WMO-No. 8, annex 4.B).
double world_saturation_hpa(double temp_c) { return 6.112 * near_exp(17.62 * temp_c / (243.12 + temp_c)); }

/// Days since 1 January, 0…365, of a day since 1970 (after Hinnant, "chrono-compatible low-level date algorithms").
int day_in_year(int64_t days) {
  const int64_t since_march_0000 = days + 719'468;
  const int64_t era = (since_march_0000 >= 0 ? since_march_0000 : since_march_0000 - 146'096) / 146'097;
  const int64_t of_era = since_march_0000 - era * 146'097;
  const int64_t year_of_era = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t since_march = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const bool leap = year_of_era % 4 == 0 && (year_of_era % 100 != 0 || year_of_era % 400 == 0);
  // Day 306 since 1 March is 1 January, of the year after.
  return static_cast<int>(since_march >= 306 ? since_march - 306 : since_march + 59 + (leap ? 1 : 0));
}

/// Sine of the sun's height (Cooper 1969 for the declination); below 0 it is night.
double sun_height_sine(double latitude, double day_of_year, double day_part) {
  const double north = latitude / 360;
  const double declination = 23.45 / 360 * near_sin_of_turns((284 + day_of_year) / 365);
  return near_sin_of_turns(north) * near_sin_of_turns(declination) +
         near_cos_of_turns(north) * near_cos_of_turns(declination) * near_cos_of_turns(day_part - 0.5);
}

/// What the clear sky gives a flat roof, W/m² (Haurwitz 1945).
double clear_sky_w_m2(double height_sine) {
  return height_sine <= 0 ? 0 : 1098 * height_sine * near_exp(-0.059 / height_sine);
}

/// One stretch that a person is in the room, s.
struct Stay {
  double from_s;
  double to_s;
};

/// The two stays of one person on one day since 1970: before and after lunch. Both empty where that person stays away.
struct DayOfPerson {
  DayOfPerson(uint64_t seed, int person, double day) {
    SeededNoise noise(seed_of(seed + static_cast<uint64_t>(person), "people") +
                      0xd1342543de82ef95u * static_cast<uint64_t>(static_cast<int64_t>(day)));
    // 1 January 1970 was a Thursday.
    const double weekday = std::fmod(std::fmod(day + 3, 7) + 7, 7);
    const bool here = noise.uniform() < (weekday >= 5 ? 0.1 : 0.9);
    const double midnight_s = day * kWorldDayS;
    const auto hour = [&](double mean_h, double deviation_h) {
      return midnight_s + kWorldHourS * (mean_h + deviation_h * std::clamp(noise.normal(), -2.5, 2.5));
    };
    const double comes_s = hour(8.3, 0.5);
    const double lunch_s = hour(12.2, 0.2);
    const double back_s = lunch_s + kWorldHourS * (0.4 + 0.4 * noise.uniform());
    const double goes_s = hour(17.2, 0.7);
    stays[0] = here ? Stay{comes_s, lunch_s} : Stay{midnight_s, midnight_s};
    stays[1] = here ? Stay{back_s, goes_s} : Stay{midnight_s, midnight_s};
  }
  Stay stays[2];
};

/// How many are in the room, and how many there seem to be by the warmth and moisture they brought. By midnight nothing
/// is left of these.
struct Presence {
  double people = 0;
  double felt = 0;
};

Presence presence_at(uint64_t seed, int most, double t_s) {
  Presence presence;
  const double today = std::floor(t_s / kWorldDayS);
  for (int person = 0; person < most; person++) {
    for (const Stay& stay : DayOfPerson(seed, person, today).stays) {
      if (t_s < stay.from_s || stay.to_s <= stay.from_s) continue;
      const double gone_s = std::max(0.0, t_s - stay.to_s);
      if (gone_s == 0) presence.people++;
      presence.felt += near_exp(-gone_s / kRoomFollowsS) - near_exp(-(t_s - stay.from_s) / kRoomFollowsS);
    }
  }
  return presence;
}

}  // namespace

World::World(uint64_t seed, const Scenario& scenario)
    : seed_(seed),
      scenario_(scenario),
      warmth_(seed_of(seed, "warmth"), 0.5, 5'400),
      moisture_(seed_of(seed, "moisture"), 5, 21'600),
      pressure_(seed_of(seed, "pressure"), 8, 129'600),
      cover_(seed_of(seed, "cover"), 1, 28'800),
      cloud_(seed_of(seed, "cloud"), 1, 420) {}

Status World::configure(const JsonValue& scenario, Fault& fault) {
  Scenario taken = scenario_;
  const Status status =
      Fields{kScenarioFields, sizeof kScenarioFields / sizeof kScenarioFields[0]}.read(scenario, &taken, fault);
  if (status == Status::kOk) scenario_ = taken;
  return status;
}

/// Part of the sky that is covered; a cloudiness of 0 or 1 leaves nothing to drift.
double World::cover_at(double t_s) const {
  const double mean = scenario_.cloudiness;
  return std::clamp(mean + mean * (1 - mean) * cover_.at(t_s), 0.0, 1.0);
}

double World::irradiance_at(double t_s) const {
  const double day = std::floor(t_s / kWorldDayS);
  const double day_of_year =
      scenario_.day_of_year > 0 ? scenario_.day_of_year : 1 + day_in_year(static_cast<int64_t>(day));
  const double clear = clear_sky_w_m2(sun_height_sine(scenario_.latitude, day_of_year, t_s / kWorldDayS - day));
  const double cover = cover_at(t_s);
  if (cover <= 0) return clear;
  // The sun is behind a cloud for as great a part of the time as the sky is covered: logit over 1.702 is near the
  // normal distribution's quantile.
  const double shade =
      cover >= 1 ? 1 : 1 / (1 + near_exp(-8 * (cloud_.at(t_s) + near_log(cover / (1 - cover)) / 1.702)));
  // What the whole covered sky lets through: Kasten and Czeplak 1980.
  return clear * (1 - 0.75 * shade);
}

Conditions World::at(const Now& now) const {
  const double t_s = static_cast<double>(now.clock_set() ? now.unix_ms : static_cast<int64_t>(now.mono)) / 1000;
  const double day_part = t_s / kWorldDayS - std::floor(t_s / kWorldDayS);
  const Presence presence = presence_at(seed_, static_cast<int>(scenario_.people), t_s);

  Conditions conditions;
  conditions.people = presence.people;
  conditions.irradiance_w_m2 = irradiance_at(t_s);
  // A dull day swings less.
  const double swing_c = scenario_.swing_c * (1 - 0.6 * cover_at(t_s));
  conditions.temperature_c = scenario_.base_c + swing_c * near_cos_of_turns(day_part - kWarmestAtH / 24) +
                             warmth_.at(t_s) + kPersonWarmthC * presence.felt;
  const double vapour_hpa = world_saturation_hpa(scenario_.base_c) * (kMoistAtBasePct + moisture_.at(t_s)) / 100 +
                            kPersonVapourHpa * presence.felt;
  conditions.humidity_pct =
      std::clamp(100 * vapour_hpa / world_saturation_hpa(conditions.temperature_c), 1.0, 100.0);
  // With the half-day tide of the atmosphere.
  conditions.pressure_hpa = 1014 + 0.6 * near_cos_of_turns(2 * (day_part - 10.0 / 24)) + pressure_.at(t_s);
  return conditions;
}

}  // namespace fb
