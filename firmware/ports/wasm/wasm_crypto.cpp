#include "ports/wasm/wasm_crypto.h"

#include <cstring>

#define FB_CRYPTO_IMPORT(name) extern "C" __attribute__((import_module("fb"), import_name(name)))

FB_CRYPTO_IMPORT("sha256_add")
void fb_host_sha256_add(uint32_t handle, void* state, const void* bytes, uint32_t size);
FB_CRYPTO_IMPORT("sha256_end") void fb_host_sha256_end(uint32_t handle, const void* state, void* out);
FB_CRYPTO_IMPORT("hmac_sha256")
void fb_host_hmac_sha256(uint32_t handle, const void* key, uint32_t key_size, const void* first, uint32_t first_size,
                         const void* second, uint32_t second_size, void* out);
FB_CRYPTO_IMPORT("aes256_cbc")
int32_t fb_host_aes256_cbc(uint32_t handle, uint32_t encrypt, const void* key, const void* iv, void* bytes, uint32_t size);
FB_CRYPTO_IMPORT("rsa_pss_verify")
int32_t fb_host_rsa_pss_verify(uint32_t handle, const void* modulus, uint32_t modulus_size, const void* digest,
                               const void* signature, uint32_t signature_size);

namespace fb {
namespace {

Status crypto_status(int32_t result) {
  switch (result) {
    case 0: return Status::kOk;
    case -1: return Status::kInvalid;
    case -2: return Status::kRefused;
    default: return Status::kUnavailable;
  }
}

}  // namespace

// A state of zeros is one that has hashed nothing yet.
void WasmCrypto::sha256_begin(Sha256State& state) { std::memset(state.bytes, 0, sizeof state.bytes); }

void WasmCrypto::sha256_add(Sha256State& state, std::string_view bytes) {
  fb_host_sha256_add(handle_, state.bytes, bytes.data(), static_cast<uint32_t>(bytes.size()));
}

Digest WasmCrypto::sha256_end(Sha256State& state) {
  Digest digest{};
  fb_host_sha256_end(handle_, state.bytes, digest.data());
  return digest;
}

Digest WasmCrypto::hmac_sha256(std::string_view key, std::string_view first, std::string_view second) {
  Digest digest{};
  fb_host_hmac_sha256(handle_, key.data(), static_cast<uint32_t>(key.size()), first.data(),
                      static_cast<uint32_t>(first.size()), second.data(), static_cast<uint32_t>(second.size()),
                      digest.data());
  return digest;
}

Status WasmCrypto::aes256_cbc_decrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) {
  return crypto_status(fb_host_aes256_cbc(handle_, 0, key, iv, bytes, static_cast<uint32_t>(size)));
}

Status WasmCrypto::aes256_cbc_encrypt(const uint8_t key[32], const uint8_t iv[16], uint8_t* bytes, size_t size) {
  return crypto_status(fb_host_aes256_cbc(handle_, 1, key, iv, bytes, static_cast<uint32_t>(size)));
}

Status WasmCrypto::rsa_pss_verify(std::string_view modulus, const Digest& digest, std::string_view signature) {
  return crypto_status(fb_host_rsa_pss_verify(handle_, modulus.data(), static_cast<uint32_t>(modulus.size()),
                                              digest.data(), signature.data(), static_cast<uint32_t>(signature.size())));
}

}  // namespace fb
