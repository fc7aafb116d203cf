#include "core/config_store.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace fb {
namespace {

/// The element of `list` that names `id`; a missing value where none does. `place` is its place.
JsonValue item_for(const JsonValue& list, std::string_view id, size_t& place) {
  place = 0;
  for (JsonValue item = list.first(); item.exists(); item = item.after(list), place++)
    if (item.member("id").equals(id)) return item;
  return {};
}

/// A member's name without its quotes, short enough to be told.
std::string_view told_name(const JsonValue& name) {
  const std::string_view raw = name.raw();
  return raw.size() < 2 ? raw : raw.substr(1, std::min<size_t>(raw.size() - 2, 32));
}

/// POSIX TZ as far as a slip shows: a name of three letters or more, or in angle brackets, the offset, and then only what
/// names, offsets and rules are written with.
bool is_time_zone(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty()) return true;
  size_t at = 0;
  if (text[0] == '<') at = std::min(text.find('>'), text.size() - 1) + 1;
  else
    while (at < text.size() && is_letter(text[at])) at++;
  if (at < 3) return false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
  if (at >= text.size() || !is_digit(text[at])) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || std::string_view(":,./<>+-").find(c) != std::string_view::npos;
  });
}

Schedule schedule_of(const ScheduleSettings& settings) {
  return {static_cast<uint8_t>(settings.priority), static_cast<uint32_t>(settings.budget_ms * 1000),
          static_cast<uint8_t>(settings.stretch)};
}

ScheduleSettings settings_of(const Schedule& schedule) {
  ScheduleSettings settings;
  settings.priority = schedule.priority;
  settings.budget_ms = schedule.budget_us / 1000.0;
  settings.stretch = schedule.stretch;
  return settings;
}

bool is_default(const Schedule& schedule) {
  const Schedule fresh;
  return schedule.priority == fresh.priority && schedule.budget_us == fresh.budget_us && schedule.stretch == fresh.stretch;
}

}  // namespace

using Kind = ConfigStore::Refusal::Kind;

bool ConfigStore::load_document() {
  const Expected<std::string_view> stored = record_.load();
  if (!stored.ok()) {
    if (stored.status() != Status::kNotFound)
      log_.write(LogLevel::kError, "config", "the stored configuration cannot be read: factory default");
    return false;
  }
  document_size_ = stored.value().size();
  stored_ = true;
  return true;
}

std::unique_ptr<JsonToken[]> ConfigStore::make_tokens() {
  return std::unique_ptr<JsonToken[]>(new (std::nothrow) JsonToken[kMaxValues]);
}

void ConfigStore::load(std::string_view first_boot, std::string_view factory_default, const Now& now) {
  const std::unique_ptr<JsonToken[]> tokens = make_tokens();
  if (tokens == nullptr) return log_.write(LogLevel::kCritical, "config", "no memory for the configuration");
  JsonDocument document(tokens.get(), kMaxValues);
  if (load_document()) {
    if (document.parse({scratch_ + TwoSlotRecord::kHeader, document_size_}).ok()) {
      enact_document(document.root(), true, now);
      return;
    }
    log_.write(LogLevel::kError, "config", "the stored configuration does not parse: factory default");
  }
  bool complete = false;
  for (const std::string_view text : {first_boot, factory_default}) {
    if (text.empty() || complete) continue;
    if (document.parse(text).ok()) {
      complete = document.root().member("complete").is_true();
      enact_document(document.root(), false, now);
    } else {
      log_.write(LogLevel::kError, "config", "a default configuration does not parse");
    }
  }
}

void ConfigStore::warn(std::string_view what, const JsonValue& entry) {
  SmallString<160> line;
  (void)line.append(entry.member("id").raw());
  (void)line.append(" ");
  (void)line.append(what);
  log_.write(LogLevel::kWarning, "config", line.view());
}

void ConfigStore::enact(bool prune, const Now& now) {
  const std::unique_ptr<JsonToken[]> tokens = make_tokens();
  if (tokens == nullptr) return log_.write(LogLevel::kCritical, "config", "no memory: restart to act on what is stored");
  JsonDocument document(tokens.get(), kMaxValues);
  if (document.parse({scratch_ + TwoSlotRecord::kHeader, document_size_}).ok()) enact_document(document.root(), prune, now);
}

