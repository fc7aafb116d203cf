#pragma once

#include <cstdint>

#include "core/status.h"

namespace fb {

/// The trimming values of one chip, as Bosch measured them (BME280 datasheet BST-BME280-DS002, §4.2.2, table 16).
struct Bme280Calibration {
  uint16_t t1 = 0;
  int16_t t2 = 0, t3 = 0;
  uint16_t p1 = 0;
  int16_t p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, p8 = 0, p9 = 0;
  uint8_t h1 = 0, h3 = 0;
  int16_t h2 = 0, h4 = 0, h5 = 0;
  int8_t h6 = 0;
};

/// What the converters gave: 20 bits of temperature and pressure, 16 of humidity.
struct Bme280Raw {
  int32_t temperature = 0;
  int32_t pressure = 0;
  int32_t humidity = 0;
};

struct Bme280Reading {
  double temperature_c = 0;
  double humidity_pct = 0;
  double pressure_hpa = 0;
};

/// @param low registers 0x88…0xA1, @param high registers 0xE1…0xE7. kCorrupt: what no chip has, as from an empty bus.
Expected<Bme280Calibration> bme280_calibration(const uint8_t (&low)[26], const uint8_t (&high)[7]);

/// @param bytes registers 0xF7…0xFE (§5.4.7…§5.4.9)
Bme280Raw bme280_raw(const uint8_t (&bytes)[8]);

/// Temperature in the steps that the two others are corrected by, 5120 a °C (§4.2.3).
int32_t bme280_fine_temperature(const Bme280Calibration& chip, int32_t raw);
/// Hundredths of a °C.
int32_t bme280_centi_c(int32_t fine);
/// 256ths of a Pa. kCorrupt: the numbers are beyond what the chip can measure.
/// @param fine within −40…85 °C
Expected<int64_t> bme280_pressure_q8(const Bme280Calibration& chip, int32_t fine, int32_t raw);
/// 1024ths of a %, 0…100 %.
int32_t bme280_humidity_q10(const Bme280Calibration& chip, int32_t fine, int32_t raw);

/// All three. kCorrupt: nothing was measured, or one is outside of what the chip can measure (§1, table 1…3).
Expected<Bme280Reading> bme280_compensate(const Bme280Calibration& chip, const Bme280Raw& raw);

}  // namespace fb
