#include "core/rpc_system.h"

#include <cmath>

#include "core/rpc_errors.h"
#include "core/version.h"

namespace fb {
namespace {

/// What an entry of log.get takes around its texts, at most.
constexpr size_t kLogEntryOverhead = 96;

void write_times(const RunTimes& times, JsonWriter& out) {
  out.key("runs").number(times.count()).key("mean_us").number(std::round(times.mean_us() * 10) / 10);
  out.key("p99_us").number(times.percentile_us(99)).key("max_us").number(times.max_us());
}

}  // namespace

std::string_view name_of(ResetReason reason) {
  switch (reason) {
    case ResetReason::kUnknown: return "unknown";
    case ResetReason::kPowerOn: return "power-on";
    case ResetReason::kSoftware: return "restart";
    case ResetReason::kPanic: return "panic";
    case ResetReason::kWatchdog: return "watchdog";
    case ResetReason::kBrownOut: return "brown-out";
    case ResetReason::kDeepSleep: return "deep-sleep";
  }
  return "unknown";
}

std::string_view safe_mode_reason(const BootInfo& boot) { return boot.storage_failed ? "storage" : "crashes"; }

constexpr SystemMethods::Entry SystemMethods::kMethods[] = {
    {"system.info", false, Access::kViewer, &SystemMethods::info},
    {"system.restart", true, Access::kOperator, &SystemMethods::restart},
    {"system.leave_safe_mode", true, Access::kAdmin, &SystemMethods::leave_safe_mode},
    {"telemetry.info", false, Access::kViewer, &SystemMethods::telemetry_info},
    {"telemetry.query", false, Access::kViewer, &SystemMethods::telemetry_query},
    {"log.get", false, Access::kOperator, &SystemMethods::log_get},
    {"log.level", true, Access::kOperator, &SystemMethods::log_level},
    {"diagnostics.get", false, Access::kViewer, &SystemMethods::diagnostics},
    {"shadow.get", false, Access::kViewer, &SystemMethods::shadow},
};

void SystemMethods::info(RpcCall& call) {
  JsonWriter& out = call.answer.result().begin_object();
  out.key("id").string(parts_.identity.id.view());
  out.key("name").string(parts_.identity.name.view());
  out.key("fw").string(kFirmwareVersion);
  out.key("model").string(parts_.identity.model.view());
  out.key("api").number(kApiVersion);
  out.key("sim").boolean(parts_.identity.simulated);
  out.key("uptime").number(std::floor(static_cast<double>(call.now.mono - parts_.boot.began) / 1000));
  out.key("boot").number(parts_.boot.number);
  out.key("epoch").number(parts_.telemetry.epoch());
  out.key("heap").number(static_cast<double>(parts_.hal.memory.free_bytes()));
  out.key("reset").string(name_of(parts_.boot.reason));
  if (parts_.boot.safe_mode) out.key("safe_mode").boolean(true).key("safe_mode_reason").string(safe_mode_reason(parts_.boot));
  out.end_object();
}

void SystemMethods::restart(RpcCall& call) {
  call.answer.result().begin_object().end_object();
  parts_.boot.restart_wanted = true;
}

void SystemMethods::leave_safe_mode(RpcCall& call) {
  if (!parts_.boot.safe_mode) return call.answer.error(rpc::kRefused, "it is not in safe mode");
  if (parts_.hal.storage.write("crashes", "0") != Status::kOk) return call.answer.storage_failed();
  restart(call);
}

void SystemMethods::telemetry_info(RpcCall& call) {
  JsonWriter& out = call.answer.result().begin_object().key("epoch").number(parts_.telemetry.epoch());
  out.key("seq").number(parts_.telemetry.next_seq()).key("first").number(parts_.telemetry.first_seq());
  out.key("lost").number(parts_.telemetry.lost()).end_object();
}

void SystemMethods::telemetry_query(RpcCall& call) { parts_.telemetry.query(call); }

void SystemMethods::log_get(RpcCall& call) {
  const JsonValue after = call.params.member("after");
  const double from = after.exists() ? after.number().value_or(-1) : 0;
  if (!(from >= 0 && from <= UINT32_MAX)) return call.answer.invalid_params("after");
  LogLevel least = LogLevel::kDebug;
  const JsonValue level = call.params.member("level");
  if (level.exists()) {
    const Expected<LogLevel> wanted = fb::log_level(level);
    if (!wanted.ok()) return call.answer.invalid_params("level");
    least = wanted.value();
  }
  const JsonValue tag = call.params.member("tag");
  JsonWriter& out = call.answer.result().begin_object().key("lines").begin_array();
  Logger::Line line;
  uint32_t number = static_cast<uint32_t>(from) + 1;
  while (parts_.log.read(number, line)) {
    if (line.level <= least && (!tag.exists() || tag.equals(line.tag))) {
      // Each byte of a text may become six.
      const size_t most = kLogEntryOverhead + 2 * (line.tag.size() + line.text.size() + line.cause.size());
      if (out.size() + most > 3200) break;
      out.begin_object().key("n").number(line.number).key("ms").number(line.ms);
      out.key("level").string(name_of(line.level)).key("tag").string(line.tag).key("text").string(line.text);
      if (!line.cause.empty()) out.key("cause").string(line.cause);
      out.end_object();
    }
    number = line.number + 1;
  }
  const bool more = parts_.log.read(number, line);
  out.end_array().key("last").number(number - 1).key("more").boolean(more);
  out.key("overwritten").number(parts_.log.overwritten()).key("filtered").number(parts_.log.filtered());
  out.end_object();
}

void SystemMethods::log_level(RpcCall& call) {
  const Expected<LogLevel> level = fb::log_level(call.params.member("level"));
  if (!level.ok()) return call.answer.invalid_params("level");
  char text[24];
  const JsonValue tag = call.params.member("tag");
  const Expected<std::string_view> name = tag.text(text, sizeof text);
  if (tag.exists() && !name.ok()) return call.answer.invalid_params("tag");
  if (parts_.log.set_level(name.value_or({}), level.value()) != Status::kOk)
    return call.answer.error(rpc::kRefused, "too many tags have a level of their own");
  parts_.log.write_levels(call.answer.result());
}

void SystemMethods::diagnostics(RpcCall& call) { write_diagnostics(call.answer.result(), call.now); }

void SystemMethods::write_diagnostics(JsonWriter& out, const Now& now) const {
  const Hal& hal = parts_.hal;
  out.begin_object().key("uptime_s").number(std::floor(static_cast<double>(now.mono - parts_.boot.began) / 1000));
  out.key("boot").number(parts_.boot.number).key("reset").string(name_of(parts_.boot.reason));
  out.key("safe_mode").boolean(parts_.boot.safe_mode);
  if (parts_.boot.safe_mode) out.key("safe_mode_reason").string(safe_mode_reason(parts_.boot));
  out.key("heap").begin_object().key("free").number(static_cast<double>(hal.memory.free_bytes()));
  out.key("largest").number(static_cast<double>(hal.memory.largest_block()));
  out.key("least_free").number(static_cast<double>(hal.memory.least_free_bytes())).end_object();
  out.key("stack").begin_object().key("never_used").number(static_cast<double>(hal.memory.stack_never_used()));
  out.end_object();
  out.key("cpu").begin_object().key("permille").number(parts_.orchestrator.load_permille());
  out.key("stretch").number(parts_.orchestrator.stretch_quarters() / 4.0);
  write_times(parts_.orchestrator.turns(), out);
  out.end_object();
  const RpcRouter::Counts& calls = parts_.router.counts();
  out.key("rpc").begin_object().key("calls").number(calls.calls).key("errors").number(calls.errors);
  out.key("denied").number(calls.denied).key("repeated").number(calls.repeated);
  out.key("expired").number(calls.expired).end_object();
  const MqttCounters carried = hal.mqtt.counters();
  out.key("mqtt").begin_object().key("messages_out").number(carried.messages_out);
  out.key("bytes_out").number(carried.bytes_out).key("messages_in").number(carried.messages_in);
  out.key("bytes_in").number(carried.bytes_in).key("lost_out").number(carried.lost_out);
  out.key("lost_in").number(carried.lost_in).end_object();
  out.key("log").begin_object();
  for (const LogLevel level : {LogLevel::kCritical, LogLevel::kError, LogLevel::kWarning, LogLevel::kInfo})
    out.key(name_of(level)).number(parts_.log.written(level));
  out.key("filtered").number(parts_.log.filtered()).key("overwritten").number(parts_.log.overwritten()).end_object();
  out.key("telemetry");
  parts_.telemetry.write_figures(out);
  out.key("components").begin_array();
  for (size_t i = 0; i < parts_.registry.size(); i++) {
    const Registry::Entry& entry = parts_.registry.at(i);
    // So many would not fit: what is left out is counted.
    if (out.size() > 3000) {
      out.end_array().key("components_left_out").number(static_cast<double>(parts_.registry.size() - i)).end_object();
      return;
    }
    out.begin_object().key("id").string(entry.id.view());
    write_times(entry.task.times, out);
    out.key("permille").number(entry.task.share_permille).key("errors").number(entry.task.errors);
    out.key("late").number(entry.task.late).key("over_budget").number(entry.task.over_budget).end_object();
  }
  out.end_array().end_object();
}

void SystemMethods::shadow(RpcCall& call) {
  JsonWriter& out = call.answer.result().begin_object().key("reported");
  write_shadow(out);
  out.end_object();
}

void SystemMethods::write_shadow(JsonWriter& out) const {
  out.begin_object();
  for (size_t i = 0; i < parts_.registry.size(); i++) {
    const Registry::Entry& entry = parts_.registry.at(i);
    if (!entry.component->in_shadow()) continue;
    out.key(entry.id.view());
    entry.component->write_state(out);
  }
  out.end_object();
}

}  // namespace fb
