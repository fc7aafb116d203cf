#include "core/config_store.h"

#include <cstring>

namespace fb {
namespace {

/// The element of `changes` that names `id`, and its place; a missing value where none does.
JsonValue change_for(const JsonValue& changes, std::string_view id) {
  for (JsonValue item = changes.first(); item.exists(); item = item.after(changes))
    if (item.member("id").equals(id)) return item.member("config");
  return {};
}

size_t place_of(const JsonValue& changes, std::string_view id) {
  size_t place = 0;
  for (JsonValue item = changes.first(); item.exists(); item = item.after(changes), place++)
    if (item.member("id").equals(id)) break;
  return place;
}

void write_head(JsonWriter& out, const Registry::Entry& entry) {
  out.key("id").string(entry.id.view());
  out.key("type").string(entry.component->type());
  out.key("enabled").boolean(entry.enabled);
}

}  // namespace

void ConfigStore::load(Registry& registry, std::string_view first_boot, std::string_view factory_default,
                       const Now& now) {
  JsonDocument document(tokens_, kMaxValues);
  const Expected<std::string_view> stored = record_.load();
  if (stored.ok()) {
    // Out of the scratch buffer, which the next record needs.
    std::memcpy(document_, stored.value().data(), stored.value().size());
    if (document.parse({document_, stored.value().size()}).ok()) {
      add_components(registry, document.root().member("components"), now);
    } else {
      log_.write(LogLevel::kError, "config", "the stored configuration does not parse: factory default");
    }
  } else if (stored.status() != Status::kNotFound) {
    log_.write(LogLevel::kError, "config", "the stored configuration cannot be read: factory default");
  }
  for (const std::string_view text : {stored.ok() ? std::string_view() : first_boot, factory_default}) {
    if (text.empty()) continue;
    if (document.parse(text).ok()) {
      add_components(registry, document.root().member("components"), now);
    } else {
      log_.write(LogLevel::kError, "config", "a default configuration does not parse");
    }
  }
}

void ConfigStore::add_components(Registry& registry, const JsonValue& list, const Now& now) {
  for (JsonValue item = list.first(); item.exists(); item = item.after(list)) {
    char id_text[32];
    char type_text[32];
    const Expected<std::string_view> id = item.member("id").text(id_text, sizeof id_text);
    const Expected<std::string_view> type = item.member("type").text(type_text, sizeof type_text);
    if (!id.ok() || !type.ok()) {
      warn("an entry without id and type is passed over", item);
      continue;
    }
    if (registry.find(id.value()) != nullptr) continue;
    const bool enabled = item.member("enabled").type() != JsonType::kFalse;
    if (registry.add(type.value(), id.value(), enabled) != Status::kOk) {
      warn("cannot be made, and is passed over", item);
      continue;
    }
    Component& component = *registry.find(id.value())->component;
    const JsonValue config = item.member("config");
    // What is planned is not wanted, only whether it fits; the record has been copied out of its scratch.
    JsonWriter whole(scratch_, kMaxDocument / 2);
    Fault fault;
    if (component.plan_config(config, whole, fault) == Status::kOk) {
      component.init(config, now);
    } else {
      warn("does not fit, and keeps its defaults", item);
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

ConfigStore::Refusal ConfigStore::plan(Registry& registry, const JsonValue& changes) {
  using Kind = Refusal::Kind;
  if (!changes.is_array() || !changes.first().exists()) return {Kind::kShape, SIZE_MAX, {}};
  size_t place = 0;
  for (JsonValue item = changes.first(); item.exists(); item = item.after(changes), place++) {
    if (!item.is_object()) return {Kind::kShape, place, {}};
    char text[32];
    const Expected<std::string_view> id = item.member("id").text(text, sizeof text);
    if (!item.member("id").is_string()) return {Kind::kShape, place, "id"};
    if (!id.ok() || registry.find(id.value()) == nullptr) return {Kind::kNoComponent, place, {}};
    if (place_of(changes, id.value()) != place) return {Kind::kShape, place, "id"};
    if (!item.member("config").is_object()) return {Kind::kShape, place, "config"};
  }
  JsonWriter out(document_, sizeof document_);
  out.begin_object().key("components").begin_array();
  for (const Registry::Entry& entry : registry) {
    out.begin_object();
    write_head(out, entry);
    out.key("config");
    Fault fault;
    if (entry.component->plan_config(change_for(changes, entry.id.view()), out, fault) != Status::kOk)
      return {Kind::kDoesNotFit, place_of(changes, entry.id.view()), fault.field};
    out.end_object();
  }
  out.end_array().end_object();
  const Expected<std::string_view> document = out.finish();
  if (!document.ok()) return {Kind::kTooLarge, 0, {}};
  document_size_ = document.value().size();
  if (record_.save(document.value()) != Status::kOk) return {Kind::kStorage, 0, {}};
  return {};
}

void ConfigStore::apply(Registry& registry, Scheduler& scheduler, const Now& now) {
  JsonDocument document(tokens_, kMaxValues);
  if (!document.parse({document_, document_size_}).ok()) return;
  const JsonValue list = document.root().member("components");
  for (const Registry::Entry& entry : registry) {
    entry.component->init(change_for(list, entry.id.view()), now);
    scheduler.wake(*entry.component, now);
  }
}

void ConfigStore::write(const Registry& registry, JsonWriter& out) {
  out.begin_object().key("components").begin_array();
  for (const Registry::Entry& entry : registry) {
    out.begin_object();
    write_head(out, entry);
    out.key("config");
    Fault fault;
    // The present configuration always fits; a full buffer shows in `out`.
    (void)entry.component->plan_config({}, out, fault);
    out.end_object();
  }
  out.end_array().end_object();
}

}  // namespace fb
