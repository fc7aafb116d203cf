#include "core/device.h"

#include <algorithm>

#include "core/line_text.h"
#include "core/topics.h"
#include "core/two_slot_record.h"
#include "core/utf8.h"
#include "core/version.h"

namespace fb {
namespace {

constexpr std::string_view kCrashesKey = "crashes";
/// Lines of the log that one step publishes, so that a burst does not keep it from its components.
constexpr int kLogLinesAStep = 4;

/// A brown-out is none: at dawn a solar supply has many, and the program is not to blame.
bool is_crash(ResetReason reason) { return reason == ResetReason::kPanic || reason == ResetReason::kWatchdog; }

}  // namespace

Device::Device(const Identity& identity, const Hal& hal)
    : identity_(identity),
      hal_(hal),
      log_(hal.log),
      registry_(hal_.memory),
      orchestrator_(registry_, hal_.stopwatch, hal_.power),
      config_(hal_.storage, log_, registry_, orchestrator_),
      journal_(hal_.storage),
      telemetry_(identity_, hal_, log_, auth_),
      router_(journal_, log_),
      states_(hal_.storage, log_, registry_, router_.scratch()),
      auth_(hal_.crypto, hal_.storage),
      key_methods_(auth_, identity_.id),
      component_methods_(registry_, orchestrator_, config_),
      system_methods_({identity_, hal_, registry_, orchestrator_, config_, telemetry_, log_, router_, boot_}) {
  router_.add(component_methods_);
  router_.add(system_methods_);
  router_.add(key_methods_);
  router_.set_short_commands(component_methods_);
}

Status Device::start(std::string_view first_boot, std::string_view factory_default, const Now& now) {
  boot_.began = now.mono;
  boot_.reason = hal_.power.reset_reason();
  log_.set_time(0);
  count_boot();
  count_crashes();
  journal_.load();
  if (boot_.safe_mode) {
    orchestrator_.hold();
    log_.write(LogLevel::kCritical, "boot", "safe mode: components do not run");
  }
  config_.load(first_boot, factory_default, now);
  if (!boot_.safe_mode) states_.restore(now);
  const std::string_view own_id = config_.system().device_id.view();
  const bool simulated = own_id.substr(0, 4) == "sim-";
  // A simulated device never takes a real one's place, nor the other way round.
  if (!own_id.empty() && is_device_id(own_id) && simulated == identity_.simulated) (void)identity_.id.assign(own_id);
  if (!is_device_id(identity_.id.view())) return Status::kInvalid;
  const std::string_view id = identity_.id.view();
  for (const Status made : {make_topic(id, "command", command_topic_), make_topic(id, "shadow/desired", desired_topic_),
                            make_topic(id, "status", status_topic_)})
    if (made != Status::kOk) return made;
  if (auth_.load(id) != Status::kOk)
    log_.write(LogLevel::kError, "keys", "the secret cannot be read: nothing from the network is carried out");
  start_ota(now);
  awake_until_ = now.mono + kAwakeAfterMessageMs;
  diagnostics_due_ = now.mono;
  return telemetry_.start(boot_.number, now);
}

void Device::start_ota(const Now& now) {
  trust_.version = kFirmwareVersion;
  if (auth_.on()) {
    ota_key_ = auth_.key(KeyRole::kOta, KeyDirection::kDown);
    trust_.device_key = ota_key_.data();
  }
  ota_.emplace(hal_.slots, hal_.storage, hal_.crypto, trust_);
  ota_methods_.emplace(*ota_, router_.scratch());
  router_.add(*ota_methods_);
  ota_->start(now);
}

void Device::count_boot() {
  char scratch[32];
  TwoSlotRecord record(hal_.storage, "boot", scratch, sizeof scratch);
  const Expected<std::string_view> before = record.load();
  if (before.status() == Status::kStorage) {
    // Nothing is written over what may be read again after the next start.
    boot_.number = 1;
    boot_.storage_failed = boot_.safe_mode = true;
    return log_.write(LogLevel::kCritical, "boot", "the stored settings cannot be read; nothing of them is erased");
  }
  for (const char c : before.value_or({})) boot_.number = boot_.number * 10 + static_cast<uint32_t>(c - '0');
  boot_.number++;
  char text[LineText::kMaxInteger];
  if (record.save(LineText(text, sizeof text).unsigned_number(boot_.number).view()) != Status::kOk)
    log_.write(LogLevel::kWarning, "boot", "the boot count cannot be kept");
}

void Device::count_crashes() {
  if (boot_.storage_failed) return;
  // One digit, so that a cut write leaves it or takes it away; taken away it is a device that never crashed.
  char digit = '0';
  const Expected<size_t> read = hal_.storage.read(kCrashesKey, &digit, 1);
  const uint8_t before = read.ok() && read.value() == 1 && digit >= '0' && digit <= '9' ? static_cast<uint8_t>(digit - '0') : 0;
  const uint8_t crashes = is_crash(boot_.reason) ? std::min<uint8_t>(before + 1, 9) : 0;
  // Safe mode outlives a restart: what crashed would only crash again.
  boot_.failed_in_row = before >= kCrashesToSafeMode ? before : crashes;
  boot_.safe_mode = boot_.failed_in_row >= kCrashesToSafeMode;
  if (boot_.failed_in_row == before) return;
  digit = static_cast<char>('0' + boot_.failed_in_row);
  if (hal_.storage.write(kCrashesKey, {&digit, 1}) != Status::kOk)
    log_.write(LogLevel::kWarning, "boot", "crashes cannot be counted");
}

void Device::end_crash_watch(const Now& now) {
  const bool updating = ota_ && ota_->state() != OtaReceiver::State::kIdle;
  const bool crashed = boot_.safe_mode && !boot_.storage_failed && !updating && !boot_.restart_wanted;
  // What made it crash may be over; where it is not, it is back here after as many crashes.
  if (crashed && now.mono - boot_.began >= kSafeModeMs && hal_.storage.write(kCrashesKey, "0") == Status::kOk) want_restart();
  if (boot_.failed_in_row == 0 || boot_.safe_mode || now.mono - boot_.began < kSteadyMs) return;
  if (hal_.storage.write(kCrashesKey, "0") == Status::kOk) boot_.failed_in_row = 0;
}

Millis Device::step(const Now& now) {
  log_.set_time(now.mono - boot_.began);
  end_crash_watch(now);
  if (now.mono >= config_.ends()) {
    config_.revert(now);
    log_.write(LogLevel::kWarning, "config", "not confirmed: the configuration before returns");
  }
  Millis next = std::min(orchestrator_.run(now), config_.ends());
  if (ota_) next = std::min(next, ota_->step({network_up_ || link_up_, link_up_}, now));
  next = std::min(next, publish_due(now));
  next = std::min(next, states_.step(now));
  plan_sleep(next, now);
  if (restart_wanted() || sleep_.kind == SleepKind::kDeep) states_.flush();
  return next;
}

Millis Device::publish_due(const Now& now) {
  const Millis telemetry = telemetry_.publish(router_.scratch(), RpcRouter::kScratch, config_.telemetry(), now);
  if (!link_up_) return telemetry;
  if (registry_.version() != registry_published_) publish_status("online", 0);
  if (shadow_version() != shadow_published_) publish_shadow();
  publish_log();
  const double every_s = config_.system().diagnostics_s;
  if (every_s <= 0) return telemetry;
  if (now.mono >= diagnostics_due_) {
    publish_diagnostics(now);
    diagnostics_due_ = now.mono + static_cast<Millis>(every_s * 1000);
  }
  return std::min(telemetry, diagnostics_due_);
}

void Device::plan_sleep(Millis next, const Now& now) {
  const SystemSettings& system = config_.system();
  const auto kind = static_cast<SleepKind>(system.sleep);
  const Millis least = static_cast<Millis>(system.sleep_after_s * 1000);
  const bool was_wanted = sleep_.kind != SleepKind::kNone;
  const bool updating = ota_ && (ota_->state() != OtaReceiver::State::kIdle || ota_->on_trial());
  const bool awake = kind == SleepKind::kNone || kept_awake_ || updating || config_.trying() || now.mono < awake_until_ ||
                     next == kNever || next < now.mono + least;
  sleep_ = awake ? SleepWish{} : SleepWish{kind, next};
  // In light sleep the session stays; from deep sleep a device comes back as after a restart.
  if (kind != SleepKind::kDeep || !link_up_ || was_wanted == !awake) return;
  if (awake) return publish_status("online", 0);
  publish_status("sleeping", next - now.mono);
}

void Device::set_link(bool up, const Now& now) {
  link_up_ = up;
  telemetry_.set_link(up);
  if (!up) return;
  awake_until_ = std::max(awake_until_, now.mono + kAwakeAfterMessageMs);
  publish_status("online", 0);
  publish_shadow();
}

bool Device::receive(std::string_view topic, std::string_view payload, const Now& now) {
  if (topic == desired_topic_.view()) {
    take_desired(payload, now);
    return true;
  }
  if (topic != command_topic_.view()) return false;
  const std::string_view reply = handle_sealed(payload, now);
  if (link_up_ && !reply.empty() && !publish("response", reply, 1, false)) log_.write(LogLevel::kWarning, "rpc", "an answer was not taken");
  return true;
}

std::string_view Device::handle_sealed(std::string_view request, const Now& now) {
  if (!auth_.on()) return handle(request, Access::kAdmin, now);
  const OpenedSeal opened = auth_.open(request);
  if (opened.fault == SealFault::kSeen) return {};
  // What is not believed is told so without being looked at any further.
  const std::string_view reply = opened.fault == SealFault::kNone
                                     ? handle(request, opened.access, now)
                                     : router_.refuse_unsealed(seal_fault_name(opened.fault), auth_.epoch_floor(opened.role));
  if (opened.fault != SealFault::kNone && opened.fault != SealFault::kStale) return reply;
  return auth_.seal(opened, reply, router_.scratch(), RpcRouter::kScratch).value_or({});
}

std::string_view Device::handle(std::string_view request, Access access, const Now& now) {
  awake_until_ = std::max(awake_until_, now.mono + kAwakeAfterMessageMs);
  return router_.handle(request, access, now);
}

Status Device::execute(std::string_view component, std::string_view input, const Now& now) {
  Registry::Entry* const entry = registry_.find(component);
  if (entry == nullptr) return Status::kNotFound;
  JsonToken tokens[64];
  JsonDocument document(tokens, sizeof tokens / sizeof tokens[0]);
  if (!document.parse(input).ok()) return Status::kInvalid;
  return execute(*entry, document.root(), now);
}

Status Device::execute(Registry::Entry& entry, const JsonValue& input, const Now& now) {
  if (entry.lifecycle.now() != Lifecycle::kActive) return Status::kUnavailable;
  char text[256];
  JsonWriter output(text, sizeof text);
  Fault fault;
  const Status status = entry.component->execute_now(input, output, fault, now);
  if (status == Status::kOk) orchestrator_.wake(entry, now);
  return status;
}

void Device::wake(const Component& component, const Now& now) {
  for (size_t i = 0; i < registry_.size(); i++)
    if (registry_.at(i).component.get() == &component) orchestrator_.wake(registry_.at(i), now);
}

void Device::take_desired(std::string_view payload, const Now& now) {
  if (payload.empty()) return;  // a retained message that was taken away
  JsonToken tokens[64];
  JsonDocument document(tokens, sizeof tokens / sizeof tokens[0]);
  if (!document.parse(payload).ok() || !document.root().is_object())
    return log_.write(LogLevel::kWarning, "shadow", "what is desired is no object, or too large");
  const JsonValue root = document.root();
  for (JsonValue name = root.first(); name.exists();) {
    const JsonValue input = name.after(root);
    for (size_t i = 0; i < registry_.size(); i++) {
      Registry::Entry& entry = registry_.at(i);
      if (!name.equals(entry.id.view())) continue;
      if (execute(entry, input, now) != Status::kOk)
        log_.write(LogLevel::kWarning, "shadow", "a component does not take what is desired of it");
    }
    name = input.after(root);
  }
}

Status Device::rename(std::string_view name) {
  for (size_t at = 0; at < name.size();) {
    const size_t length = utf8_length_at(name, at);
    if (length == 0 || static_cast<uint8_t>(name[at]) < 0x20 || name[at] == 0x7f) return Status::kInvalid;
    at += length;
  }
  if (name.size() > SmallString<64>::kCapacity) return Status::kNoSpace;
  (void)identity_.name.assign(name);
  registry_published_ = UINT32_MAX;  // the status is published at the next step
  return Status::kOk;
}

std::string_view Device::will_payload() const {
  return identity_.simulated ? R"({"state":"offline","sim":true})" : R"({"state":"offline"})";
}

bool Device::publish(std::string_view leaf, std::string_view payload, uint8_t qos, bool retain) {
  SmallString<96> topic;
  return make_topic(identity_.id.view(), leaf, topic) == Status::kOk &&
         hal_.mqtt.publish(topic.view(), payload, qos, retain);
}

void Device::publish_status(std::string_view state, Millis wake_in) {
  JsonWriter out = scratch_writer();
  out.begin_object().key("state").string(state);
  if (wake_in > 0) out.key("wake_s").number(static_cast<double>((wake_in + 999) / 1000));
  out.key("name").string(identity_.name.view());
  out.key("fw").string(kFirmwareVersion);
  out.key("model").string(identity_.model.view());
  if (identity_.simulated) out.key("sim").boolean(true);
  out.key("epoch").number(telemetry_.epoch());
  out.key("boot").number(boot_.number);
  out.key("reset").string(name_of(boot_.reason));
  if (boot_.safe_mode) out.key("safe_mode").boolean(true).key("safe_mode_reason").string(safe_mode_reason(boot_));
  out.key("api").number(kApiVersion);
  out.key("components").begin_object();
  for (size_t i = 0; i < registry_.size(); i++)
    out.key(registry_.at(i).id.view()).string(registry_.at(i).component->type());
  out.end_object().end_object();
  const Expected<std::string_view> payload = out.finish();
  if (!payload.ok()) log_.write(LogLevel::kError, "mqtt", "the status is too large to be told");
  // Not taken: the next step tries again.
  if (!payload.ok() || publish("status", payload.value(), 1, true)) registry_published_ = registry_.version();
}

uint64_t Device::shadow_version() const {
  // Each version only rises, and a component that goes raises the registry's, so the sum changes when one of them does.
  uint64_t sum = static_cast<uint64_t>(registry_.version()) << 40;
  for (size_t i = 0; i < registry_.size(); i++) sum += registry_.at(i).component->state_version();
  return sum;
}

void Device::publish_shadow() {
  JsonWriter out = scratch_writer();
  system_methods_.write_shadow(out);
  const Expected<std::string_view> payload = out.finish();
  if (!payload.ok()) log_.write(LogLevel::kError, "mqtt", "the shadow is too large to be told");
  // Not taken: the next step tries again.
  if (!payload.ok() || publish("shadow/reported", payload.value(), 1, true)) shadow_published_ = shadow_version();
}

void Device::publish_log() {
  const auto least = static_cast<int>(config_.system().log) - 1;  // -1: off
  Logger::Line line;
  for (int published = 0; published < kLogLinesAStep && log_.read(log_published_ + 1, line);) {
    log_published_ = line.number;
    if (static_cast<int>(line.level) > least) continue;
    JsonWriter out = scratch_writer();
    out.begin_object().key("n").number(line.number).key("ms").number(line.ms).key("level").string(name_of(line.level));
    out.key("tag").string(line.tag).key("text").string(line.text);
    if (!line.cause.empty()) out.key("cause").string(line.cause);
    if (identity_.simulated) out.key("sim").boolean(true);
    out.end_object();
    const Expected<std::string_view> payload = out.finish();
    if (payload.ok()) (void)publish("log", payload.value(), 0, false);  // it stays in the ring, and can be asked for
    published++;
  }
}

void Device::publish_diagnostics(const Now& now) {
  JsonWriter out = scratch_writer();
  system_methods_.write_diagnostics(out, now);
  const Expected<std::string_view> payload = out.finish();
  if (payload.ok()) (void)publish("diagnostics", payload.value(), 0, false);
}

}  // namespace fb
