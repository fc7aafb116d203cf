#pragma once

#include "components/inverter_flow/flow_ports.h"
#include "core/batch.h"
#include "core/batch_envelope.h"
#include "core/device.h"

namespace fb {

/// Sends what the device's log holds in batches on `…/batch`, docs/protocol.md §3.5, each sample from begin_at() on once.
/// What was measured while nobody could be told waits in the log, and goes with the next upload. 13 KB.
class LogUpload final : public FlowUpload {
 public:
  /// The session has to stand for so long after a batch was handed to it: one that breaks may take along what it was given.
  static constexpr Millis kSettleMs = 500;
  /// A backlog goes batch after batch for as long; the rest with the next upload.
  static constexpr Millis kDrainMs = 20'000;

  /// All outlive this. `device` may still be under construction.
  LogUpload(Device& device, Storage& storage, Crypto& crypto, const FlowLink& link)
      : device_(device), crypto_(crypto), link_(link), auth_(crypto, storage) {}

  /// The first number to be sent; before it, nothing is.
  void begin_at(uint32_t epoch, uint32_t seq) {
    epoch_ = epoch;
    next_ = seq;
    begun_ = true;
  }
  bool begun() const { return begun_; }
  void forget() { begun_ = false; }

  Status compress(size_t samples, const Now& now) override;
  Status secure(const Now& now) override;
  Status begin(const Now& now) override;
  FlowProgress progress(const Now& now) override;
  void abandon(const Now&) override {}

 private:
  static constexpr size_t kMostSamples = 60;
  static constexpr size_t kMostPayload = 1536;
  static constexpr size_t kMostMessage = batch_envelope_size_at_most(kMostPayload);

  Status gather(size_t most, const Now& now);
  Status add(uint32_t seq, const Now& now);
  Expected<std::string_view> ask_for(uint32_t seq, const Now& now);

  Device& device_;
  Crypto& crypto_;
  const FlowLink& link_;
  MessageAuth auth_;  ///< to derive the key by; what is opened by it is the device's own business
  bool begun_ = false;
  uint32_t epoch_ = 0;
  uint32_t next_ = 0;      ///< the first sample that nobody has
  uint32_t first_ = 0;     ///< of the batch that was made
  size_t payload_size_ = 0;
  size_t message_size_ = 0;
  Millis began_ = 0;
  Millis handed_over_ = 0;
  BatchRoom<kMostSamples> room_;
  BatchBuilder builder_{room_.storage()};
  Metric metrics_[kMaxMetrics] = {};
  JsonToken tokens_[64];
  uint8_t payload_[kMostPayload];
  char text_[kMostMessage];  ///< a sample of the log as it is read, then the message until it is sent
};

}  // namespace fb
