#pragma once

#include <cmath>

namespace fb {

// Six digits are more than any part of a simulated world is true to. The C library's functions for doubles bring tables of
// random-looking bytes, 13 KB of a WebAssembly body that gzip makes no smaller.

inline double near_exp(double x) {
  // Where a float would forget how far it is from 1: what wanders in small steps lives on that.
  if (std::fabs(x) < 1e-3) return 1 + x * (1 + x * (0.5 + x / 6));
  return static_cast<double>(std::exp(static_cast<float>(x)));
}

inline double near_log(double x) { return static_cast<double>(std::log(static_cast<float>(x))); }

/// The sine of an angle given in turns, within 10^-7: the days of a year, the hours of a day.
inline double near_sin_of_turns(double turns) {
  turns -= std::floor(turns + 0.5);
  if (turns > 0.25) turns = 0.5 - turns;
  if (turns < -0.25) turns = -0.5 - turns;
  const double x = 6.283185307179586 * turns;
  const double square = x * x;
  double sum = 0;
  // Taylor's series to the 11th power; the next term is below 6e-8 at a quarter turn.
  for (int power = 11; power > 1; power -= 2) sum = (1 + sum) * -square / (power * (power - 1));
  return x * (1 + sum);
}

inline double near_cos_of_turns(double turns) { return near_sin_of_turns(turns + 0.25); }

}  // namespace fb
