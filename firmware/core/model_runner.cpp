#include "core/model_runner.h"

#include <cfloat>
#include <cmath>
#include <cstring>

#include "core/base64.h"
#include "core/little_endian.h"

namespace fb {
namespace {

constexpr std::string_view kModelActivations[] = {"linear", "relu", "tanh", "sigmoid"};
constexpr size_t kModelMaxRow = ModelRunner::kMaxUnits + 1;
constexpr size_t kModelMaxRowBytes = kModelMaxRow * sizeof(float);

/// One unit, of as many floats as the layer before has values and one more.
bool read_model_unit(const JsonValue& from, float* row, size_t size) {
  if (from.is_array()) {
    size_t count = 0;
    for (JsonValue one = from.first(); one.exists(); one = one.after(from)) {
      const Expected<double> number = one.number();
      if (!number.ok() || std::abs(number.value()) > static_cast<double>(FLT_MAX) || count == size) return false;
      row[count++] = static_cast<float>(number.value());
    }
    return count == size;
  }
  if (!from.is_string()) return false;
  char bytes[kModelMaxRowBytes];
  const std::string_view quoted = from.raw();
  const Expected<size_t> decoded = base64_decode(quoted.substr(1, quoted.size() - 2), reinterpret_cast<uint8_t*>(bytes), sizeof bytes);
  if (!decoded.ok() || decoded.value() != size * sizeof(float)) return false;
  for (size_t i = 0; i < size; i++) {
    const uint32_t bits = get_u32(reinterpret_cast<const char*>(bytes) + i * sizeof(float));
    std::memcpy(&row[i], &bits, sizeof bits);
    if (!std::isfinite(row[i])) return false;
  }
  return true;
}

void write_model_unit(const float* row, size_t size, JsonWriter& out) {
  char bytes[kModelMaxRowBytes];
  for (size_t i = 0; i < size; i++) {
    uint32_t bits;
    std::memcpy(&bits, &row[i], sizeof bits);
    put_u32(bytes + i * sizeof(float), bits);
  }
  char text[base64_size(kModelMaxRowBytes)];
  const size_t length = base64_encode({bytes, size * sizeof(float)}, text);
  out.string({text, length});
}

bool read_model_number(const JsonValue& from, double& out) {
  const Expected<double> number = from.number();
  if (number.ok()) out = number.value();
  return number.ok() || !from.exists();
}

}  // namespace

/// Writes what it is told.
class ModelRunner::Writer {
 public:
  explicit Writer(JsonWriter& out) : out_(out) { out_.begin_object().key("inputs").begin_array(); }
  void input(const Port& port) { write(port, "metric"); }
  void end_inputs() { out_.end_array().key("layers").begin_array(); }
  void begin_layer(Activation activation) {
    out_.begin_object().key("activation").string(kModelActivations[static_cast<size_t>(activation)]);
    out_.key("units").begin_array();
  }
  bool unit(const float* row, size_t size) {
    weights_ += size;
    write_model_unit(row, size, out_);
    return weights_ <= kMaxWeights;
  }
  void end_layer() { out_.end_array().end_object(); }
  void end_layers() { out_.end_array().key("outputs").begin_array(); }
  void output(const Port& port) { write(port, "name"); }
  void end_outputs() { out_.end_array().end_object(); }

 private:
  void write(const Port& port, std::string_view name_member) {
    out_.begin_object().key(name_member).string(port.name.view());
    out_.key("mean").number(port.mean).key("scale").number(port.scale).end_object();
  }
  JsonWriter& out_;
  size_t weights_ = 0;
};

/// Keeps what it is told in a runner that has no model.
class ModelRunner::Keeper {
 public:
  explicit Keeper(ModelRunner& runner) : runner_(runner) {}
  void input(const Port& port) { runner_.inputs_[runner_.input_count_++] = port; }
  void end_inputs() {}
  void begin_layer(Activation activation) {
    runner_.layers_[runner_.layer_count_++] = {0, activation};
  }
  bool unit(const float* row, size_t size) {
    if (size > kMaxWeights - runner_.weight_count_) return false;
    std::memcpy(&runner_.weights_[runner_.weight_count_], row, size * sizeof(float));
    runner_.weight_count_ += size;
    runner_.layers_[runner_.layer_count_ - 1].units++;
    return true;
  }
  void end_layer() {}
  void end_layers() {}
  void output(const Port& port) { runner_.outputs_[runner_.output_count_++] = port; }
  void end_outputs() {}

