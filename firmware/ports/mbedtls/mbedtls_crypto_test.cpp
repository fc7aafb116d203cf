#include "ports/mbedtls/mbedtls_crypto.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "ports/host/test.h"

using Json = nlohmann::json;

namespace {

std::string bytes_of(const Json& hex) {
  const std::string text = hex.get<std::string>();
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) out.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return out;
}

std::string text_of(const fb::Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }
const uint8_t* bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

fb::Status status_of(const Json& expect) {
  return expect == "ok" ? fb::Status::kOk : expect == "refused" ? fb::Status::kRefused : fb::Status::kInvalid;
}

Json vectors(std::string_view op) {
  std::ifstream in(FB_VECTORS "/crypto.json");
  Json wanted = Json::array();
  for (const Json& c : Json::parse(in))
    if (c["op"] == op) wanted.push_back(c);
  EXPECT_IN(std::string(op), wanted.size() > 2);
  return wanted;
}

}  // namespace

FB_TEST("hashes as crypto.json says, in its pieces and one byte at a time") {
  fb::MbedtlsCrypto crypto;
  for (const Json& c : vectors("sha256")) {
    fb::Sha256State whole;
    fb::Sha256State bytewise;
    crypto.sha256_begin(whole);
    crypto.sha256_begin(bytewise);
    for (const Json& piece : c["pieces"]) {
      const std::string some = bytes_of(piece);
      crypto.sha256_add(whole, some);
      for (const char& byte : some) crypto.sha256_add(bytewise, {&byte, 1});
    }
    EXPECT_IN(c["name"], text_of(crypto.sha256_end(whole)) == bytes_of(c["digest"]));
    EXPECT_IN(c["name"], text_of(crypto.sha256_end(bytewise)) == bytes_of(c["digest"]));
  }
}

FB_TEST("a state that is copied goes on by itself") {
  fb::MbedtlsCrypto crypto;
  fb::Sha256State state;
  crypto.sha256_begin(state);
  crypto.sha256_add(state, "a");
  fb::Sha256State copy = state;
  crypto.sha256_add(state, "x");
  crypto.sha256_add(copy, "bc");
  (void)crypto.sha256_end(state);
  EXPECT(text_of(crypto.sha256_end(copy)) == bytes_of("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

FB_TEST("authenticates as crypto.json says, wherever the two pieces part") {
  fb::MbedtlsCrypto crypto;
  for (const Json& c : vectors("hmac-sha256")) {
    const std::string key = bytes_of(c["key"]);
    EXPECT_IN(c["name"],
              text_of(crypto.hmac_sha256(key, bytes_of(c["first"]), bytes_of(c["second"]))) == bytes_of(c["mac"]));
    const std::string whole = bytes_of(c["first"]) + bytes_of(c["second"]);
    for (size_t at = 0; at <= whole.size(); at++)
      EXPECT_IN(c["name"],
                text_of(crypto.hmac_sha256(key, whole.substr(0, at), whole.substr(at))) == bytes_of(c["mac"]));
  }
}

FB_TEST("encrypts and decrypts as crypto.json says, and refuses what is no whole block") {
  fb::MbedtlsCrypto crypto;
  for (const Json& c : vectors("aes-256-cbc")) {
    const std::string key = bytes_of(c["key"]);
    const std::string iv = bytes_of(c["iv"]);
    const std::string plain = bytes_of(c["plain"]);
    const fb::Status expect = status_of(c["expect"]);
    std::string text = plain;
    auto* at = reinterpret_cast<uint8_t*>(text.data());
    EXPECT_IN(c["name"], crypto.aes256_cbc_encrypt(bytes(key), bytes(iv), at, text.size()) == expect);
    if (expect == fb::Status::kOk) EXPECT_IN(c["name"], text == bytes_of(c["cipher"]));
    EXPECT_IN(c["name"], crypto.aes256_cbc_decrypt(bytes(key), bytes(iv), at, text.size()) == expect);
    EXPECT_IN(c["name"], text == plain);
  }
}

FB_TEST("takes and refuses signatures as crypto.json says") {
  fb::MbedtlsCrypto crypto;
  for (const Json& c : vectors("rsa-pss-2048-sha256")) {
    fb::Digest digest;
    const std::string said = bytes_of(c["digest"]);
    std::copy(said.begin(), said.end(), reinterpret_cast<char*>(digest.data()));
    EXPECT_IN(c["name"],
              crypto.rsa_pss_verify(bytes_of(c["modulus"]), digest, bytes_of(c["signature"])) == status_of(c["expect"]));
  }
}
