#include "components/inverter_flow/log_upload.h"

namespace fb {
namespace {

/// The third member of a row of telemetry.query.
BatchClock upload_clock(double quality) {
  if (quality == static_cast<double>(ClockQuality::kSync)) return BatchClock::kSync;
  return quality == static_cast<double>(ClockQuality::kCorrected) ? BatchClock::kCorrected : BatchClock::kNone;
}

}  // namespace

/// The log's answer about one sample, as JSON in text_.
Expected<std::string_view> LogUpload::ask_for(uint32_t seq, const Now& now) {
  constexpr std::string_view kHead = R"("result":)";
  char question[48];
  JsonWriter out(question, sizeof question);
  out.begin_object().key("from").number(seq).key("to").number(seq).end_object();
  const Expected<std::string_view> params = out.finish();
  JsonToken tokens[5];
  JsonDocument document(tokens, sizeof tokens / sizeof tokens[0]);
  if (!params.ok() || !document.parse(params.value()).ok()) return Status::kInvalid;
  RpcAnswer answer(text_, sizeof text_);
  RpcCall call{document.root(), now, Access::kViewer, answer};
  device_.telemetry().query(call);
  const Expected<std::string_view> told = answer.out().finish();
  if (!told.ok() || told.value().substr(0, kHead.size()) != kHead) return Status::kCorrupt;
  return told.value().substr(kHead.size());
}

/// Adds one sample of the log to the batch. kNotFound: the log has it no more.
Status LogUpload::add(uint32_t seq, const Now& now) {
  const Expected<std::string_view> told = ask_for(seq, now);
  JsonDocument document(tokens_, sizeof tokens_ / sizeof tokens_[0]);
  if (!told.ok() || !document.parse(told.value()).ok()) return Status::kCorrupt;
  const JsonValue run = document.root().member("samples").first();
  const JsonValue names = run.member("names");
  const JsonValue row = run.member("rows").first();
  if (!row.is_array()) return Status::kNotFound;
  const JsonValue time = row.first().after(row);
  const JsonValue quality = time.after(row);
  size_t count = 0;
  JsonValue name = names.first();
  for (JsonValue value = quality.after(row); value.exists() && count < kMaxMetrics; value = value.after(row)) {
    const std::string_view quoted = name.raw();
    // Names with escapes are nobody's; passed on as they stand they would become others.
    if (!name.is_string() || quoted.find('\\') != std::string_view::npos) return Status::kCorrupt;
    metrics_[count++] = {quoted.substr(1, quoted.size() - 2), value.number().value_or(0)};
    name = name.after(names);
  }
  const double time_ms = time.number().value_or(0);
  const BatchOrigin origin{epoch_, upload_clock(quality.number().value_or(0)), device_.identity().simulated};
  return builder_.add(origin, seq, time_ms < 0 ? 0 : static_cast<uint64_t>(time_ms), metrics_, count);
}

/// As many samples as follow each other in one batch. kNotFound: none is left.
Status LogUpload::gather(size_t most, const Now& now) {
  const Telemetry& log = device_.telemetry();
  builder_.clear();
  if (!begun_) return Status::kNotFound;
  if (epoch_ != log.epoch()) begin_at(log.epoch(), log.first_seq());
  next_ = std::max(next_, log.first_seq());
  for (uint32_t seq = next_; seq < log.next_seq() && builder_.samples() < most; seq++) {
    const Status added = add(seq, now);
    if (added == Status::kOk) continue;
    if (builder_.samples() > 0) break;
    next_ = seq + 1;  // damaged, or nothing that a batch can hold: passed over
  }
  first_ = next_;
  return builder_.samples() > 0 ? Status::kOk : Status::kNotFound;
}

Status LogUpload::compress(size_t, const Now& now) {
  payload_size_ = message_size_ = 0;
  Status status = gather(kMostSamples, now);
  if (status != Status::kOk) return status;
  Expected<size_t> size = encode_batch(builder_.view(), BatchCodec::kBest, payload_, sizeof payload_);
  // Too long for one message: as many as fit.
  for (size_t most = builder_.samples() / 2; !size.ok() && most > 0; most /= 2) {
    status = gather(most, now);
    if (status != Status::kOk) return status;
    size = encode_batch(builder_.view(), BatchCodec::kBest, payload_, sizeof payload_);
  }
  if (!size.ok()) return size.status();
  payload_size_ = size.value();
  return Status::kOk;
}

Status LogUpload::secure(const Now&) {
  // The secret may have changed since the last batch.
  const Status loaded = auth_.load(device_.identity().id.view());
  if (loaded != Status::kOk) return loaded;
  char nonce[kBatchMaxNonce];
  JsonWriter number(nonce, sizeof nonce);
  number.number(epoch_);
  size_t nonce_size = number.size();
  nonce[nonce_size++] = '.';
  JsonWriter second(nonce + nonce_size, sizeof nonce - nonce_size);
  second.number(first_);
  nonce_size += second.size();
  Key key{};
  BatchEnvelope envelope;
  envelope.device_id = device_.identity().id.view();
  envelope.payload = {reinterpret_cast<const char*>(payload_), payload_size_};
  if (auth_.on()) {
    key = auth_.key(KeyRole::kTelemetry, KeyDirection::kUp);
    envelope.key = digest_view(key);
    envelope.nonce = {nonce, nonce_size};
  }
  const Expected<std::string_view> message = write_batch_envelope(crypto_, envelope, text_, sizeof text_);
  wipe(key.data(), key.size());
  if (!message.ok()) return message.status();
  message_size_ = message.value().size();
  return Status::kOk;
}

Status LogUpload::begin(const Now& now) {
  began_ = handed_over_ = now.mono;
  return device_.tell("batch", {text_, message_size_}, 1, false) ? Status::kOk : Status::kUnavailable;
}

FlowProgress LogUpload::progress(const Now& now) {
  if (!link_.up()) return FlowProgress::kFailed;
  if (now.mono - handed_over_ < kSettleMs) return FlowProgress::kUnderWay;
  next_ = first_ + static_cast<uint32_t>(builder_.samples());
  const bool more = device_.telemetry().next_seq() - next_ > 0 && now.mono - began_ < kDrainMs;
  if (!more || compress(kMostSamples, now) != Status::kOk || secure(now) != Status::kOk) return FlowProgress::kDone;
  const Millis began = began_;
  const Status sent = begin(now);
  began_ = began;
  return sent == Status::kOk ? FlowProgress::kUnderWay : FlowProgress::kFailed;
}

}  // namespace fb
