#include "ports/mbedtls/mbedtls_crypto.h"

#include <mbedtls/aes.h>
#include <mbedtls/bignum.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace fb {
namespace {

constexpr size_t kShaBlock = 64;
constexpr size_t kAesBlock = 16;
constexpr size_t kRsaBytes = 256;
constexpr uint8_t kRsaExponent[] = {1, 0, 1};  // 65537

static_assert(sizeof(mbedtls_sha256_context) <= sizeof(Sha256State), "the state must hold Mbed TLS's");
static_assert(alignof(mbedtls_sha256_context) <= alignof(Sha256State), "likewise");

const uint8_t* mbedtls_bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }
mbedtls_sha256_context* mbedtls_state(Sha256State& state) {
  return std::launder(reinterpret_cast<mbedtls_sha256_context*>(state.bytes));
}

/// SHA-256 over bytes in memory fails only where an engine of the chip is broken: no digest is better than a wrong one.
void mbedtls_must(int result) {
  if (result != 0) std::abort();
}

void sha_begin(mbedtls_sha256_context* context) {
  mbedtls_sha256_init(context);
#if MBEDTLS_VERSION_MAJOR >= 3
  mbedtls_must(mbedtls_sha256_starts(context, 0));
#else
  mbedtls_must(mbedtls_sha256_starts_ret(context, 0));
#endif
}

void sha_add(mbedtls_sha256_context* context, const uint8_t* bytes, size_t size) {
#if MBEDTLS_VERSION_MAJOR >= 3
  mbedtls_must(mbedtls_sha256_update(context, bytes, size));
#else
  mbedtls_must(mbedtls_sha256_update_ret(context, bytes, size));
#endif
}

void sha_end(mbedtls_sha256_context* context, uint8_t* out) {
#if MBEDTLS_VERSION_MAJOR >= 3
  mbedtls_must(mbedtls_sha256_finish(context, out));
#else
  mbedtls_must(mbedtls_sha256_finish_ret(context, out));
#endif
  mbedtls_sha256_free(context);
}

Status cbc(int mode, const uint8_t* key, const uint8_t* iv, uint8_t* bytes, size_t size) {
  if (size % kAesBlock != 0) return Status::kInvalid;
  uint8_t chain[kAesBlock];
  std::memcpy(chain, iv, sizeof chain);
  mbedtls_aes_context context;
  mbedtls_aes_init(&context);
  int result = mode == MBEDTLS_AES_ENCRYPT ? mbedtls_aes_setkey_enc(&context, key, 256)
                                           : mbedtls_aes_setkey_dec(&context, key, 256);
  if (result == 0 && size > 0) result = mbedtls_aes_crypt_cbc(&context, mode, size, chain, bytes, bytes);
  mbedtls_aes_free(&context);
  return result == 0 ? Status::kOk : Status::kUnavailable;
}

}  // namespace

void MbedtlsCrypto::sha256_begin(Sha256State& state) { sha_begin(new (state.bytes) mbedtls_sha256_context); }

void MbedtlsCrypto::sha256_add(Sha256State& state, std::string_view bytes) {
  sha_add(mbedtls_state(state), mbedtls_bytes(bytes), bytes.size());
}

Digest MbedtlsCrypto::sha256_end(Sha256State& state) {
  Digest digest;
  sha_end(mbedtls_state(state), digest.data());
  return digest;
}

// RFC 2104 by hand: Mbed TLS's own HMAC takes heap at each call.
Digest MbedtlsCrypto::hmac_sha256(std::string_view key, std::string_view first, std::string_view second) {
  mbedtls_sha256_context context;
  Digest digest;
  uint8_t block[kShaBlock] = {};
  if (key.size() > kShaBlock) {
    sha_begin(&context);
    sha_add(&context, mbedtls_bytes(key), key.size());
    sha_end(&context, block);
  } else if (!key.empty()) {
    std::memcpy(block, key.data(), key.size());
  }
  for (uint8_t& byte : block) byte ^= 0x36;
  sha_begin(&context);
  sha_add(&context, block, sizeof block);
  sha_add(&context, mbedtls_bytes(first), first.size());
  sha_add(&context, mbedtls_bytes(second), second.size());
  sha_end(&context, digest.data());
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  sha_begin(&context);
  sha_add(&context, block, sizeof block);
  sha_add(&context, digest.data(), digest.size());
  sha_end(&context, digest.data());
  mbedtls_platform_zeroize(block, sizeof block);
  return digest;
}

Status MbedtlsCrypto::aes256_cbc_decrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) {
  return cbc(MBEDTLS_AES_DECRYPT, key, iv, bytes, size);
}

Status MbedtlsCrypto::aes256_cbc_encrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) {
  return cbc(MBEDTLS_AES_ENCRYPT, key, iv, bytes, size);
}

Status MbedtlsCrypto::rsa_pss_verify(std::string_view modulus, const Digest& digest, std::string_view signature) {
  if (modulus.size() != kRsaBytes || signature.size() != kRsaBytes) return Status::kInvalid;
  // 2048 bits, and odd as a product of odd primes is.
  if ((mbedtls_bytes(modulus)[0] & 0x80) == 0 || (mbedtls_bytes(modulus)[kRsaBytes - 1] & 1) == 0) return Status::kInvalid;
  mbedtls_rsa_context rsa;
#if MBEDTLS_VERSION_MAJOR >= 3
  mbedtls_rsa_init(&rsa);
  int result = mbedtls_rsa_set_padding(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
#else
  mbedtls_rsa_init(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
  int result = 0;
#endif
  if (result == 0)
    result = mbedtls_rsa_import_raw(&rsa, mbedtls_bytes(modulus), kRsaBytes, nullptr, 0, nullptr, 0, nullptr, 0,
                                    kRsaExponent, sizeof kRsaExponent);
  if (result == 0) result = mbedtls_rsa_complete(&rsa);
  const bool known = result == 0;
  if (known) {
    // The salt's length is said: the verify without _ext takes any.
    result = mbedtls_rsa_rsassa_pss_verify_ext(&rsa,
#if MBEDTLS_VERSION_MAJOR < 3
                                               nullptr, nullptr, MBEDTLS_RSA_PUBLIC,
#endif
                                               MBEDTLS_MD_SHA256, static_cast<unsigned>(digest.size()), digest.data(),
                                               MBEDTLS_MD_SHA256, static_cast<int>(digest.size()),
                                               mbedtls_bytes(signature));
  }
  mbedtls_rsa_free(&rsa);
  if (result == 0) return Status::kOk;
  // The low seven bits of an error are those of the module below.
  const bool no_memory = (-result & 0x7f) == -MBEDTLS_ERR_MPI_ALLOC_FAILED;
  return known && !no_memory ? Status::kRefused : Status::kUnavailable;
}

}  // namespace fb
