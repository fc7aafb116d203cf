#include "components/chip_health/chip_health.h"

#include <new>

namespace fb {

Expected<double> ChipHealth::changed_period(const JsonValue& change, Fault& fault) const {
  if (!change.exists()) return period_ms_;
  if (!change.is_object()) return Status::kInvalid;
  const JsonValue given = change.member("period_ms");
  if (!given.exists()) return period_ms_;
  const Expected<double> value = given.number();
  if (value.ok() && value.value() >= 200 && value.value() <= 3'600'000) return value;
  fault.field = "period_ms";
  return Status::kInvalid;
}

Status ChipHealth::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  const Expected<double> period = changed_period(change, fault);
  if (!period.ok()) return period.status();
  whole.begin_object().key("period_ms").number(period.value()).end_object();
  return Status::kOk;
}

void ChipHealth::apply_config(const JsonValue& whole, const Now& now) {
  Fault fault;
  period_ms_ = changed_period(whole, fault).value_or(period_ms_);
  due_ = now.mono;
}

Expected<Millis> ChipHealth::step(const Now& now) {
  if (now.mono < due_) return due_;
  heap_free_ = static_cast<double>(memory_.free_bytes());
  temperature_c_ = thermometer_.temperature_c();
  const Metric metrics[] = {{"heap_free", heap_free_}, {"chip_temperature", temperature_c_.value_or(0)}};
  samples_.take(metrics, temperature_c_.ok() ? 2 : 1, now);
  due_ = now.mono + static_cast<Millis>(period_ms_);
  return due_;
}

Status ChipHealth::act(const JsonValue&, JsonWriter&, Fault& fault, const Now&) {
  fault.code = 1;
  fault.description = "a sensor has nothing to execute";
  return Status::kRefused;
}

void ChipHealth::write_report(JsonWriter& out) const {
  out.begin_object().key("heap_free").number(heap_free_);
  if (temperature_c_.ok()) out.key("chip_temperature").number(temperature_c_.value());
  out.end_object();
}

std::string_view ChipHealth::input_schema() const { return "false"; }

std::string_view ChipHealth::config_schema() const {
  return R"json({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{)json"
         R"json("period_ms":{"type":"number","title":"Interval (ms)","minimum":200,"maximum":3600000,"default":5000}}})json";
}

std::unique_ptr<Component> ChipHealthFactory::make() {
  return std::unique_ptr<Component>(new (std::nothrow) ChipHealth(memory_, thermometer_, samples_));
}

}  // namespace fb
