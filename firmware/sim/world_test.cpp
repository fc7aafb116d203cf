#include "sim/world.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/json_reader.h"
#include "ports/host/test.h"

namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
/// Wednesday, 21 June 2023, 00:00 UTC.
constexpr int64_t kMidsummer = 1'687'305'600'000;

fb::Now at(int64_t unix_ms) { return {static_cast<fb::Millis>(unix_ms - kMidsummer + kDayMs), unix_ms}; }

fb::Status configure(fb::World& world, const std::string& json, fb::Fault& fault) {
  fb::JsonToken tokens[32];
  fb::JsonDocument document(tokens, 32);
  if (!document.parse(json).ok()) return fb::Status::kCorrupt;
  return world.configure(document.root(), fault);
}

fb::World world_of(uint64_t seed, const std::string& json) {
  fb::World world(seed);
  fb::Fault fault;
  EXPECT_IN(json, configure(world, json, fault) == fb::Status::kOk);
  return world;
}

bool same(const fb::Conditions& a, const fb::Conditions& b) {
  return a.temperature_c == b.temperature_c && a.humidity_pct == b.humidity_pct && a.pressure_hpa == b.pressure_hpa &&
         a.irradiance_w_m2 == b.irradiance_w_m2 && a.people == b.people;
}

double noon_sun(const fb::World& world, int64_t midnight) {
  return world.at(at(midnight + 12 * kHourMs)).irradiance_w_m2;
}

/// Mean of the sun over ten days in June.
double mean_sun(const fb::World& world) {
  double sum = 0;
  for (int i = 0; i < 10 * 24 * 6; i++) sum += world.at(at(kMidsummer + i * 10 * kMinuteMs)).irradiance_w_m2;
  return sum / (10 * 24 * 6);
}

}  // namespace

FB_TEST("a world is the same for the same seed, whoever else asks and in whatever order") {
  fb::World asked_often(7);
  const fb::World asked_once(7);
  for (int64_t t = kMidsummer + 2 * kDayMs; t > kMidsummer; t -= 7 * kMinuteMs) (void)asked_often.at(at(t));
  EXPECT(same(asked_often.at(at(kMidsummer + 10 * kHourMs)), asked_once.at(at(kMidsummer + 10 * kHourMs))));
}

FB_TEST("worlds of neighbouring seeds differ") {
  const fb::Conditions a = fb::World(7).at(at(kMidsummer + 10 * kHourMs));
  const fb::Conditions b = fb::World(8).at(at(kMidsummer + 10 * kHourMs));
  EXPECT(a.temperature_c != b.temperature_c && a.humidity_pct != b.humidity_pct && a.pressure_hpa != b.pressure_hpa);
}

FB_TEST("a world without a set clock goes by the monotonic one") {
  const fb::World world(7);
  EXPECT(same(world.at({36'000'000, 0}), world.at({5, 36'000'000})));
  EXPECT(!same(world.at({36'000'000, 0}), world.at({72'000'000, 0})));
}

