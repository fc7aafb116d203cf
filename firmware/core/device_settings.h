#pragma once

#include "core/fields.h"

namespace fb {

/// The member `system` of the configuration.
struct SystemSettings {
  SmallString<32> device_id;  ///< empty: the body's own
  SmallString<32> timezone;   ///< POSIX TZ, for whoever shows times; the device itself keeps UTC
  double sleep = 0;           ///< none, light, deep
  double sleep_after_s = 30;  ///< sleeps only where nothing is due for at least this long
  double diagnostics_s = 60;  ///< 0: figures are not published
  double log = 3;             ///< lines from this level on are published: off, critical, error, warning, info, debug

  static Fields fields();
};

/// The member `telemetry`.
struct TelemetrySettings {
  bool live = true;       ///< each sample at once on …/telemetry
  double batch_s = 0;     ///< 0: no batches on …/batch
  double batch_size = 7;  ///< a batch is sent at this size, however young
  double codec = 0;       ///< best, raw, dictionary, delta, rle, bitpack

  static Fields fields();
};

/// The member `schedule` of a component.
struct ScheduleSettings {
  double priority = 5;
  double budget_ms = 10;
  double stretch = 4;

  static Fields fields();
};

}  // namespace fb
