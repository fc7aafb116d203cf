#include "components/sht3x/sht3x.h"

#include <new>

namespace fb {
namespace {

/// Single shot, high repeatability, no clock stretching (datasheet table 9).
constexpr uint8_t kMeasure[] = {0x24, 0x00};
/// The longest that such a measurement takes (table 4), on a chip at its lowest voltage.
constexpr Millis kConversionMs = 16;

}  // namespace

Expected<Sht3x::Config> Sht3x::changed(const JsonValue& change, Fault& fault) const {
  Config config = config_;
  if (!change.exists()) return config;
  if (!change.is_object()) return Status::kInvalid;
  const struct {
    std::string_view name;
    double* value;
    double lowest;
    double highest;
  } fields[] = {{"period_ms", &config.period_ms, 200, 3'600'000}, {"address", &config.address, 0x44, 0x45}};
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

Status Sht3x::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  const Expected<Config> config = changed(change, fault);
  if (!config.ok()) return config.status();
  whole.begin_object().key("period_ms").number(config.value().period_ms);
  whole.key("address").number(config.value().address).end_object();
  return Status::kOk;
}

void Sht3x::apply_config(const JsonValue& whole, const Now& now) {
  Fault fault;
  config_ = changed(whole, fault).value_or(config_);
  due_ = now.mono;
  converting_ = false;
}

Expected<Millis> Sht3x::step(const Now& now) {
  if (now.mono < due_) return due_;
  const auto address = static_cast<uint8_t>(config_.address);
  if (!converting_) {
    const Status begun = bus_.write(address, kMeasure, sizeof kMeasure);
    if (begun != Status::kOk) return begun;
    converting_ = true;
    due_ = now.mono + kConversionMs;
    return due_;
  }
  converting_ = false;  // whatever comes of it, the next turn begins anew
  uint8_t bytes[6];
  const Status fetched = bus_.read(address, bytes, sizeof bytes);
  if (fetched != Status::kOk) return fetched;
  const Expected<Sht3xReading> reading = sht3x_decode(bytes);
  if (!reading.ok()) return reading.status();
  last_ = reading.value();
  measured_ = true;
  const Metric metrics[] = {{"temperature", last_.temperature_c}, {"humidity", last_.humidity_pct}};
  samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
  due_ = now.mono - kConversionMs + static_cast<Millis>(config_.period_ms);
  return due_;
}

Status Sht3x::act(const JsonValue&, JsonWriter&, Fault& fault, const Now&) {
  fault.code = 1;
  fault.description = "a sensor has nothing to execute";
  return Status::kRefused;
}

void Sht3x::write_report(JsonWriter& out) const {
  out.begin_object();
  if (measured_) {
    out.key("temperature").number(last_.temperature_c);
    out.key("humidity").number(last_.humidity_pct);
  }
  out.end_object();
}

std::string_view Sht3x::input_schema() const { return "false"; }

std::string_view Sht3x::config_schema() const {
  return R"json({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{)json"
         R"json("period_ms":{"type":"number","title":"Interval (ms)","minimum":200,"maximum":3600000,"default":2000},)json"
         R"json("address":{"type":"integer","title":"I²C address","enum":[68,69],"default":68}}})json";
}

std::unique_ptr<Component> Sht3xFactory::make() {
  return std::unique_ptr<Component>(new (std::nothrow) Sht3x(bus_, samples_));
}

}  // namespace fb
