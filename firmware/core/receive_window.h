#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace fb {

/// Names one message of one sender, docs/protocol.md §5: numbers rise within an epoch, and every session of a sender
/// has a new and higher epoch.
struct Nonce {
  static constexpr uint64_t kMaxEpoch = (uint64_t{1} << 53) - 1;  ///< what a JSON number holds exactly
  uint64_t epoch = 0;                                             ///< 1 … kMaxEpoch
  uint32_t number = 0;
};

/// What is thought of a nonce.
enum class NonceVerdict : uint8_t {
  kNew,
  kSeen,     ///< it was taken before: this message is a repeat
  kStale,    ///< too old to know
  kStorage,  ///< that it was taken could not be kept
};

/// Which numbers of one epoch were taken, the last 64 of them one by one (as in RFC 4303 §3.4.3).
class ReceiveWindow {
 public:
  static constexpr uint32_t kWidth = 64;

  NonceVerdict look(uint32_t number) const;
  /// Only what look() calls new.
  void take(uint32_t number);

 private:
  uint32_t highest_ = 0;
  uint64_t taken_ = 0;  ///< bit i: highest_ − i
};

/// What was taken of each key, so that no message is taken twice, over restarts as well. Of each key the last kEpochs
/// epochs in use are known number by number; every other counts by its place only: at or under the floor it is stale.
///
/// Kept over a restart is only a floor a key, some way ahead of the highest epoch: a message costs no write, and a new epoch
/// seldom one. After a restart whoever sends needs an epoch above it.
class NonceLedger {
 public:
  static constexpr size_t kKeys = 3;
  static constexpr size_t kEpochs = 4;
  /// How far a kept floor is ahead: a minute, as epochs are 1/1024 ms.
  static constexpr uint64_t kAhead = 60'000 * 1024;
  using Floors = std::array<uint64_t, kKeys>;

  /// Keeps floors where a restart does not reach them, all or none of a set.
  class Keeper {
   public:
    virtual ~Keeper() = default;
    virtual Status keep_floors(const Floors& floors) = 0;
  };

  explicit NonceLedger(Keeper& keeper) : keeper_(keeper) {}

  /// Begins with the floors that were kept; zeros for keys under which nothing can have been taken.
  void start(const Floors& kept);
  /// Takes a nonce of key `key`, or says why not. What is kNew is kSeen or kStale ever after, even if the power goes.
  NonceVerdict take(size_t key, const Nonce& nonce);
  /// A new epoch must be above it.
  uint64_t floor(size_t key) const { return known_[key].floor; }

 private:
  struct Epoch {
    uint64_t epoch = 0;  ///< 0: none
    ReceiveWindow window;
  };
  struct Known {
    uint64_t floor = 0;
    std::array<Epoch, kEpochs> epochs;  ///< the one used last first
  };

  Keeper& keeper_;
  Floors kept_{};
  std::array<Known, kKeys> known_;
};

}  // namespace fb
