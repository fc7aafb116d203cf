#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/ota_receiver.h"
#include "core/status.h"

namespace fb {

/// Makers' public keys, read from PEM: whose firmware a device takes (docs/ota.md §7). It holds what Device::trust() points to.
class MakerKeys {
 public:
  static constexpr size_t kMost = 4;

  MakerKeys() = default;
  MakerKeys(const MakerKeys&) = delete;
  MakerKeys& operator=(const MakerKeys&) = delete;

  /// @param pem blocks `PUBLIC KEY` (RFC 7468 §13) of RSA keys, 2,048 bits, exponent 65537; text around them is passed over,
  ///   and a text without a block is no key. Takes heap while it runs.
  /// kInvalid: a block of another kind, such as a private key; kNoSpace: more than kMost. Then there is no key at all.
  Status read(std::string_view pem);

  size_t count() const { return count_; }
  /// Who trusts these. `product` outlives the device, as this does.
  OtaTrust trust(uint16_t chip, std::string_view product) const;

 private:
  static constexpr size_t kModulus = 256;
  Status add(std::string_view block);

  uint8_t moduli_[kMost][kModulus] = {};
  OtaKey keys_[kMost];
  size_t count_ = 0;
};

}  // namespace fb
