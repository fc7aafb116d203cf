#pragma once

#include "core/ota_receiver.h"
#include "core/rpc_router.h"

namespace fb {

/// ota.*, docs/ota.md §6. What can be sent again without harm is not kept in the journal: a chunk is known by its number.
class OtaMethods final : public RpcMethodTable<OtaMethods> {
 public:
  /// @param scratch at least kScratch bytes, in which nothing lies while a method runs
  OtaMethods(OtaReceiver& receiver, char* scratch) : receiver_(receiver), bytes_(reinterpret_cast<uint8_t*>(scratch)) {}
  static constexpr size_t kScratch = 2048;

 private:
  friend class RpcMethodTable<OtaMethods>;
  static const Entry kMethods[8];

  void begin(RpcCall& call);
  void digests(RpcCall& call);
  void chunk(RpcCall& call);
  void finish(RpcCall& call) { answer(receiver_.finish(), call); }
  void abort(RpcCall& call) { answer(receiver_.abort(), call); }
  void status(RpcCall& call) { answer(OtaFault::kNone, call); }
  void confirm(RpcCall& call) { answer(receiver_.confirm(), call); }
  void roll_back(RpcCall& call) { answer(receiver_.roll_back(OtaReason::kRequested), call); }

  /// The status, or why not.
  void answer(OtaFault fault, RpcCall& call);
  /// Decodes a member that is base64 into the buffer from `at` on. False: the error is written.
  bool take(RpcCall& call, std::string_view name, size_t at, size_t& size);

  OtaReceiver& receiver_;
  uint8_t* const bytes_;
};

}  // namespace fb
