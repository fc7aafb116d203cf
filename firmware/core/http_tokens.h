#pragma once

#include <string_view>

#include "core/access.h"
#include "core/message_auth.h"

namespace fb {

/// The tokens of the HTTP API, docs/http.md §2. For each role the HMAC-SHA256 of `fieldbench/1/http` under that role's key
/// `down` (docs/protocol.md §5.1), as 64 lower-case hex digits: whoever holds the role's keys can make it, and it gives
/// none of them away. It reads the secret each time, so that one that was just replaced counts no more.
class HttpTokens {
 public:
  HttpTokens(Crypto& crypto, Storage& storage) : crypto_(crypto), storage_(storage) {}

  /// What a token allows; kAdmin for every caller of a device without a secret, kNone of all where it cannot be read.
  Access access_of(std::string_view token, std::string_view device_id) const;
  /// Does the device have a secret, or might it?
  bool guarded(std::string_view device_id) const;

 private:
  Crypto& crypto_;
  Storage& storage_;
};

}  // namespace fb
