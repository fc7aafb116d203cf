#pragma once

#include <cstddef>
#include <string_view>

#include "core/journal.h"
#include "core/logger.h"
#include "core/rpc_call.h"

namespace fb {

/// Takes commands of the short form, docs/protocol.md §3.3.
class ShortCommands {
 public:
  virtual ~ShortCommands() = default;
  virtual void execute_short(std::string_view component, const JsonValue& input, RpcCall& call) = 0;
};

/// The Device API: JSON-RPC 2.0, the same on every link; docs/protocol.md §3.3 and §4.
class RpcRouter {
 public:
  static constexpr size_t kMaxRequest = 4096;
  static constexpr size_t kMaxReply = 4096;

  /// What came in since the start.
  struct Counts {
    uint32_t calls = 0;
    uint32_t errors = 0;
    uint32_t denied = 0;
    uint32_t repeated = 0;
    uint32_t expired = 0;
  };

  RpcRouter(Journal& journal, Logger& log) : journal_(journal), log_(log) {}

  /// The group outlives the router's last call. Of two methods of one name the first added counts.
  void add(RpcMethods& group);
  void set_short_commands(ShortCommands& commands) { short_ = &commands; }

  /// Carries out one request, or says why not. Total: any bytes have an answer. It stays until the next call of handle()
  /// or scratch().
  std::string_view handle(std::string_view request, Access access, const Now& now);
  /// The answer to a message that is not believed.
  std::string_view refuse_unsealed(std::string_view reason, uint64_t epoch_floor);
  /// The last answer as a frame of the cable, docs/protocol.md §8; as long as the answer.
  std::string_view framed();
  /// The buffer of the answers, for whoever sends something between two of them.
  char* scratch() { return buffer_; }
  static constexpr size_t kScratch = 4240;  ///< an answer, its frame and its seal

  const Counts& counts() const { return counts_; }

 private:
  void route(const JsonValue& request, Access access, const Now& now);
  void route_short(const JsonValue& request, RpcCall& call);
  void run_once(RpcMethods& group, const RpcMethods::Method& method, RpcCall& call);
  std::string_view compose();

  /// {"jsonrpc":"2.0","id":"<64 bytes, each an escape>",
  static constexpr size_t kFrameHead = 9;
  static constexpr size_t kMaxHead = 24 + 6 * 64 + 8;
  static constexpr size_t kTailAt = kFrameHead + kMaxHead;
  static constexpr size_t kMaxTail = 3584;

  Journal& journal_;
  Logger& log_;
  RpcMethods* groups_ = nullptr;
  ShortCommands* short_ = nullptr;
  Counts counts_;
  SmallString<64> id_;
  bool has_id_ = false;
  JsonToken tokens_[256];
  char buffer_[kScratch];
  static_assert(kTailAt + kMaxTail + 2 <= kScratch);
  RpcAnswer answer_{buffer_ + kTailAt, kMaxTail};
  std::string_view reply_;
};

}  // namespace fb
