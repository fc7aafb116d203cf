// Any Improv packets, checked or not, to a board whose network does what it likes: every answer is whole packets whose
// checksums hold and whose texts fit, and only settings that the standard allows are joined with.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/improv.h"
#include "core/serial_line.h"
#include "fuzz/fuzz_input.h"

namespace {

/// Reads what the board says by the same reader that the cable's other end has.
class Line final : public fb::SerialOut, public fb::SerialSink {
 public:
  bool write(std::string_view message) override {
    const size_t before = packets;
    reader_.take(message, *this);
    fb::require(packets == before + 1);
    return true;
  }
  void take_frame(std::string_view) override { fb::require(false); }
  void take_bad_improv() override { fb::require(false); }
  void take_improv(uint8_t type, std::string_view data) override {
    packets++;
    fb::require(type == 1 || type == 2 || type == 4);
    if (type != 4) return fb::require(data.size() == 1);
    fb::require(data.size() >= 2 && static_cast<uint8_t>(data[1]) == data.size() - 2);
    size_t at = 2;
    while (at < data.size()) at += 1 + static_cast<uint8_t>(data[at]);
    fb::require(at == data.size());
  }
  size_t packets = 0;

 private:
  fb::SerialLine reader_;
};

class Radio final : public fb::Network {
 public:
  fb::NetworkKind kind() const override { return wired ? fb::NetworkKind::kEthernet : fb::NetworkKind::kWifi; }
  void scan() override {}
  fb::Expected<fb::AccessPoint> scanned(size_t index) override {
    if (!scan_done) return fb::Status::kUnavailable;
    if (index >= heard) return fb::Status::kNotFound;
    fb::AccessPoint point;
    (void)point.ssid.assign(std::string(1 + index * 7 % 32, static_cast<char>('a' + index % 3)));
    point.rssi_dbm = -40 - static_cast<int>(index);
    point.secured = index % 2 == 0;
    return point;
  }
  void join(std::string_view, std::string_view) override { fb::require(false); }
  void leave() override {}
  fb::NetworkState state() override { return fb::NetworkState::kOff; }
  fb::NetworkFault fault() override { return fb::NetworkFault::kNone; }
  std::string_view ip() override { return "192.168.100.200"; }
  int rssi_dbm(fb::Millis) override { return -50; }
  bool wired = false;
  bool scan_done = false;
  size_t heard = 0;
};

class Host final : public fb::ImprovHost {
 public:
  bool online() const override { return is_online; }
  void provision(const fb::WifiSettings& settings) override {
    fb::require(!settings.ssid.empty() && settings.ssid.view().size() <= 32 && settings.password.view().size() <= 64);
    asked = true;
  }
  fb::Status rename(std::string_view) override { return outcome; }
  bool is_online = false;
  bool asked = false;
  fb::Status outcome = fb::Status::kOk;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fb::FuzzInput in(bytes, size);
  fb::Identity identity;
  (void)identity.name.assign(std::string(in.byte() % 65, 'n'));
  (void)identity.model.assign("model");
  Line line;
  Radio radio;
  Host host;
  radio.wired = (in.byte() & 1) != 0;
  fb::Improv improv(identity, line, radio, host);
  fb::Now now{1, 0};
  while (!in.empty()) {
    const uint8_t act = in.byte();
    switch (act % 8) {
      case 0:
      case 1:
      case 2: {
        const uint8_t type = in.byte();
        const std::string data = in.take(in.byte());
        improv.take(type, data, now);
        break;
      }
      case 3: improv.take_bad(); break;
      case 4:
        radio.scan_done = (act & 8) != 0;
        radio.heard = in.byte() % 48;
        break;
      case 5:
        host.is_online = (act & 8) != 0;
        host.outcome = (act & 16) != 0 ? fb::Status::kOk : (act & 32) != 0 ? fb::Status::kInvalid : fb::Status::kStorage;
        break;
      case 6:
        // The board answers only what it was asked for.
        if (!host.asked) break;
        host.asked = false;
        if ((act & 8) != 0) improv.joined();
        else if ((act & 16) != 0) improv.not_kept();
        else improv.not_joined();
        break;
      default: now.mono += in.byte() * 100u; break;
    }
    const fb::Millis next = improv.step(now);
    fb::require(next >= now.mono);
  }
  return 0;
}
