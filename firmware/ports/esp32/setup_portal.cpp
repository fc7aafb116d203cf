#include "ports/esp32/setup_portal.h"

#include <cstdio>

namespace fb::esp32 {
namespace {

/// A board waits before it leaves a network, so that its answer gets out; until then the old state says nothing.
constexpr Millis kSetupSettleMs = 3'000;
/// The page polls; each scan takes seconds of the radio.
constexpr Millis kSetupListenMs = 15'000;
constexpr size_t kSetupMostNetworks = 16;
constexpr std::string_view kSetupJson = "application/json";

std::string_view setup_reason(NetworkFault fault) {
  switch (fault) {
    case NetworkFault::kNone: return "";
    case NetworkFault::kNotFound: return "not-found";
    case NetworkFault::kWrongPassword: return "wrong-password";
    case NetworkFault::kTimeout: return "timeout";
    case NetworkFault::kLost: return "lost";
  }
  return "";
}

/// A missing member is empty; false: no text, or too long.
template <size_t N>
bool setup_read(const JsonValue& value, SmallString<N>& out) {
  if (!value.exists()) return true;
  char text[N + 1];
  const Expected<std::string_view> read = value.text(text, sizeof text);
  return read.ok() && out.assign(read.value()) == Status::kOk;
}

}  // namespace

struct SetupPortal::Form {
  SmallString<32> ssid;
  SmallString<64> password;
  SmallString<200> uri;
  SmallString<64> username;
  SmallString<64> secret;
  SmallString<64> name;
};

bool SetupPortal::is_needed(const Now& now) {
  const JsonValue status = call("wifi.status", nullptr, now);
  return status.member("kind").equals("wifi") && status.member("ssid").equals("");
}

void SetupPortal::open(bool until_set_up, const Now& now) {
  // What it would be told cannot be kept, and whether the board has a secret is not known.
  if (call("system.info", nullptr, now).member("safe_mode_reason").equals("storage")) return;
  open_ = true;
  closes_at_ = until_set_up ? kNever : now.mono + kUnusedMs;
  phase_ = Phase::kIdle;
  listening_ = false;
  listen_again_at_ = 0;
}

void SetupPortal::step(const Now& now) {
  if (!open_) return;
  if (now.mono >= closes_at_) return close();
  // Set up by cable or Bluetooth meanwhile.
  if (phase_ == Phase::kIdle && closes_at_ == kNever && network_.state() == NetworkState::kJoined) return close();
  if (phase_ != Phase::kJoining && phase_ != Phase::kFailed) return;
  const NetworkState state = network_.state();
  moved_ = moved_ || state != before_ || now.mono >= settles_at_;
  if (!moved_) return;
  // The board tries again by itself, so a join that failed may yet succeed.
  if (state == NetworkState::kJoined) {
    if (!call("config.confirm", nullptr, now).exists()) return;  // not stored: asked again at the next step
    phase_ = Phase::kJoined;
    closes_at_ = now.mono + kFarewellMs;
  } else if (state == NetworkState::kFailed) {
    phase_ = Phase::kFailed;
    why_ = network_.fault();
  }
}

bool SetupPortal::answer(const HttpRequest& request, const Now& now, HttpAnswer& out) {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  if (!open_ || path == "/metrics" || path.substr(0, 5) == "/api/") return false;
  out.add("Cache-Control", "no-store");
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (path == "/setup") {
    // A form of another page cannot send this type, and is asked first (fetch standard, CORS-safelisted headers).
    if (request.method != "POST") {
      refuse(405, "POST is wanted", out);
    } else if (request.content_type.substr(0, kSetupJson.size()) != kSetupJson) {
      refuse(415, "Content-Type: application/json is wanted", out);
    } else {
      take_form(request.body, now, out);
    }
  } else if (!get) {
    refuse(405, "GET is wanted", out);
  } else if (path == "/setup/networks") {
    list_networks(out, now);
  } else if (path == "/setup/status") {
    write_status(out);
  } else if (path == "/") {
    out.add("Content-Type", "text/html; charset=utf-8");
    out.body = setup_page();
  } else {
    // Whatever a phone looks for to see if it is online. iOS wants a body too.
    out.status = 302;
    out.add("Location", kHome);
    out.add("Content-Type", "text/plain");
    out.body = "Set up this board";
  }
  return true;
}

void SetupPortal::tell(int status, const Expected<std::string_view>& json, HttpAnswer& out) {
  out.status = json.ok() ? status : 500;
  out.add("Content-Type", kSetupJson);
  out.body = json.value_or(R"({"error":"the answer does not fit"})");
}

void SetupPortal::refuse(int status, std::string_view what, HttpAnswer& out) {
  JsonWriter json(bytes_, sizeof bytes_);
  json.begin_object().key("error").string(what).end_object();
  tell(status, json.finish(), out);
}

void SetupPortal::list_networks(HttpAnswer& out, const Now& now) {
  // A scan in the middle of a join would break it.
  if (now.mono >= listen_again_at_ && phase_ != Phase::kJoining) {
    network_.scan();
    listening_ = true;
    listen_again_at_ = now.mono + kSetupListenMs;
  }
  if (listening_ && network_.scanned(0).status() != Status::kUnavailable) listening_ = false;
  JsonWriter json(bytes_, sizeof bytes_);
  json.begin_object().key("listening").boolean(listening_).key("networks").begin_array();
  for (size_t i = 0; i < kSetupMostNetworks && !listening_; i++) {
    const Expected<AccessPoint> point = network_.scanned(i);
    if (point.status() == Status::kNotFound) break;
    // A hidden network has no name, and a name that is no text cannot be typed.
    char quoted[6 * 32 + 2];
    JsonWriter name(quoted, sizeof quoted);
    name.string(point.value().ssid.view());
    if (!point.ok() || point.value().ssid.empty() || !name.ok()) continue;
    constexpr size_t kAround = 64;  // the rest of an entry, and the end of the list
    if (json.size() + name.size() + kAround > sizeof bytes_) break;
    json.begin_object().key("ssid").raw(name.finish().value()).key("rssi").number(point.value().rssi_dbm);
    json.key("secured").boolean(point.value().secured).end_object();
  }
  json.end_array().end_object();
  tell(200, json.finish(), out);
}

void SetupPortal::write_status(HttpAnswer& out) {
  constexpr std::string_view kStates[] = {"idle", "joining", "joined", "failed"};
  JsonWriter json(bytes_, sizeof bytes_);
  json.begin_object().key("state").string(kStates[static_cast<size_t>(phase_)]);
  if (phase_ == Phase::kFailed) json.key("reason").string(setup_reason(why_));
  if (phase_ == Phase::kJoined) json.key("ip").string(network_.ip());
  json.end_object();
  tell(200, json.finish(), out);
}

std::string_view SetupPortal::read(const JsonValue& from, Form& form) {
  if (!from.is_object()) return "body";
  if (!setup_read(from.member("ssid"), form.ssid) || form.ssid.empty()) return "ssid";
  if (!setup_read(from.member("password"), form.password)) return "password";
  if (!setup_read(from.member("uri"), form.uri)) return "uri";
  if (!setup_read(from.member("username"), form.username)) return "username";
  if (!setup_read(from.member("secret"), form.secret)) return "secret";
  if (!setup_read(from.member("name"), form.name)) return "name";
  return {};
}

void SetupPortal::take_form(std::string_view body, const Now& now, HttpAnswer& out) {
  Form form;
  const bool parsed = document_.parse(body).ok();
  const std::string_view wrong = parsed ? read(document_.root(), form) : "body";
  if (!wrong.empty()) return refuse(400, wrong, out);
  before_ = network_.state();
  // The network is the last: what does not fit before it leaves the board where it is.
  if (!form.name.empty() && !call("system.rename", &form, now).exists()) return refuse(400, "name", out);
  if (!form.uri.empty() && !call("mqtt.set", &form, now).exists()) return refuse(400, "uri", out);
  if (!call("wifi.set", &form, now).exists()) return refuse(400, "ssid", out);
  phase_ = Phase::kJoining;
  moved_ = false;
  settles_at_ = now.mono + kSetupSettleMs;
  closes_at_ = closes_at_ == kNever ? kNever : now.mono + kUnusedMs;
  write_status(out);
}

JsonValue SetupPortal::call(std::string_view method, const Form* form, const Now& now) {
  char id[32];  // the journal carries an id out once, over restarts too
  std::snprintf(id, sizeof id, "setup-%08lx%08lx", static_cast<unsigned long>(rng_.next()),
                static_cast<unsigned long>(rng_.next()));
  JsonWriter out(bytes_, sizeof bytes_);
  out.begin_object().key("jsonrpc").string("2.0").key("id").string(id).key("method").string(method).key("params");
  out.begin_object();
  if (form != nullptr) write_params(method, *form, out);
  out.end_object().end_object();
  const Expected<std::string_view> request = out.finish();
  if (!request.ok()) return {};
  // Whoever sees this page is at the board: it had no network yet, or its button was held.
  const std::string_view reply = device_.handle(request.value(), Access::kAdmin, now);
  return document_.parse(reply).ok() ? document_.root().member("result") : JsonValue();
}

void SetupPortal::write_params(std::string_view method, const Form& form, JsonWriter& out) {
  if (method == "system.rename") {
    out.key("name").string(form.name.view());
    return;
  }
  constexpr double kTrialS = 600;  // the longest; within it a password can be typed again
  if (method == "wifi.set") {
    out.key("ssid").string(form.ssid.view()).key("password").string(form.password.view());
  } else {
    out.key("uri").string(form.uri.view()).key("username").string(form.username.view());
    out.key("password").string(form.secret.view());
  }
  out.key("trial_s").number(kTrialS);
}

}  // namespace fb::esp32
