#include "core/rpc_components.h"

#include <cmath>

#include "core/board.h"
#include "core/line_text.h"
#include "core/rpc_errors.h"

namespace fb {
namespace {

std::string_view state_name(Orchestrator::State state) {
  switch (state) {
    case Orchestrator::State::kActive: return "active";
    case Orchestrator::State::kFailing: return "failing";
    case Orchestrator::State::kQuarantined: return "quarantined";
    case Orchestrator::State::kWaiting: return "waiting";
    case Orchestrator::State::kDisabled: return "disabled";
  }
  return "disabled";
}

/// Adds `leaf` to a path, after a point where there is a head.
void add_to_path(SmallString<96>& path, std::string_view leaf) {
  if (leaf.empty()) return;
  if (!path.empty()) (void)path.append(".");
  (void)path.append(leaf);
}

}  // namespace

constexpr ComponentMethods::Entry ComponentMethods::kMethods[] = {
    {"components.list", false, Access::kViewer, &ComponentMethods::list},
    {"components.get", false, Access::kViewer, &ComponentMethods::get},
    {"components.options", false, Access::kViewer, &ComponentMethods::options},
    {"components.execute", true, Access::kOperator, &ComponentMethods::execute},
    {"components.types", false, Access::kViewer, &ComponentMethods::types},
    {"components.add", true, Access::kAdmin, &ComponentMethods::add},
    {"components.remove", true, Access::kAdmin, &ComponentMethods::remove},
    {"config.get", false, Access::kViewer, &ComponentMethods::config_get},
    {"config.schema", false, Access::kViewer, &ComponentMethods::config_schema},
    {"config.set", true, Access::kAdmin, &ComponentMethods::config_set},
    {"config.apply", true, Access::kAdmin, &ComponentMethods::config_apply},
    {"config.confirm", true, Access::kAdmin, &ComponentMethods::config_confirm},
    {"config.revert", true, Access::kAdmin, &ComponentMethods::config_revert},
};

void ComponentMethods::list(RpcCall& call) {
  JsonWriter& out = call.answer.result().begin_object().key("components").begin_array();
  for (size_t i = 0; i < registry_.size(); i++) {
    const Registry::Entry& entry = registry_.at(i);
    out.begin_object().key("id").string(entry.id.view());
    out.key("type").string(entry.component->type());
    out.key("version").string(entry.component->version());
    out.key("state").string(state_name(orchestrator_.state(entry)));
    out.key("enabled").boolean(entry.enabled).end_object();
  }
  out.end_array().end_object();
}

Registry::Entry* ComponentMethods::component_of(RpcCall& call) {
  const JsonValue id = call.params.member("id");
  if (!id.is_string()) {
    call.answer.invalid_params("id");
    return nullptr;
  }
  for (size_t i = 0; i < registry_.size(); i++)
    if (id.equals(registry_.at(i).id.view())) return &registry_.at(i);
  call.answer.no_component(id.raw());
  return nullptr;
}

void ComponentMethods::get(RpcCall& call) {
  const Registry::Entry* entry = component_of(call);
  if (entry == nullptr) return;
  const Component& component = *entry->component;
  JsonWriter& out = call.answer.result().begin_object();
  out.key("id").string(entry->id.view()).key("type").string(component.type());
  out.key("state").string(state_name(orchestrator_.state(*entry)));
  const std::string_view missing = registry_.missing_capability(*entry);
  if (!missing.empty()) out.key("missing").string(missing);
  out.key("capabilities").string(component.capabilities());
  if (!component.dependencies().empty()) out.key("dependencies").string(component.dependencies());
  out.key("footprint").number(static_cast<double>(entry->footprint));
  out.key("report");
  component.write_state(out);
  out.key("config");
  Fault fault;
  (void)component.plan_config({}, out, fault);  // the present one always fits
  out.key("configSchema");
  component.write_config_schema(out);
  const Task& task = entry->task;
  out.key("runs").number(task.times.count()).key("errors").number(task.errors).key("overruns").number(task.late);
  out.key("over_budget").number(task.over_budget);
  out.end_object();
}

void ComponentMethods::options(RpcCall& call) {
  const Registry::Entry* entry = component_of(call);
  if (entry != nullptr) entry->component->write_execute_options(call.answer.result());
}

void ComponentMethods::execute(RpcCall& call) {
  Registry::Entry* entry = component_of(call);
  if (entry != nullptr) execute(*entry, call.params.member("input"), "input", call);
}

void ComponentMethods::execute_short(std::string_view component, const JsonValue& input, RpcCall& call) {
  Registry::Entry* entry = registry_.find(component);
  if (entry != nullptr) return execute(*entry, input, "params", call);
  // Rebuilt as JSON, since the source may hold escapes.
  char quoted[128];
  JsonWriter id(quoted, sizeof quoted);
  id.string(component);
  call.answer.no_component(id.finish().value_or("null"));
}

void ComponentMethods::execute(Registry::Entry& entry, const JsonValue& input, std::string_view prefix, RpcCall& call) {
  char output_text[512];
  JsonWriter output(output_text, sizeof output_text);
  Fault fault;
  Status status = Status::kRefused;
  if (entry.lifecycle.now() == Lifecycle::kActive) {
    status = entry.component->execute_now(input, output, fault, call.now);
  } else {
    fault.description = entry.enabled ? "it waits for what it needs" : "disabled";
  }
  if (status == Status::kInvalid) {
    SmallString<96> path;
    (void)path.assign(prefix);
    add_to_path(path, fault.field);
    return call.answer.invalid_params(path.view());
  }
  if (status != Status::kOk) {
    call.answer.error_with_data(rpc::kRefused, "the component refused")
        .key("code").number(fault.code).key("description").string(fault.description);
    return call.answer.end_data();
  }
  orchestrator_.wake(entry, call.now);
  const Expected<std::string_view> written = output.finish();
  call.answer.result().begin_object().key("output").raw(written.ok() ? written.value() : "{}");
  call.answer.out().key("code").number(0).key("description")
      .string(written.ok() ? fault.description : "done; the output was too long").end_object();
}

void ComponentMethods::types(RpcCall& call) {
  // Of one type the whole: its schema may be large.
  const JsonValue wanted = call.params.member("type");
  JsonWriter& out = call.answer.result().begin_object().key("types").begin_array();
  for (size_t i = 0; i < registry_.type_count(); i++) {
    ComponentFactory& factory = registry_.type_at(i);
    if (wanted.exists() && !wanted.equals(factory.type())) continue;
    out.begin_object().key("type").string(factory.type());
    out.key("footprint").number(static_cast<double>(factory.footprint()));
    const std::unique_ptr<Component> sample = wanted.exists() ? factory.make() : nullptr;
    if (sample != nullptr) {
      out.key("version").string(sample->version()).key("capabilities").string(sample->capabilities());
      out.key("dependencies").string(sample->dependencies()).key("configSchema");
      sample->write_config_schema(out);
    }
    out.end_object();
  }
  out.end_array().end_object();
}

Millis ComponentMethods::trial_of(RpcCall& call) {
  const JsonValue value = call.params.member("trial_s");
  if (!value.exists()) return 0;
  const double seconds = value.number().value_or(-1);
  if (seconds >= Board::kShortestTrialS && seconds <= Board::kLongestTrialS)
    return static_cast<Millis>(std::floor(seconds)) * 1000;
  call.answer.invalid_params("trial_s");
  return kNever;
}

void ComponentMethods::refuse(const ConfigStore::Refusal& refusal, const JsonValue& changes, std::string_view head,
                              RpcCall& call) {
  using Kind = ConfigStore::Refusal::Kind;
  switch (refusal.kind) {
    case Kind::kNone: return;
    case Kind::kStorage: return call.answer.storage_failed();
    case Kind::kTooLarge: return call.answer.error(rpc::kRefused, "the configuration would be too large");
    case Kind::kNoComponent: {
      JsonValue item = changes.first();
      for (size_t i = 0; i < refusal.item; i++) item = item.after(changes);
      return call.answer.no_component(item.member("id").raw());
    }
    case Kind::kShape:
    case Kind::kDoesNotFit: {
      SmallString<96> path;
      const bool of_settings = refusal.item == SIZE_MAX && !refusal.part.empty();
      if (!of_settings) (void)path.assign(head);
      if (refusal.item != SIZE_MAX) {
        char place[LineText::kMaxInteger + 2];
        (void)path.append(LineText(place, sizeof place).put('[').unsigned_number(refusal.item).put(']').view());
      }
      add_to_path(path, refusal.part);
      // Of the list itself the head is its name.
      if (refusal.item != SIZE_MAX || !refusal.part.empty() || head.empty()) add_to_path(path, refusal.field);
      return call.answer.invalid_params(path.view());
    }
    case Kind::kRegistry: break;
  }
  using Why = Registry::Refusal::Kind;
  switch (refusal.registry.kind) {
    case Why::kNoType: return call.answer.error(rpc::kRefused, "no such type of component: components.types tells them");
    case Why::kBadId: return call.answer.invalid_params("id");
    case Why::kTaken: return call.answer.error(rpc::kRefused, "the id is taken");
    case Why::kTooMany: return call.answer.error(rpc::kRefused, "too many components");
    case Why::kMemory:
      call.answer.error_with_data(rpc::kRefused, "not enough free memory")
          .key("needed").number(static_cast<double>(refusal.registry.needed))
          .key("free").number(static_cast<double>(refusal.registry.free));
      return call.answer.end_data();
    case Why::kNeeded:
      call.answer.error_with_data(rpc::kRefused, "another component needs it").key("id").string(refusal.registry.other);
      return call.answer.end_data();
    case Why::kNotFound:
    case Why::kNone: break;
  }
  call.answer.no_component(call.params.member("id").raw());
}

void ComponentMethods::add(RpcCall& call) {
  const Millis trial = trial_of(call);
  if (trial == kNever) return;
  const ConfigStore::Refusal refusal = config_.add(call.params, trial, call.now);
  if (refusal) return refuse(refusal, {}, "", call);
  call.answer.result().begin_object().key("added").raw(call.params.member("id").raw()).end_object();
}

void ComponentMethods::remove(RpcCall& call) {
  const Millis trial = trial_of(call);
  if (trial == kNever) return;
  char text[32];
  const Expected<std::string_view> id = call.params.member("id").text(text, sizeof text);
  if (!call.params.member("id").is_string()) return call.answer.invalid_params("id");
  if (!id.ok()) return call.answer.no_component(call.params.member("id").raw());
  const ConfigStore::Refusal refusal = config_.remove(id.value(), trial, call.now);
  if (refusal) return refuse(refusal, {}, "", call);
  call.answer.result().begin_object().key("removed").string(id.value()).end_object();
}

void ComponentMethods::config_get(RpcCall& call) { config_.write(call.answer.result()); }

void ComponentMethods::config_schema(RpcCall& call) {
  const SystemSettings system;
  const TelemetrySettings telemetry;
  const ScheduleSettings schedule;
  JsonWriter& out = call.answer.result().begin_object().key("system");
  SystemSettings::fields().write_schema(&system, out);
  out.key("telemetry");
  TelemetrySettings::fields().write_schema(&telemetry, out);
  out.key("schedule");
  ScheduleSettings::fields().write_schema(&schedule, out);
  out.end_object();
}

void ComponentMethods::config_set(RpcCall& call) {
  const Millis trial = trial_of(call);
  if (trial == kNever) return;
  const JsonValue changes = call.params.member("components");
  const ConfigStore::Refusal refusal = config_.set(call.params, trial, call.now);
  if (refusal) return refuse(refusal, changes, "components", call);
  JsonWriter& out = call.answer.result().begin_object().key("applied").begin_array();
  for (JsonValue item = changes.first(); item.exists(); item = item.after(changes)) out.raw(item.member("id").raw());
  out.end_array();
  if (config_.trying()) out.key("trial_s").number(std::ceil(static_cast<double>(config_.ends() - call.now.mono) / 1000));
  out.end_object();
}

void ComponentMethods::config_apply(RpcCall& call) {
  const Millis asked = trial_of(call);
  if (asked == kNever) return;
  const Millis trial = call.params.member("trial_s").exists() ? asked : Board::kDefaultTrial;
  const JsonValue document = call.params.member("config");
  const ConfigStore::Refusal refusal = config_.replace(document, trial, call.now);
  if (refusal) return refuse(refusal, document.member("components"), "config.components", call);
  call.answer.result().begin_object().key("trial_s").number(static_cast<double>(trial / 1000)).end_object();
}

void ComponentMethods::config_confirm(RpcCall& call) {
  const bool trying = config_.trying();
  JsonWriter& out = call.answer.result().begin_object().key("confirmed").begin_array();
  if (config_.confirm() != Status::kOk || (board_ != nullptr && board_->confirm(out) != Status::kOk))
    return call.answer.error(rpc::kStorageFailed, "the storage failed: what is not stored stays on trial");
  if (trying) out.string("config");
  out.end_array().end_object();
}

void ComponentMethods::config_revert(RpcCall& call) {
  const bool trying = config_.trying();
  config_.revert(call.now);
  JsonWriter& out = call.answer.result().begin_object().key("reverted").begin_array();
  if (board_ != nullptr) board_->revert(out, call.now);
  if (trying) out.string("config");
  out.end_array().end_object();
}

}  // namespace fb