void ConfigStore::enact_document(const JsonValue& root, bool prune, const Now& now) {
  Fault fault;
  SystemSettings system;
  if (SystemSettings::fields().read(root.member("system"), &system, fault) == Status::kOk) system_ = system;
  TelemetrySettings telemetry;
  if (TelemetrySettings::fields().read(root.member("telemetry"), &telemetry, fault) == Status::kOk) telemetry_ = telemetry;
  const JsonValue list = root.member("components");
  if (prune) aside_size_ = 0;
  for (size_t i = registry_.size(); prune && i-- > 0;) {
    Registry::Entry& entry = registry_.at(i);
    size_t place;
    const JsonValue item = item_for(list, entry.id.view(), place);
    if (item.exists() && item.member("type").equals(entry.component->type())) continue;
    orchestrator_.end(entry, now);
    registry_.remove(entry);
  }
  for (JsonValue item = list.first(); item.exists(); item = item.after(list))
    if (!enact_item(item, now) && prune) keep_aside(item);
  orchestrator_.settle(now);
}

bool ConfigStore::enact_item(const JsonValue& item, const Now& now) {
  char id_text[32];
  char type_text[32];
  const Expected<std::string_view> id = item.member("id").text(id_text, sizeof id_text);
  const Expected<std::string_view> type = item.member("type").text(type_text, sizeof type_text);
  if (!id.ok() || !type.ok()) {
    warn("an entry without id and type is passed over", item);
    return true;
  }
  Registry::Entry* entry = registry_.find(id.value());
  const bool fresh = entry == nullptr;
  if (fresh) {
    if (registry_.add(type.value(), id.value())) {
      warn("cannot be made, and is passed over", item);
      return false;
    }
    entry = registry_.find(id.value());
  } else if (entry->component->type() != type.value()) {
    return true;  // the first of two with one id counts
  }
  Fault fault;
  ScheduleSettings schedule;
  const JsonValue given = item.member("schedule");
  if (!given.exists() || ScheduleSettings::fields().read(given, &schedule, fault) == Status::kOk)
    entry->schedule = schedule_of(schedule);
  entry->enabled = item.member("enabled").type() != JsonType::kFalse;

  // What is planned is compared with what there is, in what the document leaves of its buffer: what does not change is left
  // alone. What has no room there counts as changed.
  const size_t room = (kMaxDocument - document_size_) / 2;
  char* const free = scratch_ + TwoSlotRecord::kHeader + document_size_;
  JsonWriter present(free, room);
  JsonWriter wanted(free + room, room);
  const JsonValue config = item.member("config");
  const bool fits = entry->component->plan_config(config, wanted, fault) == Status::kOk || !wanted.ok();
  (void)entry->component->plan_config({}, present, fault);  // the present one always fits
  if (!fits) warn("does not fit, and keeps its defaults", item);
  const bool same = present.finish().ok() && wanted.finish().ok() && present.finish().value() == wanted.finish().value();
  if (!fresh && same) return true;
  if (entry->lifecycle.now() != Lifecycle::kConfigured && entry->lifecycle.move(Lifecycle::kConfigured) != Status::kOk)
    return true;
  entry->component->init(fits ? config : JsonValue(), now);
  return true;
}

void ConfigStore::keep_aside(const JsonValue& item) {
  const std::string_view raw = item.raw();
  if (aside_ == nullptr) aside_.reset(new (std::nothrow) char[kMaxDocument]);
  if (aside_ == nullptr || aside_size_ + raw.size() >= kMaxDocument) return warn("is lost with the next change", item);
  raw.copy(aside_.get() + aside_size_, raw.size());
  aside_size_ += raw.size();
  aside_[aside_size_++] = '\0';
}

/// The items kept aside but that of the id `except`.
void ConfigStore::write_aside(std::string_view except, JsonWriter& out) const {
  JsonToken tokens[64];
  for (size_t at = 0; at < aside_size_;) {
    const std::string_view raw(aside_.get() + at);
    JsonDocument document(tokens, sizeof tokens / sizeof tokens[0]);
    const bool named = !except.empty() && document.parse(raw).ok() && document.root().member("id").equals(except);
    if (!named) out.raw(raw);
    at += raw.size() + 1;
  }
}

bool ConfigStore::is_aside(std::string_view id) const {
  JsonToken tokens[64];
  for (size_t at = 0; at < aside_size_;) {
    const std::string_view raw(aside_.get() + at);
    JsonDocument document(tokens, sizeof tokens / sizeof tokens[0]);
    if (document.parse(raw).ok() && document.root().member("id").equals(id)) return true;
    at += raw.size() + 1;
  }
  return false;
}

