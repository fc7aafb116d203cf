#include "components/inverter_flow/log_upload.h"

namespace fb {

void LogUpload::hold(const Now& now) {
  if (batches_ == nullptr) batches_ = device_.telemetry().hold(now);
}

void LogUpload::release() {
  if (batches_ == nullptr) return;
  batches_ = nullptr;
  device_.telemetry().release();
}

void LogUpload::abandon(const Now&) {
  if (under_way_) batches_->sent();
  under_way_ = false;
}

Status LogUpload::compress(size_t, const Now&) {
  return batches_ == nullptr ? Status::kUnavailable : batches_->make(BatchUplink::kMostSamples, BatchCodec::kBest);
}

Status LogUpload::secure(const Now&) { return batches_->can_seal() ? Status::kOk : Status::kUnavailable; }

Status LogUpload::begin(const Now& now) {
  began_ = handed_over_ = now.mono;
  const Status sent = device_.send(*batches_);
  under_way_ = sent == Status::kOk;
  return sent;
}

FlowProgress LogUpload::progress(const Now& now) {
  if (!under_way_ || !device_.link_up()) {
    under_way_ = false;
    return FlowProgress::kFailed;
  }
  if (now.mono - handed_over_ < kSettleMs) return FlowProgress::kUnderWay;
  batches_->sent();
  under_way_ = false;
  if (!batches_->more() || now.mono - began_ >= kDrainMs || compress(0, now) != Status::kOk) return FlowProgress::kDone;
  const Millis began = began_;
  const Status sent = begin(now);
  began_ = began;
  return sent == Status::kOk ? FlowProgress::kUnderWay : FlowProgress::kFailed;
}

}  // namespace fb
