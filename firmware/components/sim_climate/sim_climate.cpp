#include "components/sim_climate/sim_climate.h"

#include <new>

namespace fb {

Expected<SimClimate::Config> SimClimate::changed(const JsonValue& change, Fault& fault) const {
  Config config = config_;
  if (!change.exists()) return config;
  if (!change.is_object()) return Status::kInvalid;
  const struct {
    std::string_view name;
    double* value;
    double lowest;
    double highest;
  } fields[] = {{"period_ms", &config.period_ms, 200, 3'600'000},
                {"base_c", &config.base_c, -40, 85},
                {"swing_c", &config.swing_c, 0, 30}};
  for (const auto& field : fields) {
    const JsonValue given = change.member(field.name);
    if (!given.exists()) continue;
    const Expected<double> value = given.number();
    if (!value.ok() || value.value() < field.lowest || value.value() > field.highest) {
      fault.field = field.name;
      return Status::kInvalid;
    }
    *field.value = value.value();
  }
  return config;
}

Status SimClimate::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  const Expected<Config> config = changed(change, fault);
  if (!config.ok()) return config.status();
  whole.begin_object().key("period_ms").number(config.value().period_ms);
  whole.key("base_c").number(config.value().base_c).key("swing_c").number(config.value().swing_c).end_object();
  return Status::kOk;
}

void SimClimate::apply_config(const JsonValue& whole, const Now& now) {
  Fault fault;
  config_ = changed(whole, fault).value_or(config_);
  due_ = now.mono;
}

Expected<Millis> SimClimate::step(const Now& now) {
  if (now.mono < due_) return due_;
  last_ = world_.measure(now, config_.base_c, config_.swing_c);
  measured_ = true;
  const Metric metrics[] = {
      {"temperature", last_.temperature_c}, {"humidity", last_.humidity_pct}, {"pressure", last_.pressure_hpa}};
  samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
  // On a grid, so that lateness does not add up; turns that were missed are not made up for.
  const auto period = static_cast<Millis>(config_.period_ms);
  due_ += period;
  if (due_ <= now.mono) due_ = now.mono + period;
  return due_;
}

Status SimClimate::act(const JsonValue&, JsonWriter&, Fault& fault, const Now&) {
  fault.code = 1;
  fault.description = "a sensor has nothing to execute";
  return Status::kRefused;
}

void SimClimate::write_report(JsonWriter& out) const {
  out.begin_object();
  if (measured_) {
    out.key("temperature").number(last_.temperature_c);
    out.key("humidity").number(last_.humidity_pct);
    out.key("pressure").number(last_.pressure_hpa);
  }
  out.end_object();
}

std::string_view SimClimate::input_schema() const { return "false"; }

std::string_view SimClimate::config_schema() const {
  return R"json({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{)json"
         R"json("period_ms":{"type":"number","title":"Interval (ms)","minimum":200,"maximum":3600000,"default":2000},)json"
         R"json("base_c":{"type":"number","title":"Mean temperature (°C)","minimum":-40,"maximum":85,"default":21},)json"
         R"json("swing_c":{"type":"number","title":"Daily swing (°C)","minimum":0,"maximum":30,"default":4}}})json";
}

std::unique_ptr<Component> SimClimateFactory::make() {
  return std::unique_ptr<Component>(new (std::nothrow) SimClimate(samples_, seed_));
}

}  // namespace fb