ConfigStore::Refusal ConfigStore::compose_settings(const JsonValue& system, const JsonValue& telemetry, JsonWriter& out) {
  Fault fault;
  SystemSettings next = system_;
  if (system.exists() && SystemSettings::fields().read(system, &next, fault) != Status::kOk)
    return {Kind::kDoesNotFit, SIZE_MAX, "system", fault.field, {}};
  for (JsonValue name = system.first(); name.exists(); name = name.after(system).after(system)) {
    const bool is_version = name.equals("version");
    if (is_version && name.after(system).number().value_or(-1) != kVersion)
      return {Kind::kDoesNotFit, SIZE_MAX, "system", "version", {}};
    if (!is_version && !SystemSettings::fields().has(name))
      return {Kind::kDoesNotFit, SIZE_MAX, "system", told_name(name), {}};
  }
  if (!is_time_zone(next.timezone.view())) return {Kind::kDoesNotFit, SIZE_MAX, "system", "timezone", {}};
  TelemetrySettings next_telemetry = telemetry_;
  if (telemetry.exists() && TelemetrySettings::fields().read(telemetry, &next_telemetry, fault) != Status::kOk)
    return {Kind::kDoesNotFit, SIZE_MAX, "telemetry", fault.field, {}};
  if (const JsonValue name = TelemetrySettings::fields().unknown_in(telemetry); name.exists())
    return {Kind::kDoesNotFit, SIZE_MAX, "telemetry", told_name(name), {}};
  out.key("system").begin_object().key("version").number(kVersion);
  SystemSettings::fields().write_members(&next, out);
  out.end_object().key("telemetry");
  TelemetrySettings::fields().write(&next_telemetry, out);
  return {};
}

ConfigStore::Refusal ConfigStore::compose_item(const Component& component, std::string_view id, bool enabled,
                                               const Schedule& schedule, const JsonValue& item, size_t place,
                                               JsonWriter& out) {
  const JsonValue given_enabled = item.member("enabled");
  if (given_enabled.exists() && !given_enabled.is_bool()) return {Kind::kShape, place, {}, "enabled", {}};
  const JsonValue config = item.member("config");
  if (config.exists() && !config.is_object()) return {Kind::kShape, place, {}, "config", {}};
  out.begin_object().key("id").string(id).key("type").string(component.type());
  out.key("enabled").boolean(given_enabled.exists() ? given_enabled.is_true() : enabled);
  out.key("config");
  Fault fault;
  for (JsonValue name = config.first(); name.exists(); name = name.after(config).after(config))
    if (!component.knows_member(name)) return {Kind::kDoesNotFit, place, "config", told_name(name), {}};
  if (component.plan_config(config, out, fault) != Status::kOk) return {Kind::kDoesNotFit, place, "config", fault.field, {}};
  ScheduleSettings settings = settings_of(schedule);
  const JsonValue given = item.member("schedule");
  if (given.exists() && ScheduleSettings::fields().read(given, &settings, fault) != Status::kOk)
    return {Kind::kDoesNotFit, place, "schedule", fault.field, {}};
  if (const JsonValue name = ScheduleSettings::fields().unknown_in(given); name.exists())
    return {Kind::kDoesNotFit, place, "schedule", told_name(name), {}};
  if (!is_default(schedule_of(settings))) {
    out.key("schedule");
    ScheduleSettings::fields().write(&settings, out);
  }
  out.end_object();
  return {};
}

ConfigStore::Refusal ConfigStore::compose_new(const JsonValue& item, size_t place, size_t& needed, JsonWriter& out) {
  char id_text[32];
  char type_text[32];
  const Expected<std::string_view> id = item.member("id").text(id_text, sizeof id_text);
  if (!id.ok() || id.value().empty()) return {Kind::kShape, place, {}, "id", {}};
  const Expected<std::string_view> type = item.member("type").text(type_text, sizeof type_text);
  if (!item.member("type").is_string()) return {Kind::kShape, place, {}, "type", {}};
  ComponentFactory* factory = type.ok() ? registry_.type(type.value()) : nullptr;
  if (factory == nullptr) return {Kind::kRegistry, place, {}, {}, {Registry::Refusal::Kind::kNoType, 0, 0, {}}};
  const Registry::Entry* present = registry_.find(id.value());
  if (present == nullptr || present->component->type() != type.value()) {
    Registry::Refusal room = registry_.room_for(*factory);
    needed += factory->footprint() + sizeof(Registry::Entry);
    if (needed + Registry::kReserve > room.free) room.kind = Registry::Refusal::Kind::kMemory;
    if (room) return {Kind::kRegistry, place, {}, {}, room};
  }
  // One for a moment, to have its defaults and its check.
  const std::unique_ptr<Component> sample = factory->make();
  if (sample == nullptr)
    return {Kind::kRegistry, place, {}, {}, {Registry::Refusal::Kind::kMemory, factory->footprint(), 0, {}}};
  return compose_item(*sample, id.value(), true, Schedule(), item, place, out);
}

