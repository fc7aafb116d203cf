#include "core/telemetry.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "core/json_writer.h"
#include "core/rpc_errors.h"
#include "core/topics.h"
#include "core/version.h"

namespace fb {
namespace {

/// A page of telemetry.query ends where its answer has this size: the largest sample fits behind it.
constexpr size_t kQueryPage = 2600;

std::string_view name_of(ClockQuality quality) {
  switch (quality) {
    case ClockQuality::kNone: return "none";
    case ClockQuality::kSync: return "sync";
    case ClockQuality::kCorrected: return "corrected";
  }
  return "none";
}

/// A sequence number among the parameters; `fallback` where there is none, −1 where it does not fit.
double seq_of(const JsonValue& given, double fallback) {
  if (!given.exists()) return fallback;
  const double value = given.number().value_or(-1);
  return value >= 0 && value <= UINT32_MAX && value == std::floor(value) ? value : -1;
}

}  // namespace

Status Telemetry::start(uint32_t boot, const Now& now) {
  boot_ms_ = now.mono;
  const Status mounted = samples_.mount(boot, now);
  if (mounted != Status::kOk) log_.write(LogLevel::kError, "telemetry", "the log cannot be opened: samples are lost");
  live_seq_ = unpublished_from_ = samples_.next_seq();
  if (batches_ != nullptr) batches_->begin_at(unpublished_from_, now);
  return Status::kOk;
}

void Telemetry::set_link(bool up) {
  link_up_ = up;
  if (up && !held_) cut_backlog();
}

void Telemetry::cut_backlog() {
  const uint32_t next = samples_.next_seq();
  const uint32_t waiting = next - live_seq_;
  if (waiting <= kMostBacklog) return;
  unsent_ += waiting - kMostBacklog;
  live_seq_ = next - kMostBacklog;
}

void Telemetry::take(const Metric* metrics, size_t count, const Now& now) {
  if (now.clock_set() && !clock_told_) {
    clock_told_ = true;
    if (samples_.clock_set(now) != Status::kOk)
      log_.write(LogLevel::kWarning, "telemetry", "the times before the clock was set cannot be corrected");
  }
  // What is no number is no measurement.
  Metric finite[kMaxMetrics];
  size_t kept = 0;
  for (size_t i = 0; i < std::min(count, kMaxMetrics); i++)
    if (std::isfinite(metrics[i].value)) finite[kept++] = metrics[i];
  if (kept == 0) return;
  const uint32_t epoch = samples_.epoch();
  const Expected<uint32_t> seq = samples_.append(finite, kept, now);
  if (!seq.ok()) {
    if (refused_++ == 0) log_.write(LogLevel::kError, "telemetry", "the log does not take a sample");
    return;
  }
  if (samples_.epoch() != epoch) live_seq_ = seq.value();
  for (size_t i = 0; i < tap_count_; i++) taps_[i]->heard(finite, kept, now);
}

bool Telemetry::have_uplink(const Now& now) {
  if (batches_ != nullptr) return true;
  batches_.reset(new (std::nothrow) BatchUplink({identity_, samples_, hal_.mqtt, hal_.crypto, auth_}));
  if (batches_ != nullptr) batches_->begin_at(unpublished_from_, now);
  return batches_ != nullptr;
}

BatchUplink* Telemetry::hold(const Now& now) {
  if (held_ || !have_uplink(now)) return nullptr;
  held_ = true;
  return batches_.get();
}

void Telemetry::release() {
  if (!held_) return;
  held_ = false;
  live_seq_ = batches_->next();
  cut_backlog();
}

Millis Telemetry::publish(char* buffer, size_t capacity, const TelemetrySettings& settings, const Now& now) {
  if (!held_ && settings.batch_s <= 0) batches_.reset();
  const bool batches = settings.batch_s > 0 && have_uplink(now);
  unpublished_from_ = samples_.next_seq();
  if (held_ || !link_up_) return kNever;
  const Millis live = publish_live(buffer, capacity, settings, now);
  return batches ? std::min(live, batches_->step(settings, buffer, capacity, now)) : live;
}

Millis Telemetry::publish_live(char* buffer, size_t capacity, const TelemetrySettings& settings, const Now& now) {
  if (!settings.live) {
    unsent_ += samples_.next_seq() - live_seq_;
    live_seq_ = samples_.next_seq();
    return kNever;
  }
  // What the ring gave up meanwhile cannot be sent any more.
  const uint32_t given_up = samples_.first_seq();
  if (live_seq_ < given_up) {
    unsent_ += given_up - live_seq_;
    live_seq_ = given_up;
  }
  for (int turn = 0; live_seq_ != samples_.next_seq(); turn++) {
    if (turn == kSamplesAStep) return now.mono + 1;
    const Expected<LoggedSample> sample = samples_.read(live_seq_++);
    if (sample.ok() && send_live(sample.value(), buffer, capacity, now)) {
      sent_++;
    } else {
      unsent_++;
    }
  }
  return kNever;
}

bool Telemetry::send_live(const LoggedSample& sample, char* buffer, size_t capacity, const Now& now) {
  JsonWriter out(buffer, capacity);
  out.begin_object();
  out.key("node_id").string(identity_.name.view());
  out.key("timestamp").number(static_cast<double>(sample.time_ms) / 1000);
  out.key("sensors").begin_object();
  for (size_t i = 0; i < sample.count; i++) out.key(sample.metrics[i].name).number(sample.metrics[i].value);
  out.end_object();
  const int rssi_dbm = hal_.signal.rssi_dbm(now.mono);
  if (rssi_dbm != 0) out.key("wifi_rssi").number(rssi_dbm);
  out.key("uptime").number(std::floor(static_cast<double>(now.mono - boot_ms_) / 1000));
  out.key("epoch").number(sample.epoch);
  out.key("seq").number(sample.seq);
  out.key("clock").string(name_of(sample.quality));
  out.key("fw").string(kFirmwareVersion);
  if (identity_.simulated) out.key("sim").boolean(true);
  out.end_object();
  const Expected<std::string_view> payload = out.finish();
  SmallString<96> topic;
  return payload.ok() && make_topic(identity_.id.view(), "telemetry", topic) == Status::kOk &&
         hal_.mqtt.publish(topic.view(), payload.value(), 1, false);
}

void Telemetry::query(RpcCall& call) {
  const JsonValue epoch = call.params.member("epoch");
  if (epoch.exists() && seq_of(epoch, 0) < 1) return call.answer.invalid_params("epoch");
  const double from = seq_of(call.params.member("from"), samples_.first_seq());
  if (from < 0) return call.answer.invalid_params("from");
  const double to = seq_of(call.params.member("to"), UINT32_MAX);
  if (to < from) return call.answer.invalid_params("to");

  JsonWriter& out = call.answer.result().begin_object();
  const bool known = !epoch.exists() || seq_of(epoch, 0) == samples_.epoch();
  out.key("epoch").number(samples_.epoch()).key("first").number(samples_.first_seq());
  out.key("seq").number(samples_.next_seq()).key("samples").begin_array();
  uint32_t seq = std::max(static_cast<uint32_t>(from), samples_.first_seq());
  const uint32_t end = known ? static_cast<uint32_t>(std::min<double>(to + 1, samples_.next_seq())) : seq;
  // Samples that follow each other with the same names share them: {"names":[…],"rows":[[seq,ms,clock,value,…],…]}.
  bool in_run = false;
  uint32_t shape = 0;
  for (; seq < end && out.size() < kQueryPage; seq++) {
    const Expected<LoggedSample> read = samples_.read(seq);
    if (!read.ok()) continue;  // damaged: the gap shows
    const LoggedSample& sample = read.value();
    if (!in_run || sample.shape != shape) {
      if (in_run) out.end_array().end_object();
      in_run = true;
      shape = sample.shape;
      out.begin_object().key("names").begin_array();
      for (size_t i = 0; i < sample.count; i++) out.string(sample.metrics[i].name);
      out.end_array().key("rows").begin_array();
    }
    out.begin_array().number(sample.seq).number(static_cast<double>(sample.time_ms));
    out.number(static_cast<double>(sample.quality));
    for (size_t i = 0; i < sample.count; i++) out.number(sample.metrics[i].value);
    out.end_array();
  }
  if (in_run) out.end_array().end_object();
  out.end_array().key("next");
  if (seq < end) {
    out.number(seq);
  } else {
    out.null();
  }
  out.end_object();
}

void Telemetry::write_figures(JsonWriter& out) const {
  out.begin_object().key("taken").number(samples_.next_seq()).key("held").number(samples_.next_seq() - samples_.first_seq());
  out.key("lost").number(lost()).key("sent").number(sent_).key("unsent").number(unsent_);
  if (batches_ != nullptr) {
    out.key("batches").number(batches_->batches()).key("batch_bytes").number(batches_->bytes());
    out.key("not_in_batches").number(batches_->passed_over());
  }
  out.end_object();
}

}  // namespace fb
