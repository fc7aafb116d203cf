#pragma once

#include "core/message_auth.h"
#include "core/rpc_router.h"

namespace fb {

/// keys.*, docs/protocol.md §5: only whoever has the device in hand may give it a secret, or take it away.
class KeyMethods final : public RpcMethodTable<KeyMethods> {
 public:
  /// @param device_id as long as the methods
  KeyMethods(MessageAuth& auth, const SmallString<64>& device_id) : auth_(auth), device_id_(device_id) {}

 private:
  friend class RpcMethodTable<KeyMethods>;
  static const Entry kMethods[3];

  void status(RpcCall& call);
  void set(RpcCall& call);
  void forget(RpcCall& call);

  MessageAuth& auth_;
  const SmallString<64>& device_id_;
};

}  // namespace fb
