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

/// Sends the log's samples in batches on `…/batch`, docs/protocol.md §3.5: at the size or after the time that is set,
/// whichever comes first. A batch that was not taken is sent again; what the ring gives up meanwhile is passed over. 9 KB, so
/// a device has one only where batches are wanted.
class BatchUplink {
 public:
  struct Parts {
    const Identity& identity;
    TelemetryLog& log;
    MqttOut& mqtt;
    Crypto& crypto;
    const MessageAuth& auth;
  };
  /// @param from the first number that it sends
  BatchUplink(const Parts& parts, uint32_t from, const Now& now) : parts_(parts), seq_(from), since_(now.mono) {}

  /// Sends what is due, one batch at most, through the caller's buffer. Returns when it wants to be called next.
  Millis step(const TelemetrySettings& settings, char* buffer, size_t capacity, const Now& now);

  uint32_t batches() const { return batches_; }
  uint32_t bytes() const { return bytes_; }
  /// Samples that were given up before they could be sent.
  uint32_t passed_over() const { return passed_over_; }

 private:
  static constexpr size_t kMostSamples = 60;
  static constexpr size_t kMostPayload = 2800;  ///< its envelope has room in a message

  size_t gather(size_t most);
  bool send(BatchCodec codec, char* buffer, size_t capacity);

  Parts parts_;
  uint32_t seq_;
  Millis since_;  ///< when the last batch was sent
  uint32_t batches_ = 0;
  uint32_t bytes_ = 0;
  uint32_t passed_over_ = 0;
  BatchRoom<kMostSamples> room_;
  BatchBuilder builder_{room_.storage()};
  uint8_t payload_[kMostPayload];
};

}  // namespace fb
