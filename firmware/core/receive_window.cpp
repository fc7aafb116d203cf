#include "core/receive_window.h"

#include <algorithm>

namespace fb {
NonceVerdict ReceiveWindow::look(uint32_t number) const {
  if (taken_ == 0 || number > highest_) return NonceVerdict::kNew;
  const uint32_t behind = highest_ - number;
  if (behind >= kWidth) return NonceVerdict::kStale;
  return (taken_ >> behind & 1) != 0 ? NonceVerdict::kSeen : NonceVerdict::kNew;
}

void ReceiveWindow::take(uint32_t number) {
  if (taken_ == 0 || number > highest_) {
    const uint32_t by = number - highest_;
    taken_ = (taken_ != 0 && by < kWidth ? taken_ << by : 0) | 1;
    highest_ = number;
  } else {
    taken_ |= uint64_t{1} << (highest_ - number);
  }
}

void NonceLedger::start(const Floors& kept) {
  kept_ = kept;
  known_ = {};
  for (size_t i = 0; i < kKeys; i++) known_[i].floor = kept[i];
}

NonceVerdict NonceLedger::take(size_t key, const Nonce& nonce) {
  if (nonce.epoch == 0 || nonce.epoch > Nonce::kMaxEpoch) return NonceVerdict::kStale;
  Known& known = known_[key];
  auto at = std::find_if(known.epochs.begin(), known.epochs.end(),
                         [&](const Epoch& epoch) { return epoch.epoch == nonce.epoch; });
  if (at == known.epochs.end()) {
    if (nonce.epoch <= known.floor) return NonceVerdict::kStale;
    if (nonce.epoch > kept_[key]) {
      Floors ahead = kept_;
      ahead[key] = std::min(nonce.epoch + kAhead, Nonce::kMaxEpoch);
      if (keeper_.keep_floors(ahead) != Status::kOk) return NonceVerdict::kStorage;
      kept_ = ahead;
    }
    at = known.epochs.end() - 1;
    known.floor = std::max(known.floor, at->epoch);
    *at = {nonce.epoch, {}};
  }
  const NonceVerdict verdict = at->window.look(nonce.number);
  if (verdict != NonceVerdict::kNew) return verdict;
  at->window.take(nonce.number);
  std::rotate(known.epochs.begin(), at, at + 1);
  return NonceVerdict::kNew;
}

}  // namespace fb