ConfigStore::Refusal ConfigStore::compose(const Change& change) {
  JsonWriter out = document_writer();
  out.begin_object();
  Refusal refusal = compose_settings(change.system, change.telemetry, out);
  if (refusal) return refusal;
  out.key("components").begin_array();
  for (size_t i = 0; i < registry_.size(); i++) {
    const Registry::Entry& entry = registry_.at(i);
    if (entry.id.view() == change.removed) continue;
    size_t place;
    const JsonValue item = item_for(change.components, entry.id.view(), place);
    refusal = compose_item(*entry.component, entry.id.view(), entry.enabled, entry.schedule, item, place, out);
    if (refusal) return refusal;
  }
  char text[32];
  const std::string_view added = change.added.member("id").text(text, sizeof text).value_or({});
  write_aside(change.removed.empty() ? added : change.removed, out);
  size_t needed = 0;
  if (change.added.exists()) refusal = compose_new(change.added, SIZE_MAX, needed, out);
  if (refusal) return refusal;
  out.end_array().end_object();
  const Expected<std::string_view> document = out.finish();
  if (!document.ok()) return {Kind::kTooLarge, SIZE_MAX, {}, {}, {}};
  document_size_ = document.value().size();
  return {};
}

ConfigStore::Refusal ConfigStore::prepare(Millis trial) {
  // What a trial goes back to must be stored, even where it is the factory's.
  if (trial == 0 || stored_) return {};
  JsonWriter out = document_writer();
  write(out);
  if (!out.finish().ok() || record_.save(out.finish().value()) != Status::kOk) return {Kind::kStorage, SIZE_MAX, {}, {}, {}};
  stored_ = true;
  return {};
}

ConfigStore::Refusal ConfigStore::finish(Millis trial, const Now& now) {
  const std::unique_ptr<JsonToken[]> tokens = make_tokens();
  constexpr size_t kNeeded = kMaxValues * sizeof(JsonToken);
  if (tokens == nullptr) return {Kind::kRegistry, SIZE_MAX, {}, {}, {Registry::Refusal::Kind::kMemory, kNeeded, 0, {}}};
  JsonDocument document(tokens.get(), kMaxValues);
  const std::string_view text(scratch_ + TwoSlotRecord::kHeader, document_size_);
  if (!document.parse(text).ok()) return {Kind::kTooLarge, SIZE_MAX, {}, {}, {}};
  if (trial != 0) {
    trying_ = true;
    ends_ = now.mono + trial;
  } else if (!trying_) {
    if (record_.save(text) != Status::kOk) return {Kind::kStorage, SIZE_MAX, {}, {}, {}};
    stored_ = true;
  }
  enact_document(document.root(), true, now);
  return {};
}

ConfigStore::Refusal ConfigStore::set(const JsonValue& change, Millis trial, const Now& now) {
  for (JsonValue name = change.first(); name.exists(); name = name.after(change).after(change)) {
    const bool known = name.equals("components") || name.equals("system") || name.equals("telemetry") || name.equals("trial_s");
    if (!known) return {Kind::kShape, SIZE_MAX, told_name(name), {}, {}};
  }
  const JsonValue list = change.member("components");
  const bool anything = list.exists() || change.member("system").exists() || change.member("telemetry").exists();
  if (!anything || (list.exists() && (!list.is_array() || !list.first().exists())))
    return {Kind::kShape, SIZE_MAX, {}, "components", {}};
  size_t place = 0;
  for (JsonValue item = list.first(); item.exists(); item = item.after(list), place++) {
    if (!item.is_object()) return {Kind::kShape, place, {}, {}, {}};
    char text[32];
    const Expected<std::string_view> id = item.member("id").text(text, sizeof text);
    if (!item.member("id").is_string()) return {Kind::kShape, place, {}, "id", {}};
    if (!id.ok() || registry_.find(id.value()) == nullptr) return {Kind::kNoComponent, place, {}, {}, {}};
    size_t first;
    (void)item_for(list, id.value(), first);
    if (first != place) return {Kind::kShape, place, {}, "id", {}};
    const bool says = item.member("config").exists() || item.member("enabled").exists() || item.member("schedule").exists();
    if (!says) return {Kind::kShape, place, {}, "config", {}};
  }
  Refusal refusal = prepare(trial);
  if (!refusal) refusal = compose({change.member("system"), change.member("telemetry"), list, {}, {}});
  return refusal ? refusal : finish(trial, now);
}

