#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace fb {

using Digest = std::array<uint8_t, 32>;

/// SHA-256 over bytes that come in pieces, kept by the caller. One that is left in the middle costs nothing but, on the
/// first ESP32, its hash engine until one is ended: then software hashes meanwhile.
struct Sha256State {
  alignas(8) uint8_t bytes[128];
};

/// The primitives, synchronous on every body: Mbed TLS on Linux and on chips, imports served by the host in WebAssembly.
/// Golden cases: tests/vectors/crypto.json. Nothing here allocates, but big numbers while rsa_pss_verify() runs.
class Crypto {
 public:
  virtual ~Crypto() = default;
  /// SHA-256 (FIPS 180-4).
  virtual void sha256_begin(Sha256State& state) = 0;
  virtual void sha256_add(Sha256State& state, std::string_view bytes) = 0;
  virtual Digest sha256_end(Sha256State& state) = 0;
  /// HMAC-SHA256 (RFC 2104) of two pieces one after the other; the second may be empty.
  virtual Digest hmac_sha256(std::string_view key, std::string_view first, std::string_view second) = 0;
  /// AES-256-CBC (SP 800-38A) without padding, in place. `size` is a multiple of 16; else kInvalid.
  virtual Status aes256_cbc_decrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) = 0;
  virtual Status aes256_cbc_encrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) = 0;
  /// RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (RFC 8017 §8.1), key of 2048 bits, exponent 65537.
  /// kRefused: the signature does not hold; kInvalid: sizes do not fit, or this is no modulus of 2048 bits; kUnavailable:
  /// there was no memory for it.
  /// @param modulus 256 bytes, big endian
  virtual Status rsa_pss_verify(std::string_view modulus, const Digest& digest, std::string_view signature) = 0;
};

}  // namespace fb
