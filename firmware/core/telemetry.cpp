#include "core/telemetry.h"

#include <cmath>

#include "core/json_writer.h"
#include "core/topics.h"
#include "core/version.h"

namespace fb {

Status Telemetry::start(const Now& now) {
  boot_ms_ = now.mono;
  new_log();
  return make_topic(identity_.id.view(), "telemetry", topic_);
}

void Telemetry::new_log() {
  const uint32_t before = epoch_;
  epoch_ = hal_.rng.next();
  // Drawn once: a source that gives 0, or the same again, must not hold the device up.
  if (epoch_ == 0 || epoch_ == before) epoch_ = before == UINT32_MAX ? 1 : before + 1;
  seq_ = 0;
}

void Telemetry::take(const Metric* metrics, size_t count, const Now& now) {
  const uint32_t seq = seq_;
  const uint32_t epoch = epoch_;
  if (seq_ == UINT32_MAX) {
    new_log();
  } else {
    seq_++;
  }
  if (!link_up_) {
    lost_++;
    return;
  }
  JsonWriter out(buffer_, capacity_);
  const double uptime_s = static_cast<double>(now.mono - boot_ms_) / 1000;
  out.begin_object();
  out.key("node_id").string(identity_.name.view());
  out.key("timestamp").number(now.clock_set() ? static_cast<double>(now.unix_ms) / 1000 : uptime_s);
  out.key("sensors").begin_object();
  for (size_t i = 0; i < count; i++)
    if (std::isfinite(metrics[i].value)) out.key(metrics[i].name).number(metrics[i].value);
  out.end_object();
  const int rssi_dbm = hal_.signal.rssi_dbm(now.mono);
  if (rssi_dbm != 0) out.key("wifi_rssi").number(rssi_dbm);
  out.key("uptime").number(std::floor(uptime_s));
  out.key("epoch").number(epoch);
  out.key("seq").number(seq);
  out.key("clock").string(now.clock_set() ? "sync" : "none");
  out.key("fw").string(kFirmwareVersion);
  if (identity_.simulated) out.key("sim").boolean(true);
  out.end_object();
  const Expected<std::string_view> payload = out.finish();
  if (!payload.ok() || !hal_.mqtt.publish(topic_.view(), payload.value(), 1, false)) lost_++;
}

}  // namespace fb
