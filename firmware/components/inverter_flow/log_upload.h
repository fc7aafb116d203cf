#pragma once

#include "components/inverter_flow/flow_ports.h"
#include "core/device.h"

namespace fb {

/// Sends the device's samples in its stead: the batches are those of core/batch_uplink.h, in the buffer that the device has for
/// them. What was measured while nobody could be told waits in the log, and goes with the next upload.
class LogUpload final : public FlowUpload {
 public:
  /// The session has to stand for so long after a batch was handed to it: one that breaks may take along what it was given.
  static constexpr Millis kSettleMs = 500;
  /// A backlog goes batch after batch for as long; the rest with the next upload.
  static constexpr Millis kDrainMs = 20'000;

  /// `device` may still be under construction, and outlives this.
  explicit LogUpload(Device& device) : device_(device) {}

  /// From now on the device publishes no sample by itself. Where another flow sends already, this one makes no batch.
  void hold(const Now& now);
  /// The device publishes again, what was not sent first.
  void release();

  Status compress(size_t samples, const Now& now) override;
  Status secure(const Now& now) override;
  Status begin(const Now& now) override;
  FlowProgress progress(const Now& now) override;
  /// A batch that was handed over most likely arrived.
  void abandon(const Now&) override;

 private:
  Device& device_;
  BatchUplink* batches_ = nullptr;  ///< while held
  bool under_way_ = false;          ///< a batch was handed over
  Millis began_ = 0;
  Millis handed_over_ = 0;
};

}  // namespace fb
