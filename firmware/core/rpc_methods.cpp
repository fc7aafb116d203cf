#include <cmath>
#include <cstdio>

#include "core/rpc_errors.h"
#include "core/rpc_router.h"
#include "core/version.h"

namespace fb {
namespace {

std::string_view state_name(Scheduler::State state) {
  switch (state) {
    case Scheduler::State::kActive: return "active";
    case Scheduler::State::kFailing: return "failing";
    case Scheduler::State::kQuarantined: return "quarantined";
    case Scheduler::State::kDisabled: return "disabled";
  }
  return "disabled";
}

/// `head`, a point where there is a `leaf`, and it.
std::string_view join_field(SmallString<96>& out, std::string_view head, std::string_view leaf) {
  if (out.assign(head) != Status::kOk || leaf.empty()) return out.view();
  if (out.append(".") != Status::kOk || out.append(leaf) != Status::kOk) return head;
  return out.view();
}

}  // namespace

void RpcRouter::system_info(const Call& call) {
  JsonWriter& out = result().begin_object();
  out.key("id").string(parts_.identity.id.view());
  out.key("name").string(parts_.identity.name.view());
  out.key("fw").string(kFirmwareVersion);
  out.key("model").string(parts_.identity.model.view());
  out.key("api").number(kApiVersion);
  out.key("sim").boolean(parts_.identity.simulated);
  out.key("uptime").number(std::floor(static_cast<double>(call.now.mono - parts_.boot_ms) / 1000));
  out.key("boot").number(parts_.boot);
  out.key("epoch").number(parts_.telemetry.epoch());
  out.key("heap").number(static_cast<double>(parts_.memory.free_bytes()));
  out.end_object();
}

void RpcRouter::system_restart(const Call&) {
  result().begin_object().end_object();
  restart_wanted_ = true;
}

void RpcRouter::components_list(const Call&) {
  JsonWriter& out = result().begin_object().key("components").begin_array();
  for (const Registry::Entry& entry : parts_.registry) {
    out.begin_object().key("id").string(entry.id.view());
    out.key("type").string(entry.component->type());
    out.key("version").string(entry.component->version());
    out.key("state").string(state_name(parts_.scheduler.state(*entry.component)));
    out.key("enabled").boolean(entry.enabled).end_object();
  }
  out.end_array().end_object();
}

Registry::Entry* RpcRouter::component_of(const Call& call) {
  const JsonValue id = call.params.member("id");
  if (!id.is_string()) {
    invalid_params("id");
    return nullptr;
  }
  for (Registry::Entry& entry : parts_.registry)
    if (id.equals(entry.id.view())) return &entry;
  no_component(id.raw());
  return nullptr;
}

void RpcRouter::components_get(const Call& call) {
  const Registry::Entry* entry = component_of(call);
  if (entry == nullptr) return;
  const Component& component = *entry->component;
  JsonWriter& out = result().begin_object();
  out.key("id").string(entry->id.view()).key("type").string(component.type());
  out.key("state").string(state_name(parts_.scheduler.state(component)));
  out.key("report");
  component.write_state(out);
  out.key("config");
  Fault fault;
  (void)component.plan_config({}, out, fault);  // the present one always fits
  out.key("configSchema");
  component.write_config_schema(out);
  if (const Scheduler::Task* task = parts_.scheduler.find(component)) {
    out.key("runs").number(task->runs).key("errors").number(task->errors).key("overruns").number(task->overruns);
  }
  out.end_object();
}

void RpcRouter::components_options(const Call& call) {
  const Registry::Entry* entry = component_of(call);
  if (entry != nullptr) entry->component->write_execute_options(result());
}

void RpcRouter::components_execute(const Call& call) {
  Registry::Entry* entry = component_of(call);
  if (entry != nullptr) execute(*entry, call.params.member("input"), call);
}

void RpcRouter::execute(Registry::Entry& entry, const JsonValue& input, const Call& call) {
  char output_text[512];
  JsonWriter output(output_text, sizeof output_text);
  Fault fault;
  Status status = Status::kRefused;
  if (entry.enabled) {
    status = entry.component->execute_now(input, output, fault, call.now);
  } else {
    fault.description = "disabled";
  }
  if (status == Status::kInvalid) {
    SmallString<96> field;
    return invalid_params(join_field(field, call.prefix, fault.field));
  }
  if (status != Status::kOk) {
    tail_.reset();
    tail_.key("error").begin_object().key("code").number(rpc::kRefused).key("message").string("the component refused");
    tail_.key("data").begin_object().key("code").number(fault.code);
    tail_.key("description").string(fault.description).end_object().end_object();
    return;
  }
  parts_.scheduler.wake(*entry.component, call.now);
  const Expected<std::string_view> written = output.finish();
  result().begin_object().key("output").raw(written.ok() ? written.value() : "{}");
  tail_.key("code").number(0);
  tail_.key("description").string(written.ok() ? fault.description : "done; the output was too long").end_object();
}

void RpcRouter::config_get(const Call&) { ConfigStore::write(parts_.registry, result()); }

void RpcRouter::config_set(const Call& call) {
  using Kind = ConfigStore::Refusal::Kind;
  const JsonValue changes = call.params.member("components");
  const ConfigStore::Refusal refusal = parts_.config.plan(parts_.registry, changes);
  char place[48];
  SmallString<96> field;
  switch (refusal.kind) {
    case Kind::kNone: break;
    case Kind::kStorage: return error(rpc::kStorageFailed, "the storage failed: nothing has changed");
    case Kind::kTooLarge: return error(rpc::kRefused, "the configuration would be too large");
    case Kind::kNoComponent: {
      JsonValue item = changes.first();
      for (size_t i = 0; i < refusal.item; i++) item = item.after(changes);
      return no_component(item.member("id").raw());
    }
    case Kind::kShape:
    case Kind::kDoesNotFit: {
      if (refusal.item == SIZE_MAX) return invalid_params("components");
      const char* config = refusal.kind == Kind::kDoesNotFit ? ".config" : "";
      std::snprintf(place, sizeof place, "components[%u]%s", static_cast<unsigned>(refusal.item), config);
      return invalid_params(join_field(field, place, refusal.field));
    }
  }
  JsonWriter& out = result().begin_object().key("applied").begin_array();
  for (JsonValue item = changes.first(); item.exists(); item = item.after(changes)) out.raw(item.member("id").raw());
  out.end_array().end_object();
  parts_.config.apply(parts_.registry, parts_.scheduler, call.now);
}

void RpcRouter::telemetry_info(const Call&) {
  JsonWriter& out = result().begin_object().key("epoch").number(parts_.telemetry.epoch());
  out.key("seq").number(parts_.telemetry.next_seq()).key("first").number(parts_.telemetry.next_seq()).end_object();
}

}  // namespace fb
