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

/// A new log begins at its first; of an old one the ring may have given samples up.
void BatchUplink::catch_up() {
  const uint32_t first = parts_.log.first_seq();
  if (epoch_ != parts_.log.epoch()) {
    epoch_ = parts_.log.epoch();
    seq_ = first;
  }
  if (seq_ < first) pass_over(first - seq_);
}

void BatchUplink::pass_over(uint32_t samples) {
  passed_over_ += samples;
  seq_ += samples;
}

size_t BatchUplink::gather(size_t most) {
  builder_.clear();
  for (uint32_t seq = seq_; builder_.samples() < most && seq < parts_.log.next_seq(); seq++) {
    const Expected<LoggedSample> read = parts_.log.read(seq);
    Status added = read.status();
    if (read.ok()) {
      const LoggedSample& sample = read.value();
      const BatchOrigin origin{sample.epoch, batch_clock(sample.quality), parts_.identity.simulated};
      const uint64_t time_ms = sample.time_ms < 0 ? 0 : static_cast<uint64_t>(sample.time_ms);
      added = builder_.add(origin, seq, time_ms, sample.metrics, sample.count);
    }
    if (added == Status::kOk) continue;
    // Damaged, or of another batch: one holds consecutive numbers, so it ends here, or begins behind.
    if (builder_.samples() > 0) break;
    pass_over(1);
  }
  return builder_.samples();
}

Status BatchUplink::make(size_t most, BatchCodec codec) {
  catch_up();
  codec_ = codec;
  payload_size_ = 0;
  // Too long for one message: as many as fit.
  for (size_t samples = most; samples > 0; samples = builder_.samples() / 2) {
    if (gather(samples) == 0) return Status::kNotFound;
    const Expected<size_t> size = encode_batch(builder_.view(), codec, payload_, sizeof payload_);
    if (!size.ok()) continue;
    payload_size_ = size.value();
    return Status::kOk;
  }
  pass_over(1);
  return Status::kNoSpace;
}

Status BatchUplink::send(char* buffer, size_t capacity) {
  if (payload_size_ == 0 || !can_seal()) return Status::kUnavailable;
  char nonce[kBatchMaxNonce];
  LineText nonce_text(nonce, sizeof nonce);
  nonce_text.unsigned_number(epoch_).put('.').unsigned_number(seq_);
  Key key{};
  BatchEnvelope envelope;
  envelope.device_id = parts_.identity.id.view();
  envelope.payload = {reinterpret_cast<const char*>(payload_), payload_size_};
  envelope.codec = codec_;
  if (parts_.auth.on()) {
    key = parts_.auth.key(KeyRole::kTelemetry, KeyDirection::kUp);
    envelope.key = digest_view(key);
    envelope.nonce = nonce_text.view();
  }
  const Expected<std::string_view> message = write_batch_envelope(parts_.crypto, envelope, buffer, capacity);
  wipe(key.data(), key.size());
  SmallString<96> topic;
  if (!message.ok() || make_topic(parts_.identity.id.view(), "batch", topic) != Status::kOk ||
      !parts_.mqtt.publish(topic.view(), message.value(), 1, false))
    return Status::kUnavailable;
  bytes_ += static_cast<uint32_t>(message.value().size());
  return Status::kOk;
}

void BatchUplink::sent() {
  batches_++;
  seq_ += static_cast<uint32_t>(builder_.samples());
  builder_.clear();
  payload_size_ = 0;
}

Millis BatchUplink::step(const TelemetrySettings& settings, char* buffer, size_t capacity, const Now& now) {
  catch_up();
  const size_t most = std::min<size_t>(static_cast<size_t>(settings.batch_size), kMostSamples);
  const Millis due = since_ + static_cast<Millis>(settings.batch_s * 1000);
  const uint32_t waiting = parts_.log.next_seq() - seq_;
  if (waiting == 0) {
    since_ = std::max(since_, due <= now.mono ? now.mono : since_);
    return kNever;
  }
  if (waiting < most && now.mono < due) return due;
  if (make(most, kUplinkCodecs[static_cast<size_t>(settings.codec)]) == Status::kOk) {
    if (send(buffer, capacity) != Status::kOk) return now.mono + kUplinkRetryMs;
    sent();
  }
  since_ = now.mono;
  // A backlog goes one batch a turn.
  return parts_.log.next_seq() - seq_ >= most ? now.mono + 1 : now.mono + static_cast<Millis>(settings.batch_s * 1000);
}

}  // namespace fb
