#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/small_string.h"
#include "core/status.h"
#include "core/time.h"

namespace fb {

/// What the radio says of its signal.
class Signal {
 public:
  virtual ~Signal() = default;
  /// Signal strength in dBm, or 0 where there is none to measure.
  virtual int rssi_dbm(Millis now) = 0;
};

enum class NetworkKind : uint8_t { kWifi, kEthernet };

/// The numbers are those of the WebAssembly ABI, docs/firmware.md §3.
enum class NetworkState : uint8_t { kOff = 0, kJoining = 1, kJoined = 2, kFailed = 3 };
enum class NetworkFault : uint8_t { kNone = 0, kNotFound = 1, kWrongPassword = 2, kTimeout = 3, kLost = 4 };

/// One access point that a scan heard.
struct AccessPoint {
  SmallString<32> ssid;
  int rssi_dbm = 0;
  bool secured = false;
};

/// Wi-Fi or a wired network. Nothing blocks: acts begin, and how they ended is polled in step(). It does not try again by
/// itself, and keeps no settings: core/network_join.h does both.
class Network : public Signal {
 public:
  virtual NetworkKind kind() const = 0;

  /// Begins to listen for access points; the last result is forgotten. A wired network finds none.
  virtual void scan() = 0;
  /// The access point `index` of the last scan, strongest first. kUnavailable: the scan goes on; kNotFound: no more.
  virtual Expected<AccessPoint> scanned(size_t index) = 0;

  /// Leaves what it is in and joins this; state() is kJoining at once. An empty password is an open network's. A wired
  /// network takes two empty texts: begin.
  virtual void join(std::string_view ssid, std::string_view password) = 0;
  /// state() is kOff after it.
  virtual void leave() = 0;
  /// kJoined only once there is an address.
  virtual NetworkState state() = 0;
  /// Why state() is kFailed; else kNone.
  virtual NetworkFault fault() = 0;
  /// The address as text, valid until the next call; empty while there is none.
  virtual std::string_view ip() = 0;
};

}  // namespace fb