FB_TEST("a scenario that does not fit names the member and changes nothing") {
  fb::World world(1);
  for (const char* member : {"latitude", "cloudiness", "base_c", "swing_c", "people", "noise", "day_of_year"}) {
    fb::Fault fault;
    const std::string json = std::string(R"({"swing_c":9,")") + member + R"(":1000})";
    EXPECT_IN(member, configure(world, json, fault) == fb::Status::kInvalid);
    EXPECT_IN(member, fault.field == member);
    EXPECT_IN(member, world.scenario().swing_c == 4);
  }
  fb::Fault fault;
  EXPECT(configure(world, R"({"people":2.5})", fault) == fb::Status::kInvalid);
  EXPECT(configure(world, "[]", fault) == fb::Status::kInvalid);
}

FB_TEST("members that a scenario leaves out stay") {
  fb::World world = world_of(1, R"({"base_c":15,"people":0})");
  fb::Fault fault;
  EXPECT(configure(world, R"({"swing_c":1})", fault) == fb::Status::kOk);
  EXPECT(world.scenario().base_c == 15);
  EXPECT(world.scenario().swing_c == 1);
}

FB_TEST("the clear sun follows latitude and season") {
  const fb::World equator = world_of(1, R"({"cloudiness":0,"latitude":0,"day_of_year":81})");
  // 81 is the declination's zero: the sun is overhead at noon.
  EXPECT(std::abs(noon_sun(equator, kMidsummer) - 1098 * std::exp(-0.059)) < 0.5);
  const fb::World north = world_of(1, R"({"cloudiness":0,"latitude":48})");
  const fb::World south = world_of(1, R"({"cloudiness":0,"latitude":-48})");
  EXPECT(noon_sun(north, kMidsummer) > 900);
  EXPECT(noon_sun(south, kMidsummer) < 400);
  EXPECT(noon_sun(south, kMidsummer) > 200);
  EXPECT(north.at(at(kMidsummer)).irradiance_w_m2 == 0);
  const fb::World arctic = world_of(1, R"({"cloudiness":0,"latitude":80})");
  EXPECT(arctic.at(at(kMidsummer)).irradiance_w_m2 > 100);
  const fb::World antarctic = world_of(1, R"({"cloudiness":0,"latitude":-80})");
  EXPECT(noon_sun(antarctic, kMidsummer) == 0);
}

FB_TEST("the day of the year is that of the calendar, leap years too") {
  struct Day {
    const char* name;
    int64_t unix_s;
    int day_of_year;
  };
  const Day days[] = {{"1970-01-01", 0, 1},
                      {"2023-03-01", 1'677'628'800, 60},
                      {"2023-12-31", 1'703'980'800, 365},
                      {"2024-02-29", 1'709'164'800, 60},
                      {"2024-03-01", 1'709'251'200, 61},
                      {"2024-06-21", 1'718'928'000, 173},
                      {"2024-12-31", 1'735'603'200, 366},
                      {"2025-01-01", 1'735'689'600, 1},
                      {"2100-03-01", 4'107'542'400, 60}};
  const fb::World by_clock = world_of(1, R"({"cloudiness":0,"latitude":70})");
  for (const Day& day : days) {
    const fb::World by_day =
        world_of(1, R"({"cloudiness":0,"latitude":70,"day_of_year":)" + std::to_string(day.day_of_year) + "}");
    EXPECT_IN(day.name, noon_sun(by_clock, day.unix_s * 1000) == noon_sun(by_day, day.unix_s * 1000));
  }
}

FB_TEST("clouds take away what the sky is covered") {
  const fb::World clear = world_of(3, R"({"cloudiness":0})");
  const fb::World fair = world_of(3, R"({"cloudiness":0.4})");
  const fb::World dull = world_of(3, R"({"cloudiness":0.8})");
  const fb::World covered = world_of(3, R"({"cloudiness":1})");
  EXPECT(mean_sun(clear) > 1.15 * mean_sun(fair));
  EXPECT(mean_sun(fair) > 1.15 * mean_sun(dull));
  EXPECT(std::abs(mean_sun(covered) / mean_sun(clear) - 0.25) < 1e-9);
}

FB_TEST("passing clouds change the sun within minutes, and never beyond the clear sky") {
  const fb::World clear = world_of(3, R"({"cloudiness":0})");
  const fb::World fair = world_of(3, R"({"cloudiness":0.5})");
  int changes = 0;
  bool shaded = false;
  for (int64_t t = kMidsummer + 9 * kHourMs; t < kMidsummer + 15 * kHourMs; t += 10'000) {
    const double part = fair.at(at(t)).irradiance_w_m2 / clear.at(at(t)).irradiance_w_m2;
    EXPECT(part >= 0.25 && part <= 1);
    if ((part < 0.5) != shaded) changes++;
    shaded = part < 0.5;
  }
  EXPECT(changes >= 6 && changes <= 200);
}

FB_TEST("weather is slow: nothing but the sun jumps") {
  const fb::World world = world_of(5, R"({"people":8})");
  fb::Conditions before = world.at(at(kMidsummer));
  for (int64_t t = kMidsummer; t < kMidsummer + 3 * kDayMs; t += 20'000) {
    const fb::Conditions next = world.at(at(t));
    EXPECT(std::abs(next.temperature_c - before.temperature_c) < 0.05);
    EXPECT(std::abs(next.humidity_pct - before.humidity_pct) < 0.5);
    EXPECT(std::abs(next.pressure_hpa - before.pressure_hpa) < 0.05);
    before = next;
  }
}

FB_TEST("a year of weather stays in what weather does") {
  const fb::World world = world_of(5, R"({"base_c":21,"swing_c":4})");
  double lowest_hpa = 2000;
  double highest_hpa = 0;
  for (int64_t t = kMidsummer; t < kMidsummer + 365 * kDayMs; t += 3 * kHourMs) {
    const fb::Conditions c = world.at(at(t));
    EXPECT(c.temperature_c > 13 && c.temperature_c < 30);
    EXPECT(c.humidity_pct >= 15 && c.humidity_pct <= 100);
    lowest_hpa = std::min(lowest_hpa, c.pressure_hpa);
    highest_hpa = std::max(highest_hpa, c.pressure_hpa);
  }
  EXPECT(lowest_hpa > 970 && lowest_hpa < 1000);
  EXPECT(highest_hpa < 1058 && highest_hpa > 1025);
}

FB_TEST("people come in the morning, are whole, and are gone by night") {
  const fb::World world = world_of(9, R"({"people":6})");
  double most = 0;
  for (int64_t t = kMidsummer; t < kMidsummer + kDayMs; t += 5 * kMinuteMs) {
    const double people = world.at(at(t)).people;
    EXPECT(people >= 0 && people <= 6 && people == std::floor(people));
    most = std::max(most, people);
  }
  EXPECT(most >= 4);
  EXPECT(world.at(at(kMidsummer + 3 * kHourMs)).people == 0);
  EXPECT(world.at(at(kMidsummer + 22 * kHourMs)).people == 0);
  EXPECT(world_of(9, R"({"people":0})").at(at(kMidsummer + 11 * kHourMs)).people == 0);
}

FB_TEST("on a weekend hardly anybody comes") {
  const fb::World world = world_of(9, R"({"people":30})");
  const double wednesday = world.at(at(kMidsummer + 11 * kHourMs)).people;
  const double saturday = world.at(at(kMidsummer + 3 * kDayMs + 11 * kHourMs)).people;
  const double sunday = world.at(at(kMidsummer + 4 * kDayMs + 11 * kHourMs)).people;
  const double monday = world.at(at(kMidsummer + 5 * kDayMs + 11 * kHourMs)).people;
  EXPECT(wednesday > 20 && monday > 20);
  EXPECT(saturday < 10 && sunday < 10);
}

FB_TEST("people warm and moisten the room, and it comes back when they left") {
  const fb::World empty = world_of(9, R"({"people":0})");
  const fb::World full = world_of(9, R"({"people":6})");
  const auto extra = [&](int64_t t) { return full.at(at(t)).temperature_c - empty.at(at(t)).temperature_c; };
  EXPECT(std::abs(extra(kMidsummer + 5 * kHourMs)) < 0.01);
  EXPECT(extra(kMidsummer + 16 * kHourMs) > 1);
  EXPECT(extra(kMidsummer + 23 * kHourMs) < 0.2);
  // Warmer air alone would be drier.
  EXPECT(full.at(at(kMidsummer + 16 * kHourMs)).humidity_pct > empty.at(at(kMidsummer + 16 * kHourMs)).humidity_pct);
}

FB_TEST("seeds of differently named sensors are unrelated") {
  const fb::World world(1);
  fb::SeededNoise a(world.seed_for("bme280"));
  fb::SeededNoise b(world.seed_for("dht22"));
  double product = 0;
  for (int i = 0; i < 4000; i++) product += a.normal() * b.normal();
  EXPECT(std::abs(product / 4000) < 0.06);
  EXPECT(world.seed_for("bme280") != fb::World(2).seed_for("bme280"));
}

FB_TEST("a drift has its deviation and no mean") {
  const fb::Drift drift(4, 2, 100);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 20'000; i++) {
    const double value = drift.at(-500'000.0 + 51.7 * i);
    sum += value;
    squares += value * value;
  }
  EXPECT(std::abs(sum / 20'000) < 0.1);
  EXPECT(std::sqrt(squares / 20'000) > 1.4 && std::sqrt(squares / 20'000) < 2.1);
}
