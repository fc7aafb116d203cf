#pragma once

#include "core/factory.h"
#include "core/model_runner.h"
#include "core/sample_listeners.h"
#include "hal/stopwatch.h"

namespace fb {

/// When a model is run; the other members of its configuration are the model.
struct ModelServiceConfig {
  double period_s = 5;
  double max_age_s = 60;  ///< of the values it is run with
};

/// Runs a model (core/model_runner.h) over what the device measures; its outputs are metrics like any other.
class ModelService final : public Component, private SampleListener {
 public:
  static constexpr std::string_view kType = "model";

  ModelService(SampleSink& sink, SampleListeners& samples, Stopwatch& stopwatch)
      : sink_(sink), samples_(samples), stopwatch_(stopwatch) {}
  ~ModelService() override { samples_.remove(*this); }
  ModelService(const ModelService&) = delete;
  ModelService& operator=(const ModelService&) = delete;

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "service.model"; }
  Status plan_config(const JsonValue& change, JsonWriter& whole, Fault& fault) const override;
  void init(const JsonValue& config, const Now& now) override;
  Expected<Millis> execute(const Now& now) override;
  void cleanup(const Now&) override { samples_.remove(*this); }
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  void write_execute_options(JsonWriter& out) const override;
  void write_config_schema(JsonWriter& out) const override;

 private:
  struct Heard {
    double value = 0;
    Millis at = 0;
    bool ever = false;
  };
  void take(std::string_view component, const Metric* metrics, size_t count, const Now& now) override;
  /// The first input that was not heard of late; input_count() where there is none.
  size_t missing(const Now& now) const;
  /// Runs it and counts how long that took.
  Status run(const double* values, double* results);

  SampleSink& sink_;
  SampleListeners& samples_;
  Stopwatch& stopwatch_;
  ModelServiceConfig config_;
  ModelRunner runner_;
  std::array<Heard, ModelRunner::kMaxInputs> heard_{};
  bool fresh_ = false;  ///< something was heard since the last run
  Millis due_ = 0;
  size_t missing_ = 0;
  uint32_t runs_ = 0;
  uint32_t overflows_ = 0;
  uint32_t last_us_ = 0;
  uint32_t most_us_ = 0;
};

using ModelServiceFactory = FactoryOf<ModelService, SampleSink, SampleListeners, Stopwatch>;

}  // namespace fb
