#pragma once

#include <cstddef>
#include <string_view>

#include "core/http_api.h"
#include "core/small_string.h"
#include "hal/network.h"
#include "hal/rng.h"

namespace fb::esp32 {

/// Set-up without a cable: the page that a phone sees in the board's own network, and what it asks. It changes the device
/// by the calls of the Device API that any other client has: `system.rename`, `mqtt.set`, `wifi.set` on trial, and
/// `config.confirm` once the network is joined, which the board does itself: the phone may have lost it by then, for the
/// board's own network moves to the channel of the one it joins.
///
///     GET  /                 the page; every other path leads to it, which is how a phone finds a captive portal
///     GET  /setup/networks   {"listening":false,"networks":[{"ssid":"…","rssi":-50,"secured":true}]}; begins to listen
///     POST /setup            {"ssid","password","uri","username","secret","name"}, all but the first may be missing
///     GET  /setup/status     {"state":"idle"|"joining"|"joined"|"failed","reason":"wrong-password","ip":"10.0.0.2"}
///
/// One task, the device's.
class SetupPortal {
 public:
  /// The address of the board in its own network.
  static constexpr std::string_view kHome = "http://192.168.4.1/";
  /// It closes so long after the network was joined, so that the page can say so.
  static constexpr Millis kFarewellMs = 20'000;
  /// One that a person opened and nobody used closes by itself.
  static constexpr Millis kUnusedMs = 600'000;

  SetupPortal(Network& network, ApiPort& device, Rng& rng) : network_(network), device_(device), rng_(rng) {}

  /// Is this a board with Wi-Fi that was told no network?
  bool is_needed(const Now& now);
  /// @param until_set_up it stays open until a network is joined, this way or another
  void open(bool until_set_up, const Now& now);
  void close() { open_ = false; }
  bool is_open() const { return open_; }
  /// Looks after the join; closes when that is done.
  void step(const Now& now);
  /// Answers what is the portal's. False: the path is the HTTP API's, or nothing is open. Total.
  bool answer(const HttpRequest& request, const Now& now, HttpAnswer& out);

 private:
  enum class Phase { kIdle, kJoining, kJoined, kFailed };
  struct Form;

  void tell(int status, const Expected<std::string_view>& json, HttpAnswer& out);
  void refuse(int status, std::string_view what, HttpAnswer& out);
  void list_networks(HttpAnswer& out, const Now& now);
  void write_status(HttpAnswer& out);
  void take_form(std::string_view body, const Now& now, HttpAnswer& out);
  /// The first member that does not fit, or an empty text.
  static std::string_view read(const JsonValue& from, Form& form);
  /// The answer's result; of type kNone where it is an error.
  JsonValue call(std::string_view method, const Form* form, const Now& now);
  static void write_params(std::string_view method, const Form& form, JsonWriter& out);

  Network& network_;
  ApiPort& device_;
  Rng& rng_;
  bool open_ = false;
  Millis closes_at_ = kNever;
  Phase phase_ = Phase::kIdle;
  NetworkState before_ = NetworkState::kOff;
  bool moved_ = false;
  Millis settles_at_ = 0;
  NetworkFault why_ = NetworkFault::kNone;
  bool listening_ = false;
  Millis listen_again_at_ = 0;
  JsonToken tokens_[64];
  JsonDocument document_{tokens_, sizeof tokens_ / sizeof tokens_[0]};
  char bytes_[2560];  ///< a request to the device, or an answer to the page
};

/// The page, no larger than 8 KB and without anything from elsewhere.
std::string_view setup_page();

}  // namespace fb::esp32
