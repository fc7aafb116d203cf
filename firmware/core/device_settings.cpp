#include "core/device_settings.h"

namespace fb {

Fields SystemSettings::fields() {
  static constexpr Field kFields[] = {
      text_field("deviceId", "Device id, after a restart (empty: from its MAC)", offsetof(SystemSettings, device_id), 32),
      text_field("timezone", "Time zone (POSIX TZ)", offsetof(SystemSettings, timezone), 32),
      choice_field("sleep", "Sleep between due times", offsetof(SystemSettings, sleep), "none light deep"),
      number_field("sleep_after_s", "Sleep only if nothing is due for (s)", offsetof(SystemSettings, sleep_after_s), 1, 86'400),
      number_field("diagnostics_s", "Publish diagnostics every (s), 0: never", offsetof(SystemSettings, diagnostics_s), 0,
                   86'400),
      choice_field("log", "Publish log lines from", offsetof(SystemSettings, log), "off critical error warning info debug")};
  return {kFields, 6};
}

Fields TelemetrySettings::fields() {
  static constexpr Field kFields[] = {
      boolean_field("live", "Publish each sample at once", offsetof(TelemetrySettings, live)),
      number_field("batch_s", "Publish batches every (s), 0: never", offsetof(TelemetrySettings, batch_s), 0, 3600),
      integer_field("batch_size", "Most samples in a batch", offsetof(TelemetrySettings, batch_size), 1, 60),
      choice_field("codec", "Codec of batches", offsetof(TelemetrySettings, codec), "best raw dictionary delta rle bitpack")};
  return {kFields, 4};
}

Fields ScheduleSettings::fields() {
  static constexpr Field kFields[] = {
      integer_field("priority", "Priority (0 first)", offsetof(ScheduleSettings, priority), 0, 9),
      number_field("budget_ms", "Time budget of a run (ms)", offsetof(ScheduleSettings, budget_ms), 0.1, 60'000),
      integer_field("stretch", "Under load its interval may grow by", offsetof(ScheduleSettings, stretch), 1, 10)};
  return {kFields, 3};
}

}  // namespace fb