 private:
  ModelRunner& runner_;
};

bool ModelRunner::read_port(const JsonValue& from, std::string_view name_member, Port& port) {
  if (!from.is_object()) return false;
  char buffer[64];
  const Expected<std::string_view> name = from.member(name_member).text(buffer, sizeof buffer);
  if (!name.ok() || name.value().empty() || port.name.assign(name.value()) != Status::kOk) return false;
  return read_model_number(from.member("mean"), port.mean) && read_model_number(from.member("scale"), port.scale) &&
         port.scale != 0;
}

template <typename Sink>
std::string_view ModelRunner::walk_layers(const JsonValue& layers, size_t inputs, size_t& outputs, Sink& sink) {
  if (!layers.is_array()) return "layers";
  size_t count = 0;
  outputs = inputs;
  for (JsonValue layer = layers.first(); layer.exists(); layer = layer.after(layers)) {
    size_t activation = 0;
    while (activation < 4 && !layer.member("activation").equals(kModelActivations[activation])) activation++;
    if (++count > kMaxLayers || activation == 4) return "layers";
    sink.begin_layer(static_cast<Activation>(activation));
    const JsonValue units = layer.member("units");
    const size_t row_size = outputs + 1;
    outputs = 0;
    for (JsonValue unit = units.is_array() ? units.first() : JsonValue(); unit.exists(); unit = unit.after(units)) {
      float row[kModelMaxRow];
      if (++outputs > kMaxUnits || !read_model_unit(unit, row, row_size) || !sink.unit(row, row_size)) return "layers";
    }
    if (outputs == 0) return "layers";
    sink.end_layer();
  }
  return count == 0 ? "layers" : "";
}

/// Tells all parts of a model to `sink`; "" where it fits, else the member that does not.
template <typename Sink>
std::string_view ModelRunner::walk(const JsonValue& model, Sink& sink) {
  const JsonValue inputs = model.member("inputs");
  size_t count = 0;
  for (JsonValue one = inputs.is_array() ? inputs.first() : JsonValue(); one.exists(); one = one.after(inputs)) {
    Port port;
    if (++count > kMaxInputs || !read_port(one, "metric", port)) return "inputs";
    sink.input(port);
  }
  if (count == 0) return "inputs";
  sink.end_inputs();
  size_t units = 0;
  const std::string_view wrong = walk_layers(model.member("layers"), count, units, sink);
  if (!wrong.empty()) return wrong;
  sink.end_layers();
  const JsonValue outputs = model.member("outputs");
  count = 0;
  for (JsonValue one = outputs.is_array() ? outputs.first() : JsonValue(); one.exists(); one = one.after(outputs)) {
    Port port;
    if (++count > kMaxOutputs || !read_port(one, "name", port)) return "outputs";
    sink.output(port);
  }
  if (count == 0 || count != units) return "outputs";
  sink.end_outputs();
  return "";
}

Status ModelRunner::plan(const JsonValue& model, JsonWriter& whole, Fault& fault) {
  Writer writer(whole);
  fault.field = walk(model, writer);
  return fault.field.empty() && model.is_object() ? Status::kOk : Status::kInvalid;
}

void ModelRunner::take(const JsonValue& model) {
  input_count_ = output_count_ = layer_count_ = weight_count_ = 0;
  Keeper keeper(*this);
  if (!walk(model, keeper).empty()) layer_count_ = 0;
}

void ModelRunner::write(JsonWriter& out) const {
  if (!ready()) {
    out.null();
    return;
  }
  Writer writer(out);
  for (size_t i = 0; i < input_count_; i++) writer.input(inputs_[i]);
  writer.end_inputs();
  size_t row_size = input_count_ + 1;
  const float* row = weights_.data();
  for (size_t l = 0; l < layer_count_; l++) {
    writer.begin_layer(layers_[l].activation);
    for (size_t u = 0; u < layers_[l].units; u++, row += row_size) writer.unit(row, row_size);
    writer.end_layer();
    row_size = layers_[l].units + size_t{1};
  }
  writer.end_layers();
  for (size_t i = 0; i < output_count_; i++) writer.output(outputs_[i]);
  writer.end_outputs();
}

float ModelRunner::activate(Activation activation, float sum) {
  switch (activation) {
    case Activation::kLinear: return sum;
    case Activation::kRelu: return sum > 0 ? sum : 0;
    case Activation::kTanh: return std::tanh(sum);
    case Activation::kSigmoid: return 1 / (1 + std::exp(-sum));
  }
  return sum;
}

Status ModelRunner::run(const double* values, double* results) const {
  if (!ready()) return Status::kInvalid;
  // Two layers are all that is needed at once.
  float layers[2][kMaxUnits];
  for (size_t i = 0; i < input_count_; i++)
    layers[0][i] = static_cast<float>((values[i] - inputs_[i].mean) / inputs_[i].scale);
  size_t before = input_count_;
  const float* weight = weights_.data();
  size_t from = 0;
  for (size_t l = 0; l < layer_count_; l++, from ^= 1) {
    for (size_t u = 0; u < layers_[l].units; u++) {
      float sum = 0;
      for (size_t i = 0; i < before; i++) sum += *weight++ * layers[from][i];
      layers[from ^ 1][u] = activate(layers_[l].activation, sum + *weight++);
    }
    before = layers_[l].units;
  }
  for (size_t i = 0; i < output_count_; i++) {
    results[i] = static_cast<double>(layers[from][i]) * outputs_[i].scale + outputs_[i].mean;
    if (!std::isfinite(results[i])) return Status::kInvalid;
  }
  return Status::kOk;
}

}  // namespace fb
