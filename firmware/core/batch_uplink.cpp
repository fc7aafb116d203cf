#include "core/batch_uplink.h"

#include <algorithm>

#include "core/line_text.h"
#include "core/topics.h"

namespace fb {
namespace {

/// As TelemetrySettings::codec counts them: best, raw, dictionary, delta, rle, bitpack.
constexpr BatchCodec kUplinkCodecs[] = {BatchCodec::kBest,  BatchCodec::kRaw, BatchCodec::kDictionary,
                                        BatchCodec::kDelta, BatchCodec::kRle, BatchCodec::kBitpack};
/// A batch that was not taken waits for as long.
constexpr Millis kUplinkRetryMs = 1000;

BatchClock batch_clock(ClockQuality quality) {
  switch (quality) {
    case ClockQuality::kSync: return BatchClock::kSync;
    case ClockQuality::kCorrected: return BatchClock::kCorrected;
    case ClockQuality::kNone: return BatchClock::kNone;
  }
  return BatchClock::kNone;
}

}  // namespace

size_t BatchUplink::gather(size_t most) {
  builder_.clear();
  size_t looked_at = 0;
  while (builder_.samples() < most && seq_ + looked_at < parts_.log.next_seq()) {
    const uint32_t seq = seq_ + static_cast<uint32_t>(looked_at);
    const Expected<LoggedSample> read = parts_.log.read(seq);
    if (!read.ok()) {
      // Damaged: a batch holds consecutive numbers, so it ends here, or begins behind.
      if (builder_.samples() > 0) break;
      passed_over_++;
      seq_++;
      continue;
    }
    const LoggedSample& sample = read.value();
    const BatchOrigin origin{sample.epoch, batch_clock(sample.quality), parts_.identity.simulated};
    const uint64_t time_ms = sample.time_ms < 0 ? 0 : static_cast<uint64_t>(sample.time_ms);
    const Status added = builder_.add(origin, seq, time_ms, sample.metrics, sample.count);
    if (added == Status::kNoSpace) break;
    if (added != Status::kOk) {
      if (builder_.samples() > 0) break;
      passed_over_++;
      seq_++;
      continue;
    }
    looked_at++;
  }
  return builder_.samples();
}

bool BatchUplink::send(BatchCodec codec, char* buffer, size_t capacity) {
  Expected<size_t> size = encode_batch(builder_.view(), codec, payload_, sizeof payload_);
  // Too long for one message: as many as fit.
  for (size_t samples = builder_.samples() / 2; !size.ok() && samples > 0; samples /= 2) {
    (void)gather(samples);
    size = encode_batch(builder_.view(), codec, payload_, sizeof payload_);
  }
  if (!size.ok()) {
    passed_over_++;
    seq_++;
    return true;
  }
  char nonce[kBatchMaxNonce];
  LineText nonce_text(nonce, sizeof nonce);
  nonce_text.unsigned_number(parts_.log.epoch()).put('.').unsigned_number(seq_);
  Key key{};
  BatchEnvelope envelope;
  envelope.device_id = parts_.identity.id.view();
  envelope.payload = {reinterpret_cast<const char*>(payload_), size.value()};
  envelope.codec = codec;
  if (parts_.auth.on()) {
    key = parts_.auth.key(KeyRole::kTelemetry, KeyDirection::kUp);
    envelope.key = digest_view(key);
    envelope.nonce = nonce_text.view();
  }
  const Expected<std::string_view> message = write_batch_envelope(parts_.crypto, envelope, buffer, capacity);
  wipe(key.data(), key.size());
  SmallString<96> topic;
  if (!message.ok() || make_topic(parts_.identity.id.view(), "batch", topic) != Status::kOk) return false;
  if (!parts_.mqtt.publish(topic.view(), message.value(), 1, false)) return false;
  bytes_ += static_cast<uint32_t>(message.value().size());
  batches_++;
  seq_ += static_cast<uint32_t>(builder_.samples());
  return true;
}

Millis BatchUplink::step(const TelemetrySettings& settings, char* buffer, size_t capacity, const Now& now) {
  // A new log begins at 0; of an old one the ring may have given samples up.
  if (seq_ > parts_.log.next_seq()) seq_ = 0;
  if (seq_ < parts_.log.first_seq()) {
    passed_over_ += parts_.log.first_seq() - seq_;
    seq_ = parts_.log.first_seq();
  }
  const size_t most = std::min<size_t>(static_cast<size_t>(settings.batch_size), kMostSamples);
  const Millis due = since_ + static_cast<Millis>(settings.batch_s * 1000);
  const uint32_t waiting = parts_.log.next_seq() - seq_;
  if (waiting == 0) {
    since_ = std::max(since_, due <= now.mono ? now.mono : since_);
    return kNever;
  }
  if (waiting < most && now.mono < due) return due;
  if (gather(most) > 0 && !send(kUplinkCodecs[static_cast<size_t>(settings.codec)], buffer, capacity))
    return now.mono + kUplinkRetryMs;
  since_ = now.mono;
  // A backlog goes one batch a turn.
  return parts_.log.next_seq() - seq_ >= most ? now.mono + 1 : now.mono + static_cast<Millis>(settings.batch_s * 1000);
}

}  // namespace fb
