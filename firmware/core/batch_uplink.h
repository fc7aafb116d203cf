#pragma once

#include "core/batch.h"
#include "core/batch_envelope.h"
#include "core/device_settings.h"
#include "core/identity.h"
#include "core/message_auth.h"
#include "core/telemetry_log.h"
#include "hal/crypto.h"
#include "hal/mqtt.h"

namespace fb {

/// Makes batches of the log's samples, in order and each sample once, and sends them on `…/batch`, docs/protocol.md §3.5: by
/// itself, at the size or after the time that is set (step()), or act by act for who has taken it (Telemetry::hold()). A batch
/// that was not taken is sent again; what the ring gives up meanwhile is passed over. 12 KB, so a device has one only where
/// batches are wanted.
class BatchUplink {
 public:
  static constexpr size_t kMostSamples = 60;

  struct Parts {
    const Identity& identity;
    TelemetryLog& log;
    MqttOut& mqtt;
    Crypto& crypto;
    const MessageAuth& auth;
  };
  explicit BatchUplink(const Parts& parts) : parts_(parts) {}

  /// @param from the first number of the present log that it sends
  void begin_at(uint32_t from, const Now& now) {
    epoch_ = parts_.log.epoch();
    seq_ = from;
    since_ = now.mono;
  }
  /// Sends what is due, one batch at most, through the caller's buffer. Returns when it wants to be called next.
  Millis step(const TelemetrySettings& settings, char* buffer, size_t capacity, const Now& now);

  /// Makes a batch of the samples that follow each other behind the last one that was sent. kNotFound: none is left; else it
  /// cannot be made, and the next one begins behind.
  Status make(size_t most, BatchCodec codec);
  /// False: the device has a secret that it cannot read, and a batch without its MAC would be believed by nobody.
  bool can_seal() const { return !parts_.auth.on() || parts_.auth.has_keys(); }
  /// Sends what was made, again where that was tried before, sealed where the device has a secret. kUnavailable: it was not
  /// taken, or cannot be sealed.
  Status send(char* buffer, size_t capacity);
  /// What was made is at its receiver.
  void sent();
  /// Is there a sample that was not sent?
  bool more() { return next() != parts_.log.next_seq(); }
  /// The number of the first one.
  uint32_t next() {
    catch_up();
    return seq_;
  }

  uint32_t batches() const { return batches_; }
  uint32_t bytes() const { return bytes_; }
  /// Samples that were given up before they could be sent.
  uint32_t passed_over() const { return passed_over_; }

 private:
  static constexpr size_t kMostPayload = 2800;  ///< its envelope has room in a message

  void catch_up();
  void pass_over(uint32_t samples);
  size_t gather(size_t most);

  Parts parts_;
  uint32_t epoch_ = 0;
  uint32_t seq_ = 0;
  Millis since_ = 0;  ///< when the last batch was sent
  uint32_t batches_ = 0;
  uint32_t bytes_ = 0;
  uint32_t passed_over_ = 0;
  BatchCodec codec_ = BatchCodec::kBest;
  size_t payload_size_ = 0;
  BatchRoom<kMostSamples> room_;
  BatchBuilder builder_{room_.storage()};
  uint8_t payload_[kMostPayload];
};

}  // namespace fb
