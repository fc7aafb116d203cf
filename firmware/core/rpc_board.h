#pragma once

#include "core/rpc_router.h"

namespace fb {

class Board;

/// The methods of a device that has a cable, a network and a session of its own, docs/protocol.md §4.1.
class BoardMethods final : public RpcMethodTable<BoardMethods> {
 public:
  explicit BoardMethods(Board& board) : board_(board) {}

 private:
  friend class RpcMethodTable<BoardMethods>;
  static const Entry kMethods[6];

  void rename(RpcCall& call);
  void wifi_status(RpcCall& call);
  void wifi_set(RpcCall& call);
  void mqtt_status(RpcCall& call);
  void mqtt_set(RpcCall& call);
  void tls_set(RpcCall& call);

  Board& board_;
};

}  // namespace fb
