#include "components/model_service/model_service.h"

#include <algorithm>
#include <cmath>

#include "core/fields.h"
#include "core/metric_name.h"

namespace fb {
namespace {

Fields model_fields() {
  static constexpr Field kFields[] = {
      number_field("period_s", "Run every (s)", offsetof(ModelServiceConfig, period_s), 0.2, 86'400),
      number_field("max_age_s", "Oldest input (s)", offsetof(ModelServiceConfig, max_age_s), 1, 86'400)};
  return {kFields, 2};
}

/// Where in the configuration a member of the model is.
std::string_view model_path(std::string_view member) {
  for (const std::string_view path : {"model.inputs", "model.layers", "model.outputs"})
    if (path.substr(6) == member) return path;
  return "model";
}

}  // namespace

Status ModelService::plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const {
  ModelServiceConfig config = config_;
  const Status status = change.exists() ? model_fields().read(change, &config, fault) : Status::kOk;
  if (status != Status::kOk) return status;
  whole.begin_object();
  model_fields().write_members(&config, whole);
  whole.key("model");
  const JsonValue model = change.member("model");
  if (!model.exists()) {
    runner_.write(whole);
  } else if (model.type() == JsonType::kNull) {
    whole.null();
  } else if (ModelRunner::plan(model, whole, fault) != Status::kOk) {
    fault.field = model_path(fault.field);
    return Status::kInvalid;
  }
  whole.end_object();
  return Status::kOk;
}

void ModelService::init(const JsonValue& config, const Now& now) {
  Fault fault;
  ModelServiceConfig taken = config_;
  if (config.exists() && model_fields().read(config, &taken, fault) == Status::kOk) config_ = taken;
  if (config.member("model").exists()) runner_.take(config.member("model"));
  heard_ = {};
  fresh_ = false;
  due_ = now.mono;
  missing_ = 0;
  samples_.add(*this);
}

void ModelService::take(std::string_view component, const Metric* metrics, size_t count, const Now& now) {
  for (size_t i = 0; i < runner_.input_count(); i++) {
    for (size_t m = 0; m < count; m++) {
      if (!names_metric(runner_.input(i), component, metrics[m].name) || !std::isfinite(metrics[m].value)) continue;
      heard_[i] = {metrics[m].value, now.mono, true};
      fresh_ = true;
    }
  }
}

size_t ModelService::missing(const Now& now) const {
  const auto most = static_cast<Millis>(config_.max_age_s * 1000);
  size_t i = 0;
  while (i < runner_.input_count() && heard_[i].ever && now.mono - heard_[i].at <= most) i++;
  return i;
}

Status ModelService::run(const double* values, double* results) {
  const uint64_t began = stopwatch_.micros();
  const Status status = runner_.run(values, results);
  last_us_ = static_cast<uint32_t>(stopwatch_.micros() - began);
  most_us_ = std::max(most_us_, last_us_);
  return status;
}

Expected<Millis> ModelService::execute(const Now& now) {
  if (!runner_.ready()) return kNever;
  if (now.mono < due_) return due_;
  due_ = next_turn(due_, config_.period_s * 1000, now);
  missing_ = missing(now);
  if (missing_ < runner_.input_count() || !fresh_) return due_;
  fresh_ = false;
  double values[ModelRunner::kMaxInputs];
  for (size_t i = 0; i < runner_.input_count(); i++) values[i] = heard_[i].value;
  double results[ModelRunner::kMaxOutputs];
  runs_++;
  if (run(values, results) != Status::kOk) {
    overflows_++;
    return due_;
  }
  Metric metrics[ModelRunner::kMaxOutputs];
  for (size_t i = 0; i < runner_.output_count(); i++) metrics[i] = {runner_.output(i), results[i]};
  sink_.take(metrics, runner_.output_count(), now);
  // It heard itself: an output that is an input too waits for what others measure.
  fresh_ = false;
  return due_;
}

Status ModelService::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now&) {
  const JsonValue given = input.member("values");
  fault.field = "values";
  if (!given.is_object()) return Status::kInvalid;
  double values[ModelRunner::kMaxInputs];
  for (size_t i = 0; i < runner_.input_count(); i++) {
    const Expected<double> value = given.member(runner_.input(i)).number();
    if (!value.ok()) return Status::kInvalid;
    values[i] = value.value();
  }
  fault = {};
  double results[ModelRunner::kMaxOutputs];
  if (run(values, results) != Status::kOk) {
    fault.code = runner_.ready() ? 2 : 1;
    fault.description = runner_.ready() ? "a result is beyond every number" : "there is no model";
    return Status::kRefused;
  }
  output.begin_object().key("outputs").begin_object();
  for (size_t i = 0; i < runner_.output_count(); i++) output.key(runner_.output(i)).number(results[i]);
  output.end_object().key("us").number(last_us_).end_object();
  return Status::kOk;
}

void ModelService::write_state(JsonWriter& out) const {
  out.begin_object().key("ready").boolean(runner_.ready()).key("weights").number(static_cast<double>(runner_.weight_count()));
  if (missing_ < runner_.input_count()) out.key("waits_for").string(runner_.input(missing_));
  out.key("runs").number(runs_).key("overflows").number(overflows_);
  out.key("last_us").number(last_us_).key("most_us").number(most_us_).end_object();
}

void ModelService::write_execute_options(JsonWriter& out) const {
  out.begin_object().key("$schema").string("https://json-schema.org/draft/2020-12/schema").key("type").string("object");
  out.key("required").begin_array().string("values").end_array().key("properties").begin_object();
  out.key("values").begin_object().key("type").string("object").key("title").string("Try with these values");
  out.key("required").begin_array();
  for (size_t i = 0; i < runner_.input_count(); i++) out.string(runner_.input(i));
  out.end_array().key("properties").begin_object();
  for (size_t i = 0; i < runner_.input_count(); i++)
    out.key(runner_.input(i)).begin_object().key("type").string("number").end_object();
  out.end_object().end_object().end_object().end_object();
}

void ModelService::write_config_schema(JsonWriter& out) const {
  out.raw(R"j({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{)j"
          R"j("period_s":{"type":"number","title":"Run every (s)","minimum":0.2,"maximum":86400,"default":5},)j"
          R"j("max_age_s":{"type":"number","title":"Oldest input (s)","minimum":1,"maximum":86400,"default":60},)j"
          R"j("model":{"title":"Model","oneOf":[{"type":"null","title":"None"},{"type":"object","title":"Network",)j"
          R"j("required":["inputs","layers","outputs"],"properties":{)j"
          R"j("inputs":{"type":"array","title":"Inputs","minItems":1,"maxItems":16,"items":{"type":"object","required":["metric"],)j"
          R"j("properties":{"metric":{"type":"string","title":"Metric","minLength":1,"maxLength":64},)j"
          R"j("mean":{"type":"number","title":"Mean","default":0},"scale":{"type":"number","title":"Scale","default":1}}}},)j"
          R"j("layers":{"type":"array","title":"Layers","minItems":1,"maxItems":4,"items":{"type":"object",)j"
          R"j("required":["activation","units"],"properties":{)j"
          R"j("activation":{"enum":["linear","relu","tanh","sigmoid"],"title":"Activation"},)j"
          R"j("units":{"type":"array","title":"Units: weights, then the bias","minItems":1,"maxItems":32,"items":{"oneOf":[)j"
          R"j({"type":"string","title":"32-bit floats in base64"},{"type":"array","items":{"type":"number"}}]}}}}},)j"
          R"j("outputs":{"type":"array","title":"Outputs","minItems":1,"maxItems":8,"items":{"type":"object","required":["name"],)j"
          R"j("properties":{"name":{"type":"string","title":"Metric","minLength":1,"maxLength":64},)j"
          R"j("mean":{"type":"number","title":"Mean","default":0},"scale":{"type":"number","title":"Scale","default":1}}}}}}]}}})j");
}

}  // namespace fb
