#include "core/http_tokens.h"

#include <string>

#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using fb::Access;
using fb::FakeBody;
using fb::HttpTokens;
using fb::Key;
using fb::KeyDirection;
using fb::KeyRole;
using fb::MessageAuth;
using fb::Status;

namespace {

constexpr std::string_view kTokenDevice = "sim-vector";

/// A body whose device has this secret.
void give_secret(FakeBody& body, uint8_t fill) {
  Key secret;
  secret.fill(fill);
  MessageAuth auth(body.crypto, body);
  EXPECT(auth.load(kTokenDevice) == Status::kOk);
  EXPECT(auth.set_secret(secret, kTokenDevice) == Status::kOk);
}

/// As docs/http.md §2 says it, from the role's key alone.
std::string token_for(FakeBody& body, KeyRole role, std::string_view info = "fieldbench/1/http") {
  MessageAuth auth(body.crypto, body);
  EXPECT(auth.load(kTokenDevice) == Status::kOk);
  const Key key = auth.key(role, KeyDirection::kDown);
  std::string text;
  for (const uint8_t byte : body.crypto.hmac_sha256(fb::digest_view(key), info, {})) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

FB_TEST("a device without a secret asks for no token") {
  FakeBody body;
  const HttpTokens tokens(body.crypto, body);
  EXPECT(!tokens.guarded(kTokenDevice) && tokens.access_of("", kTokenDevice) == Access::kAdmin);
}

FB_TEST("each role has its token, and only the roles that send messages have one") {
  FakeBody body;
  give_secret(body, 7);
  const HttpTokens tokens(body.crypto, body);
  EXPECT(tokens.guarded(kTokenDevice));
  EXPECT(tokens.access_of(token_for(body, KeyRole::kViewer), kTokenDevice) == Access::kViewer);
  EXPECT(tokens.access_of(token_for(body, KeyRole::kOperator), kTokenDevice) == Access::kOperator);
  EXPECT(tokens.access_of(token_for(body, KeyRole::kAdmin), kTokenDevice) == Access::kAdmin);
  EXPECT(tokens.access_of(token_for(body, KeyRole::kTelemetry), kTokenDevice) == Access::kNone);
  EXPECT(tokens.access_of(token_for(body, KeyRole::kAdmin, "another"), kTokenDevice) == Access::kNone);
  EXPECT(tokens.access_of(token_for(body, KeyRole::kAdmin), "sim-another") == Access::kNone);
}

FB_TEST("nothing else is a token, and a changed digit makes it none") {
  FakeBody body;
  give_secret(body, 7);
  const HttpTokens tokens(body.crypto, body);
  const std::string token = token_for(body, KeyRole::kAdmin);
  for (size_t i = 0; i < token.size(); i++) {
    std::string changed = token;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_IN(changed, tokens.access_of(changed, kTokenDevice) == Access::kNone);
  }
  for (const std::string& other : {std::string(), token + "0", token.substr(1), std::string(64, 'g')})
    EXPECT_IN(other, tokens.access_of(other, kTokenDevice) == Access::kNone);
}

FB_TEST("the token of a secret that was replaced opens nothing") {
  FakeBody body;
  give_secret(body, 7);
  const std::string before = token_for(body, KeyRole::kAdmin);
  give_secret(body, 8);
  const HttpTokens tokens(body.crypto, body);
  EXPECT(tokens.access_of(before, kTokenDevice) == Access::kNone);
  EXPECT(tokens.access_of(token_for(body, KeyRole::kAdmin), kTokenDevice) == Access::kAdmin);
}

FB_TEST("where the secret cannot be read no token opens anything, not even one of no secret") {
  FakeBody body;
  give_secret(body, 7);
  for (auto& [key, bytes] : body.records)
    if (key.substr(0, 3) == "key") bytes[bytes.size() / 2] ^= 1;
  const HttpTokens tokens(body.crypto, body);
  const fb::DeviceKeys none;
  std::string text;
  const Key key = none.key(body.crypto, KeyRole::kAdmin, KeyDirection::kDown);
  for (const uint8_t byte : body.crypto.hmac_sha256(fb::digest_view(key), "fieldbench/1/http", {})) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  EXPECT(tokens.guarded(kTokenDevice) && tokens.access_of(text, kTokenDevice) == Access::kNone);
  EXPECT(tokens.access_of("", kTokenDevice) == Access::kNone);
}
