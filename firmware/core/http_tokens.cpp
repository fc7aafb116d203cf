#include "core/http_tokens.h"

namespace fb {
namespace {

constexpr std::string_view kHttpTokenInfo = "fieldbench/1/http";

struct HttpTokenRole {
  KeyRole role;
  Access access;
};
constexpr HttpTokenRole kHttpTokenRoles[] = {
    {KeyRole::kViewer, Access::kViewer}, {KeyRole::kOperator, Access::kOperator}, {KeyRole::kAdmin, Access::kAdmin}};

/// 64 lower-case hex digits, else not ok.
Expected<Digest> http_token_digest(std::string_view text) {
  Digest digest{};
  if (text.size() != 2 * digest.size()) return Status::kInvalid;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return Status::kInvalid;
    digest[i / 2] = static_cast<uint8_t>(digest[i / 2] << 4 | value);
  }
  return digest;
}

}  // namespace

Access HttpTokens::access_of(std::string_view token, std::string_view device_id) const {
  MessageAuth auth(crypto_, storage_);
  // Without its secret read there are no keys, and what is derived from none is no secret.
  if (auth.load(device_id) != Status::kOk) return Access::kNone;
  if (!auth.on()) return Access::kAdmin;
  const Expected<Digest> told = http_token_digest(token);
  if (!told.ok()) return Access::kNone;
  Access access = Access::kNone;
  for (const HttpTokenRole& each : kHttpTokenRoles) {
    Key key = auth.key(each.role, KeyDirection::kDown);
    if (same_digest(told.value(), crypto_.hmac_sha256(digest_view(key), kHttpTokenInfo, {}))) access = each.access;
    wipe(key.data(), key.size());
  }
  return access;
}

bool HttpTokens::guarded(std::string_view device_id) const {
  MessageAuth auth(crypto_, storage_);
  return auth.load(device_id) != Status::kOk || auth.on();
}

}  // namespace fb