ConfigStore::Refusal ConfigStore::replace(const JsonValue& document, Millis trial, const Now& now) {
  const JsonValue list = document.member("components");
  if (!document.is_object() || !list.is_array()) return {Kind::kShape, SIZE_MAX, {}, "components", {}};
  Refusal refusal = prepare(trial);
  if (refusal) return refusal;
  JsonWriter out = document_writer();
  out.begin_object();
  // Over the defaults, not over what there is.
  const SystemSettings system = system_;
  const TelemetrySettings telemetry = telemetry_;
  system_ = {};
  telemetry_ = {};
  refusal = compose_settings(document.member("system"), document.member("telemetry"), out);
  system_ = system;
  telemetry_ = telemetry;
  if (refusal) return refusal;
  out.key("components").begin_array();
  size_t needed = 0;
  size_t place = 0;
  for (JsonValue item = list.first(); item.exists(); item = item.after(list), place++) {
    if (!item.is_object()) return {Kind::kShape, place, {}, {}, {}};
    char text[32];
    size_t first;
    (void)item_for(list, item.member("id").text(text, sizeof text).value_or({}), first);
    if (first < place) return {Kind::kShape, place, {}, "id", {}};
    refusal = compose_new(item, place, needed, out);
    if (refusal) return refusal;
  }
  out.end_array().end_object();
  if (!out.finish().ok() || place > kMaxComponents) return {Kind::kTooLarge, SIZE_MAX, {}, {}, {}};
  document_size_ = out.size();
  return finish(trial, now);
}

ConfigStore::Refusal ConfigStore::add(const JsonValue& item, Millis trial, const Now& now) {
  char text[32];
  const Expected<std::string_view> id = item.member("id").text(text, sizeof text);
  if (id.ok() && registry_.find(id.value()) != nullptr)
    return {Kind::kRegistry, SIZE_MAX, {}, {}, {Registry::Refusal::Kind::kTaken, 0, 0, {}}};
  if (registry_.size() == kMaxComponents)
    return {Kind::kRegistry, SIZE_MAX, {}, {}, {Registry::Refusal::Kind::kTooMany, 0, 0, {}}};
  Refusal refusal = prepare(trial);
  if (!refusal) refusal = compose({{}, {}, {}, item, {}});
  return refusal ? refusal : finish(trial, now);
}

ConfigStore::Refusal ConfigStore::remove(std::string_view id, Millis trial, const Now& now) {
  const Registry::Refusal why = registry_.may_remove(id);
  if (why && !is_aside(id)) return {Kind::kRegistry, SIZE_MAX, {}, {}, why};
  Refusal refusal = prepare(trial);
  if (!refusal) refusal = compose({{}, {}, {}, {}, id});
  return refusal ? refusal : finish(trial, now);
}

Status ConfigStore::confirm() {
  if (!trying_) return Status::kOk;
  JsonWriter out = document_writer();
  write(out);
  if (!out.finish().ok()) return Status::kStorage;
  const Status saved = record_.save(out.finish().value());
  if (saved == Status::kOk) trying_ = false;
  return saved;
}

void ConfigStore::revert(const Now& now) {
  if (!trying_) return;
  trying_ = false;
  if (load_document()) enact(true, now);
}

void ConfigStore::write(JsonWriter& out) const {
  out.begin_object().key("system").begin_object().key("version").number(kVersion);
  SystemSettings::fields().write_members(&system_, out);
  out.end_object().key("telemetry");
  TelemetrySettings::fields().write(&telemetry_, out);
  out.key("components").begin_array();
  for (size_t i = 0; i < registry_.size(); i++) {
    const Registry::Entry& entry = registry_.at(i);
    out.begin_object().key("id").string(entry.id.view()).key("type").string(entry.component->type());
    out.key("enabled").boolean(entry.enabled).key("config");
    Fault fault;
    // The present configuration always fits; a full buffer shows in `out`.
    (void)entry.component->plan_config({}, out, fault);
    if (!is_default(entry.schedule)) {
      const ScheduleSettings settings = settings_of(entry.schedule);
      out.key("schedule");
      ScheduleSettings::fields().write(&settings, out);
    }
    out.end_object();
  }
  write_aside({}, out);
  out.end_array().end_object();
}

}  // namespace fb
