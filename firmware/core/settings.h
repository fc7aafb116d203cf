#pragma once

#include <cstddef>
#include <string_view>

#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/small_string.h"

namespace fb {

/// The network a board joins. `field` names what does not fit, and is empty where all does.
struct WifiSettings {
  static constexpr std::string_view kRecord = "wifi";
  SmallString<32> ssid;
  SmallString<64> password;

  bool empty() const { return ssid.empty(); }
  std::string_view read(const JsonValue& from);
  void write(JsonWriter& out) const;
};

/// The broker it speaks to.
struct BrokerSettings {
  static constexpr std::string_view kRecord = "mqtt";
  SmallString<256> uri;
  SmallString<128> username;
  SmallString<128> password;

  bool empty() const { return uri.empty(); }
  std::string_view read(const JsonValue& from);
  void write(JsonWriter& out) const;
};

/// mqtt, mqtts, ws or wss, a host, and no more than that is checked here.
bool is_broker_uri(std::string_view uri);

}  // namespace fb
