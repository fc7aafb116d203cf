#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/component.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/small_string.h"
#include "core/status.h"

namespace fb {

/// A small feed-forward network: dense layers, from the values of metrics to other values. Without hidden layers it is a
/// linear model. Its form is in components/model_service/README.md:
///
///     {"inputs":[{"metric","mean","scale"}…],
///      "layers":[{"activation":"linear|relu|tanh|sigmoid","units":["<base64>" or [numbers]…]}…],
///      "outputs":[{"name","mean","scale"}…]}
///
/// A unit is a weight for each value of the layer before, then its bias, 32-bit floats. An input is (value − mean) ÷ scale,
/// an output unit × scale + mean. Arithmetic is in 32-bit floats, as on the chips that have them in hardware.
class ModelRunner {
 public:
  static constexpr size_t kMaxInputs = 16;
  static constexpr size_t kMaxLayers = 4;
  static constexpr size_t kMaxUnits = 32;
  static constexpr size_t kMaxOutputs = 8;
  static constexpr size_t kMaxWeights = 1024;  ///< biases included

  ModelRunner() = default;
  ModelRunner(const ModelRunner&) = delete;
  ModelRunner& operator=(const ModelRunner&) = delete;

  /// Checks a model and writes it as it would be kept. kInvalid: `fault.field` is a member of it, or "".
  static Status plan(const JsonValue& model, JsonWriter& whole, Fault& fault);
  /// Takes on a model that plan() wrote; anything else is no model.
  void take(const JsonValue& model);
  bool ready() const { return layer_count_ > 0; }
  /// The model it has, null where it has none.
  void write(JsonWriter& out) const;

  size_t input_count() const { return input_count_; }
  std::string_view input(size_t index) const { return inputs_[index].name.view(); }
  size_t output_count() const { return output_count_; }
  std::string_view output(size_t index) const { return outputs_[index].name.view(); }
  size_t weight_count() const { return weight_count_; }

  /// @param values one for each input, of their own units; @param results room for one for each output
  /// kInvalid: there is no model, or a result is beyond every float.
  Status run(const double* values, double* results) const;

 private:
  enum class Activation : uint8_t { kLinear, kRelu, kTanh, kSigmoid };
  struct Port {
    SmallString<64> name;
    double mean = 0;
    double scale = 1;
  };
  struct Layer {
    uint8_t units = 0;
    Activation activation = Activation::kLinear;
  };
  // What a model that is read goes to: a text, or this.
  class Writer;
  class Keeper;
  static bool read_port(const JsonValue& from, std::string_view name_member, Port& port);
  template <typename Sink>
  static std::string_view walk(const JsonValue& model, Sink& sink);
  template <typename Sink>
  static std::string_view walk_layers(const JsonValue& layers, size_t inputs, size_t& outputs, Sink& sink);
  static float activate(Activation activation, float sum);

  std::array<Port, kMaxInputs> inputs_;
  std::array<Port, kMaxOutputs> outputs_;
  std::array<Layer, kMaxLayers> layers_;
  size_t input_count_ = 0;
  size_t output_count_ = 0;
  size_t layer_count_ = 0;
  size_t weight_count_ = 0;
  std::array<float, kMaxWeights> weights_;  ///< unit by unit, layer by layer
};

}  // namespace fb
