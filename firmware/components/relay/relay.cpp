#include "components/relay/relay.h"

#include <algorithm>

#include "core/line_text.h"

namespace fb {
namespace {

/// Under load the orchestrator lets intervals grow. So a limit is looked at every second, and never late by more than a
/// few.
constexpr Millis kRelayWatchMs = 1000;

Millis relay_ms(double seconds) { return static_cast<Millis>(seconds * 1000); }

Millis relay_left(Millis since, Millis least, const Now& now) {
  return now.mono - since >= least ? 0 : least - (now.mono - since);
}

}  // namespace

Fields Relay::fields() const {
  constexpr size_t kGroup = offsetof(RelayConfig, group);
  static constexpr Field kFields[] = {
      boolean_field("active_low", "Active low", offsetof(RelayConfig, active_low)),
      boolean_field("restore", "On again after a restart", offsetof(RelayConfig, restore)),
      number_field("min_on_s", "Stays on for at least (s)", offsetof(RelayConfig, min_on_s), 0, 3600),
      number_field("min_off_s", "Stays off for at least (s)", offsetof(RelayConfig, min_off_s), 0, 3600),
      number_field("max_on_s", "Goes off by itself after (s), 0: never", offsetof(RelayConfig, max_on_s), 0, 604'800),
      number_field("dead_ms", "Dead time between channels of a group (ms)", offsetof(RelayConfig, dead_ms), 0, 60'000),
      integer_field("group_1", "Group of channel 1, 0: none", kGroup, 0, 2),
      integer_field("group_2", "Group of channel 2", kGroup + sizeof(double), 0, 2),
      integer_field("group_3", "Group of channel 3", kGroup + 2 * sizeof(double), 0, 2),
      integer_field("group_4", "Group of channel 4", kGroup + 3 * sizeof(double), 0, 2)};
  // A board of one relay has no groups and no dead time.
  return {kFields, outputs_.count > 1 ? 6 + outputs_.count : 5};
}

bool Relay::fits(const RelayConfig& config, Fault& fault) const {
  fault.field = "max_on_s";
  return config.max_on_s == 0 || (config.max_on_s >= config.min_on_s && config.max_on_s >= 1);
}

void Relay::configured(const Now& now) {
  // New groups may forbid what is on: the first of each stays.
  for (size_t i = 1; i < outputs_.count; i++)
    for (size_t other = 0; other < i; other++)
      if (channels_[i].on && channels_[other].on && exclude_each_other(i, other)) switch_to(i, false, now);
}

bool Relay::exclude_each_other(size_t a, size_t b) const {
  return a != b && config_.group[a] != 0 && config_.group[a] == config_.group[b];
}

Relay::Check Relay::check(size_t channel, bool on, const Now& now) const {
  const Channel& own = channels_[channel];
  if (own.on == on) return {};
  const Millis left = relay_left(own.changed_at, relay_ms(own.on ? config_.min_on_s : config_.min_off_s), now);
  if (left > 0) return {own.on ? kOnTooShort : kOffTooShort, left, channel};
  if (!on) return {};
  Check worst;
  for (size_t i = 0; i < outputs_.count; i++) {
    if (!exclude_each_other(channel, i)) continue;
    if (channels_[i].on) return {kOtherIsOn, 0, i};
    const Millis dead = relay_left(channels_[i].changed_at, static_cast<Millis>(config_.dead_ms), now);
    if (dead > worst.wait_ms) worst = {kDeadTime, dead, i};
  }
  return worst;
}

void Relay::switch_to(size_t channel, bool on, const Now& now) {
  Channel& own = channels_[channel];
  own.restore = false;
  if (own.on == on) return;
  own = {on, false, false, now.mono};
  state_version_++;
}

/// The hardware is first touched here: before the configuration is known, nobody can say which level is off.
void Relay::begin(const Now& now) {
  if (begun_) return;
  begun_ = true;
  for (Channel& channel : channels_) channel.changed_at = now.mono;
}

void Relay::drive() {
  for (const bool on : {false, true})  // those that go off first
    for (size_t i = 0; i < outputs_.count; i++)
      if (channels_[i].on == on) outputs_.channels[i]->set(on != config_.active_low);
}

Expected<Millis> Relay::execute(const Now& now) {
  begin(now);
  const Millis longest = relay_ms(config_.max_on_s);
  for (size_t i = 0; i < outputs_.count; i++) {
    Channel& channel = channels_[i];
    if (!channel.on || longest == 0 || now.mono - channel.changed_at < longest) continue;
    switch_to(i, false, now);
    channel.cut = true;
  }
  Millis next = kNever;
  for (size_t i = 0; i < outputs_.count; i++) {
    if (channels_[i].restore) {
      const Check may = check(i, true, now);
      if (may.refusal == kNotRefused) switch_to(i, true, now);
      if (may.refusal == kOtherIsOn) channels_[i].restore = false;
      if (may.wait_ms > 0) next = std::min(next, now.mono + may.wait_ms);
    }
    if (channels_[i].on && longest > 0)
      next = std::min({next, channels_[i].changed_at + longest, now.mono + kRelayWatchMs});
  }
  drive();
  return next;
}

void Relay::cleanup(const Now& now) {
  for (size_t i = 0; i < outputs_.count; i++) switch_to(i, false, now);
  drive();
}

Status Relay::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) {
  if (!input.is_object()) return Status::kInvalid;
  const JsonValue given = input.member("channel");
  const JsonValue on = input.member("on");
  size_t channel = outputs_.count;
  for (size_t i = 0; i < outputs_.count; i++)
    if (given.number().value_or(0) == static_cast<double>(i + 1)) channel = i;
  if (!given.exists() && outputs_.count == 1) channel = 0;
  if (channel == outputs_.count) {
    fault.field = "channel";
    return Status::kInvalid;
  }
  if (!on.is_bool()) {
    fault.field = "on";
    return Status::kInvalid;
  }
  begin(now);
  const Check may = check(channel, on.is_true(), now);
  if (may.refusal != kNotRefused) {
    describe(may, fault);
    return Status::kRefused;
  }
  switch_to(channel, on.is_true(), now);
  drive();
  write_state(output);
  return Status::kOk;
}

void Relay::describe(const Check& check, Fault& fault) {
  fault.code = check.refusal;
  const auto other = static_cast<uint64_t>(check.other + 1);
  const auto wait_tenths = static_cast<uint64_t>((check.wait_ms + 99) / 100);
  LineText text(description_, sizeof description_);
  switch (check.refusal) {
    case kNotRefused: return;
    case kOnTooShort: text.put("just switched on: wait ").tenths(wait_tenths).put(" s"); break;
    case kOffTooShort: text.put("just switched off: wait ").tenths(wait_tenths).put(" s"); break;
    case kOtherIsOn: text.put("channel ").unsigned_number(other).put(" is on"); break;
    case kDeadTime:
      text.put("channel ").unsigned_number(other).put(" was just on: wait ").tenths(wait_tenths).put(" s");
      break;
  }
  fault.description = text.view();
}

void Relay::write_state(JsonWriter& out) const {
  const auto write = [&out](const Channel& channel) {
    out.begin_object().key("on").boolean(channel.on).key("cut").boolean(channel.cut).end_object();
  };
  if (outputs_.count == 1) return write(channels_[0]);
  out.begin_object().key("channels").begin_array();
  for (size_t i = 0; i < outputs_.count; i++) write(channels_[i]);
  out.end_array().end_object();
}

void Relay::set_state(const JsonValue& state, const Now&) {
  if (outputs_.count == 1) {
    channels_[0].restore = state.member("on").is_true();
    return;
  }
  const JsonValue list = state.member("channels");
  JsonValue item = list.is_array() ? list.first() : JsonValue();
  for (size_t i = 0; i < outputs_.count && item.exists(); i++, item = item.after(list))
    channels_[i].restore = item.member("on").is_true();
}

void Relay::write_execute_options(JsonWriter& out) const {
  out.begin_object().key("$schema").string("https://json-schema.org/draft/2020-12/schema").key("type").string("object");
  out.key("required").begin_array();
  if (outputs_.count > 1) out.string("channel");
  out.string("on").end_array().key("properties").begin_object();
  if (outputs_.count > 1) {
    out.key("channel").begin_object().key("type").string("integer").key("title").string("Channel");
    out.key("minimum").number(1).key("maximum").number(static_cast<double>(outputs_.count)).end_object();
  }
  out.key("on").begin_object().key("type").string("boolean").key("title").string("On").end_object();
  out.end_object().end_object();
}

}  // namespace fb
