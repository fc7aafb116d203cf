#include "ports/mbedtls/maker_keys.h"

#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>

#include <cstring>

namespace fb {
namespace {

constexpr std::string_view kPemBegin = "-----BEGIN ";
constexpr std::string_view kPemEnd = "-----END ";
constexpr std::string_view kPemPublicKey = "PUBLIC KEY-----";
/// One of 2,048 bits has 451 bytes.
constexpr size_t kMostPem = 600;
constexpr uint8_t kMakerExponent[4] = {0, 1, 0, 1};  // 65537, as Crypto::rsa_pss_verify takes it

}  // namespace

Status MakerKeys::read(std::string_view pem) {
  count_ = 0;
  for (size_t at = 0; (at = pem.find(kPemBegin, at)) != std::string_view::npos;) {
    const size_t end = pem.find(kPemEnd, at);
    const bool fits = pem.substr(at + kPemBegin.size(), kPemPublicKey.size()) == kPemPublicKey;
    Status added = fits && end != std::string_view::npos ? Status::kOk : Status::kInvalid;
    const size_t after = added == Status::kOk ? end + kPemEnd.size() + kPemPublicKey.size() : at;
    if (added == Status::kOk) added = add(pem.substr(at, after - at));
    if (added != Status::kOk) {
      count_ = 0;
      return added;
    }
    at = after;
  }
  return Status::kOk;
}

Status MakerKeys::add(std::string_view block) {
  if (count_ == kMost) return Status::kNoSpace;
  // Mbed TLS wants the end of a text marked.
  uint8_t text[kMostPem];
  if (block.size() >= sizeof text) return Status::kInvalid;
  std::memcpy(text, block.data(), block.size());
  text[block.size()] = 0;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  uint8_t exponent[sizeof kMakerExponent];
  const bool right = mbedtls_pk_parse_public_key(&key, text, block.size() + 1) == 0 &&
                     mbedtls_pk_get_type(&key) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(&key) == kModulus * 8 &&
                     mbedtls_rsa_export_raw(mbedtls_pk_rsa(key), moduli_[count_], kModulus, nullptr, 0, nullptr, 0, nullptr,
                                            0, exponent, sizeof exponent) == 0 &&
                     std::memcmp(exponent, kMakerExponent, sizeof exponent) == 0;
  mbedtls_pk_free(&key);
  if (!right) return Status::kInvalid;
  keys_[count_] = {OtaAlgorithm::kRsa2048Pss, {reinterpret_cast<const char*>(moduli_[count_]), kModulus}};
  count_++;
  return Status::kOk;
}

OtaTrust MakerKeys::trust(uint16_t chip, std::string_view product) const {
  OtaTrust trust;
  trust.keys = keys_;
  trust.key_count = count_;
  trust.chip = chip;
  trust.product = product;
  return trust;
}

}  // namespace fb
