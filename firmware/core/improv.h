#pragma once

#include "core/identity.h"
#include "core/settings.h"
#include "core/time.h"
#include "hal/network.h"
#include "hal/uart.h"

namespace fb {

/// What Improv asks its board for.
class ImprovHost {
 public:
  virtual ~ImprovHost() = default;
  /// It is in a network and has an address.
  virtual bool online() const = 0;
  /// Joins with these; Improv::joined() or not_joined() follows. They are stored only where they proved themselves.
  virtual void provision(const WifiSettings& settings) = 0;
  /// kInvalid: not 1–64 bytes of text; kStorage: not stored, and unchanged.
  virtual Status rename(std::string_view name) = 0;
};

/// The device's side of Improv over serial (improv-wifi.com/serial, version 1); docs/protocol.md §8 says how it answers.
class Improv {
 public:
  Improv(const Identity& identity, SerialOut& out, Network& network, ImprovHost& host)
      : identity_(identity), out_(out), network_(network), host_(host) {}

  void take(uint8_t type, std::string_view data, const Now& now);
  /// A packet whose checksum does not hold.
  void take_bad() { send_error(kInvalidRpc); }
  /// How the join that was asked for ended.
  void joined();
  /// It joined, and the network could not be stored: after the next start it would be gone.
  void not_kept();
  void not_joined();
  /// Tells a scan's result once there is one. Returns when it wants to be called next.
  Millis step(const Now& now);

 private:
  enum Error : uint8_t { kNone = 0, kInvalidRpc = 1, kUnknownCommand = 2, kUnableToConnect = 3, kUnknownError = 0xff };
  enum State : uint8_t { kAuthorised = 2, kProvisioning = 3, kProvisioned = 4 };
  static constexpr Millis kScanTimeout = 15'000;
  static constexpr Millis kPoll = 100;
  static constexpr size_t kMaxNetworks = 32;

  void set_wifi(std::string_view data);
  void set_name(std::string_view name);
  State state() const;
  /// Whether no stronger access point of the scan than number `index` has its name.
  bool is_first_of_name(size_t index, std::string_view ssid);
  void send_networks();
  void send_name();
  void send_network_state();
  void send_state();
  void send_error(Error error);
  void send_result(uint8_t command, const std::string_view* texts, size_t count);
  void send(uint8_t type, std::string_view data);

  const Identity& identity_;
  SerialOut& out_;
  Network& network_;
  ImprovHost& host_;
  bool joining_ = false;
  Millis scan_until_ = kNever;
};

}  // namespace fb
