#pragma once

#include "hal/crypto.h"

namespace fb {

/// The primitives as the host's imports, docs/firmware.md §3: a page has them already.
class WasmCrypto final : public Crypto {
 public:
  explicit WasmCrypto(uint32_t handle) : handle_(handle) {}

  void sha256_begin(Sha256State& state) override;
  void sha256_add(Sha256State& state, std::string_view bytes) override;
  Digest sha256_end(Sha256State& state) override;
  Digest hmac_sha256(std::string_view key, std::string_view first, std::string_view second) override;
  Status aes256_cbc_decrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) override;
  Status aes256_cbc_encrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) override;
  Status rsa_pss_verify(std::string_view modulus, const Digest& digest, std::string_view signature) override;

 private:
  uint32_t handle_;
};

}  // namespace fb
