#pragma once

#include "components/inverter_flow/flow_net.h"
#include "components/inverter_flow/flow_ports.h"
#include "core/backoff.h"
#include "core/factory.h"
#include "core/fields.h"

namespace fb {

struct InverterFlowConfig {
  SmallString<32> component;  ///< whose samples the polls are; empty: any component's
  double poll_s = 2;
  double batch = 7;     ///< samples of a batch; one is begun as soon as they are there
  double batch_s = 15;  ///< and after so long with fewer
  double command_s = 5; ///< 0: commands are not asked for
  bool gate = false;    ///< woken for a poll's turn only: all else that is due waits for it, so that a device sleeps longer
};

/// Drives a data logger's day: poll, compress, secure, upload; commands, updates and recovery beside it. The state machine is
/// a Petri net (flow_net.h); this gives it time, does the acts that its firings stand for and backs off where they fail.
class InverterFlow : public Configured<InverterFlowConfig> {
 public:
  static constexpr std::string_view kType = "inverter-flow";
  /// The marking is shown at most this often, however fast it changes: each time is a retained message.
  static constexpr Millis kShowMs = 5000;
  /// How often a batch that waits for the link looks for it.
  static constexpr Millis kLookMs = 1000;
  /// An act that takes longer has failed; an update may.
  static constexpr Millis kActLimitMs = 30'000;
  static constexpr Millis kUpdateLimitMs = 1'800'000;

  InverterFlow(FlowPorts& ports, Rng& rng);

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "service.flow"; }
  Expected<Millis> execute(const Now& now) override;
  void cleanup(const Now& now) override;
  Status execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) override;
  void write_state(JsonWriter& out) const override;
  uint32_t state_version() const override { return shown_; }
  bool in_shadow() const override { return true; }
  void write_execute_options(JsonWriter& out) const override;

  const PetriNet& net() const { return net_; }

 private:
  /// One of the four things that are begun, take time and may fail.
  struct Lane {
    Lane(FlowAct& an_act, Rng& rng, flow::Place is_busy, Millis most) : act(an_act), backoff(rng), busy(is_busy), limit(most) {}
    FlowAct& act;
    Backoff backoff;
    flow::Place busy;
    Millis limit;
    FlowProgress progress = FlowProgress::kUnderWay;
    Millis began = 0;
    Millis recover = 0;  ///< when it is tried again after a failure
    Millis due = 0;      ///< its next turn
    uint32_t done = 0;
    uint32_t failed = 0;
  };

  Fields fields() const override;
  bool fits(const InverterFlowConfig& config, Fault& fault) const override;
  void configured(const Now& now) override;
  void end_acts(const Now& now);
  void look(Lane& lane, const Now& now);
  uint64_t allowed(const Now& now) const;
  void fire(size_t transition, const Now& now);
  void begin(Lane& lane, const Now& now);
  void fail(Lane& lane, const Now& now);
  bool batch_due(const Now& now) const;
  void show(const Now& now);
  Millis next_check(const Now& now) const;
  bool holds(flow::Place place) const { return net_.tokens(place) > 0; }
  std::string_view upload_waits() const;

  FlowPorts& ports_;
  PetriNet net_{kFlowNet};
  Lane poll_;
  Lane upload_;
  Lane commands_;
  Lane update_;
  uint32_t given_up_ = 0;   ///< samples that were never in a batch
  uint32_t not_made_ = 0;   ///< batches that could not be compressed or secured
  bool upload_asked_ = false;
  uint32_t shown_ = 0;      ///< the version of the net that the shadow shows
  Millis show_due_ = 0;
};

}  // namespace fb
