#include "core/settings.h"

namespace fb {
namespace {

/// A member's text into its place; a missing one is empty.
template <size_t N>
bool read_text(const JsonValue& value, SmallString<N>& out) {
  char buffer[N];
  (void)out.assign({});
  if (!value.exists()) return true;
  const Expected<std::string_view> text = value.text(buffer, sizeof buffer);
  return text.ok() && text.value().find('\0') == std::string_view::npos && out.assign(text.value()) == Status::kOk;
}

}  // namespace

bool is_broker_uri(std::string_view uri) {
  for (const std::string_view scheme : {"mqtt://", "mqtts://", "ws://", "wss://"}) {
    if (uri.substr(0, scheme.size()) != scheme) continue;
    const std::string_view rest = uri.substr(scheme.size());
    for (const char c : rest)
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '@') return false;
    return !rest.empty() && rest.front() != ':' && rest.front() != '/';
  }
  return false;
}

std::string_view WifiSettings::read(const JsonValue& from) {
  if (!read_text(from.member("ssid"), ssid) || ssid.empty()) return "ssid";
  return read_text(from.member("password"), password) ? "" : "password";
}

void WifiSettings::write(JsonWriter& out) const {
  out.begin_object().key("ssid").string(ssid.view()).key("password").string(password.view()).end_object();
}

std::string_view BrokerSettings::read(const JsonValue& from) {
  if (!read_text(from.member("uri"), uri) || !is_broker_uri(uri.view())) return "uri";
  if (!read_text(from.member("username"), username)) return "username";
  return read_text(from.member("password"), password) ? "" : "password";
}

void BrokerSettings::write(JsonWriter& out) const {
  out.begin_object().key("uri").string(uri.view()).key("username").string(username.view());
  out.key("password").string(password.view()).end_object();
}

}  // namespace fb
