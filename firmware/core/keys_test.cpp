#include "core/keys.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "ports/host/test.h"
#include "ports/mbedtls/mbedtls_crypto.h"

using Json = nlohmann::json;

namespace {

std::string keys_bytes(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

}  // namespace

FB_TEST("HKDF agrees with the examples of RFC 5869, at every length") {
  fb::MbedtlsCrypto crypto;
  std::ifstream in(FB_VECTORS "/crypto.json");
  int seen = 0;
  for (const Json& c : Json::parse(in)) {
    if (c["op"] != "hkdf-sha256") continue;
    seen++;
    const std::string okm = keys_bytes(c["okm"]);
    const fb::Key extracted = fb::hkdf_extract(crypto, keys_bytes(c["salt"]), keys_bytes(c["secret"]));
    for (size_t size = 0; size <= okm.size(); size++) {
      std::string out(size + 1, '~');
      auto* at = reinterpret_cast<uint8_t*>(out.data());
      EXPECT_IN(c["name"], fb::hkdf_expand(crypto, extracted, keys_bytes(c["info"]), at, size) == fb::Status::kOk);
      EXPECT_IN(c["name"], out == okm.substr(0, size) + "~");
    }
  }
  EXPECT(seen == 3);
}

FB_TEST("HKDF refuses what RFC 5869 does not allow, and what it has no room for") {
  fb::MbedtlsCrypto crypto;
  uint8_t out[8160 + 1];
  const fb::Key extracted{};
  EXPECT(fb::hkdf_expand(crypto, extracted, "", out, 8160) == fb::Status::kOk);
  EXPECT(fb::hkdf_expand(crypto, extracted, "", out, 8161) == fb::Status::kInvalid);
  EXPECT(fb::hkdf_expand(crypto, extracted, std::string(128, 'i'), out, 32) == fb::Status::kOk);
  EXPECT(fb::hkdf_expand(crypto, extracted, std::string(129, 'i'), out, 32) == fb::Status::kInvalid);
}

FB_TEST("a device's keys are those of message-auth.json, each another") {
  fb::MbedtlsCrypto crypto;
  std::ifstream in(FB_VECTORS "/message-auth.json");
  const Json vectors = Json::parse(in);
  std::vector<std::string> all;
  for (const Json& c : vectors["keys"]) {
    const fb::DeviceKeys keys(crypto, keys_bytes(c["secret"]), c["device_id"].get<std::string>());
    for (const fb::KeyRole role : {fb::KeyRole::kViewer, fb::KeyRole::kOperator, fb::KeyRole::kAdmin, fb::KeyRole::kTelemetry,
                                   fb::KeyRole::kOta}) {
      for (const fb::KeyDirection direction : {fb::KeyDirection::kUp, fb::KeyDirection::kDown}) {
        const std::string name = std::string(fb::key_role_name(role)) + (direction == fb::KeyDirection::kUp ? "/up" : "/down");
        const std::string key(fb::digest_view(keys.key(crypto, role, direction)));
        EXPECT_IN(name, key == keys_bytes(c["keys"][name]));
        all.push_back(key);
      }
    }
  }
  EXPECT(all.size() >= 20);
  std::sort(all.begin(), all.end());
  EXPECT(std::adjacent_find(all.begin(), all.end()) == all.end());
}

FB_TEST("digests that differ in any bit are not the same") {
  fb::Digest one{};
  EXPECT(fb::same_digest(one, fb::Digest{}));
  for (size_t bit = 0; bit < 256; bit++) {
    fb::Digest other{};
    other[bit / 8] = static_cast<uint8_t>(1 << bit % 8);
    EXPECT(!fb::same_digest(one, other));
  }
}
