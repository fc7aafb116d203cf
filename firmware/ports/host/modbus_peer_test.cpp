// Our master against libmodbus as a slave, and libmodbus as a master against our simulated inverter, over a
// pseudo-terminal and in real time: neither side of the protocol is only checked against ourselves.
#include <fcntl.h>
#include <modbus/modbus.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "components/modbus_rtu/modbus_rtu.h"
#include "ports/host/test.h"
#include "sim/sim_inverter.h"

namespace {

using Clock = std::chrono::steady_clock;

fb::Now peer_now() {
  static const Clock::time_point start = Clock::now();
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  return {static_cast<fb::Millis>(elapsed.count()), 0};
}

/// One end of a pseudo-terminal as a port; the other is a device that libmodbus opens.
class Pty final : public fb::SerialPort {
 public:
  Pty() : ours_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    EXPECT(ours_ >= 0 && grantpt(ours_) == 0 && unlockpt(ours_) == 0);
    path = ptsname(ours_);
    // Held open, so that the line outlives a peer that goes; and raw, so that nothing is echoed before one comes.
    theirs_ = open(path.c_str(), O_RDWR | O_NOCTTY);
    termios raw{};
    EXPECT(tcgetattr(theirs_, &raw) == 0);
    cfmakeraw(&raw);
    EXPECT(tcsetattr(theirs_, TCSANOW, &raw) == 0);
  }
  ~Pty() override {
    close(theirs_);
    close(ours_);
  }
  fb::Status configure(const fb::SerialFormat&) override { return fb::Status::kOk; }
  fb::Status write(std::string_view bytes) override {
    const ssize_t written = ::write(ours_, bytes.data(), bytes.size());
    return written == static_cast<ssize_t>(bytes.size()) ? fb::Status::kOk : fb::Status::kUnavailable;
  }
  size_t read(uint8_t* out, size_t capacity) override {
    const ssize_t taken = ::read(ours_, out, capacity);
    return taken > 0 ? static_cast<size_t>(taken) : 0;
  }
  std::string path;

 private:
  int ours_;
  int theirs_ = -1;
};

/// A slave by libmodbus in a thread of its own. Its words are looked at before it begins and after it ended.
class Peer {
 public:
  explicit Peer(const Pty& pty, int slave = 1) : context_(modbus_new_rtu(pty.path.c_str(), 9600, 'N', 8, 1)) {
    mapping = modbus_mapping_new(0, 0, 32, 32);
    EXPECT(context_ != nullptr && mapping != nullptr && modbus_set_slave(context_, slave) == 0);
    EXPECT(modbus_set_indication_timeout(context_, 0, 20'000) == 0);
    EXPECT(modbus_connect(context_) == 0);
  }
  ~Peer() {
    stop();
    modbus_close(context_);
    modbus_free(context_);
    modbus_mapping_free(mapping);
  }
  void start() {
    stop_ = false;
    thread_ = std::thread([this] {
      uint8_t request[MODBUS_RTU_MAX_ADU_LENGTH];
      while (!stop_) {
        const int size = modbus_receive(context_, request);
        if (size > 0 && modbus_reply(context_, request, size, mapping) >= 0) answered++;
      }
    });
  }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  modbus_mapping_t* mapping;
  std::atomic<int> answered{0};

 private:
  modbus_t* context_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class PeerSamples final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    last.clear();
    for (size_t i = 0; i < count; i++) last[std::string(metrics[i].name)] = metrics[i].value;
    taken++;
  }
  std::map<std::string, double> last;
  int taken = 0;
};

struct Master {
  explicit Master(Pty& pty, const char* config) : component(pty, samples) {
    fb::JsonToken tokens[128];
    fb::JsonDocument document(tokens, 128);
    EXPECT(document.parse(config).ok());
    char text[2048];
    fb::JsonWriter whole(text, sizeof text);
    fb::Fault fault;
    EXPECT(component.plan_config(document.root(), whole, fault) == fb::Status::kOk);
    const fb::Expected<std::string_view> planned = whole.finish();
    EXPECT(planned.ok() && document.parse(planned.value()).ok());
    component.init(document.root(), peer_now());
  }
  /// Runs in real time until `done`, at most five seconds.
  template <typename Done>
  bool run_until(Done done) {
    const fb::Millis until = peer_now().mono + 5000;
    fb::Millis due = 0;
    while (!done()) {
      const fb::Now now = peer_now();
      if (now.mono > until) return false;
      if (now.mono >= due) {
        const fb::Expected<fb::Millis> next = component.execute(now);
        if (!next.ok()) last_failure = next.status();
        due = next.ok() ? next.value() : now.mono + component.retry_after_ms();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  bool write(const char* input) {
    fb::JsonToken tokens[64];
    fb::JsonDocument document(tokens, 64);
    EXPECT(document.parse(input).ok());
    char text[256];
    fb::JsonWriter out(text, sizeof text);
    fb::Fault fault;
    return component.execute_now(document.root(), out, fault, peer_now()) == fb::Status::kOk;
  }
  std::string state() const {
    char text[1024];
    fb::JsonWriter out(text, sizeof text);
    component.write_state(out);
    return std::string(out.finish().value_or("spoilt"));
  }
  bool state_has(const char* part) const { return state().find(part) != std::string::npos; }

  PeerSamples samples;
  fb::ModbusRtu component;
  fb::Status last_failure = fb::Status::kOk;
};

}  // namespace

FB_TEST("libmodbus is read: holding and input registers, of every type and order") {
  Pty pty;
  Peer peer(pty);
  uint16_t* const holding = peer.mapping->tab_registers;
  holding[0] = 2301;
  holding[1] = static_cast<uint16_t>(-125);
  holding[2] = 0x0001;
  holding[3] = 0x86a0;  // 100,000
  holding[4] = 0x7960;
  holding[5] = 0xfffe;  // −100,000, low word first
  // By hand: the orders that modbus_set_float_*() write have changed between versions of libmodbus.
  holding[6] = 0x42f6;
  holding[7] = 0xe979;  // 123.456
  holding[8] = 0x0000;
  holding[9] = 0xbf00;  // −0.5, low word first
  peer.mapping->tab_input_registers[30] = 5001;
  peer.start();
  Master master(pty, R"({"period_ms":200,"registers":[
      {"name":"u16","address":0,"scale":0.1},{"name":"i16","address":1,"type":"i16"},
      {"name":"u32","address":2,"type":"u32"},{"name":"i32","address":4,"type":"i32","order":"little"},
      {"name":"f32","address":6,"type":"f32"},{"name":"f32_swapped","address":8,"type":"f32","order":"little"},
      {"name":"input","function":4,"address":30,"scale":0.01}]})");
  EXPECT(master.run_until([&] { return master.samples.taken >= 5; }));
  EXPECT(master.samples.last == (std::map<std::string, double>{{"u16", 230.1},
                                                               {"i16", -125},
                                                               {"u32", 100'000},
                                                               {"i32", -100'000},
                                                               {"f32", double{123.456f}},
                                                               {"f32_swapped", -0.5},
                                                               {"input", 50.01}}));
  EXPECT(master.last_failure == fb::Status::kOk);
  EXPECT(master.state_has(R"("fault":"","retried":0,"unanswered":0,"damaged":0)"));
}

FB_TEST("libmodbus is written, by functions 6 and 16") {
  Pty pty;
  Peer peer(pty);
  peer.start();
  Master master(pty, R"({"period_ms":60000})");
  EXPECT(master.write(R"({"write":{"address":8,"value":50}})"));
  EXPECT(master.run_until([&] { return master.state_has(R"("number":1,"address":8,"state":"done")"); }));
  EXPECT(master.write(R"({"write":{"address":16,"values":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,65535]}})"));
  EXPECT(master.run_until([&] { return master.state_has(R"("number":2,"address":16,"state":"done")"); }));
  peer.stop();
  EXPECT(peer.mapping->tab_registers[8] == 50);
  for (int i = 0; i < 15; i++) EXPECT(peer.mapping->tab_registers[16 + i] == i + 1);
  EXPECT(peer.mapping->tab_registers[31] == 65535);
}

FB_TEST("libmodbus refuses an address that it has not, and the rest is read") {
  Pty pty;
  Peer peer(pty);
  peer.mapping->tab_registers[0] = 7;
  peer.start();
  Master master(pty, R"({"period_ms":200,
      "registers":[{"name":"there","address":0},{"name":"not_there","address":500}]})");
  EXPECT(master.run_until([&] { return master.samples.taken >= 2; }));
  EXPECT(master.samples.last == (std::map<std::string, double>{{"there", 7}}));
  EXPECT(master.state_has(R"("fault":"illegal data address")"));
  EXPECT(master.write(R"({"write":{"address":500,"value":1}})"));
  EXPECT(master.run_until([&] { return master.state_has(R"("state":"failed","fault":"illegal data address")"); }));
}

FB_TEST("libmodbus may go and come back") {
  Pty pty;
  Master master(pty, R"({"period_ms":200,"timeout_ms":50,"retries":1})");
  EXPECT(master.run_until([&] { return master.last_failure == fb::Status::kUnavailable; }));
  EXPECT(master.samples.taken == 0);
  Peer peer(pty);
  peer.mapping->tab_registers[0] = 2300;
  peer.start();
  EXPECT(master.run_until([&] { return master.samples.taken >= 2; }));
  EXPECT(master.samples.last["voltage"] == 230);
}

FB_TEST("libmodbus as a master reads and writes the simulated inverter") {
  Pty pty;
  const fb::World world(4);
  fb::SimInverter inverter(world);
  EXPECT(inverter.configure({}) == fb::Status::kOk);
  std::atomic<bool> stop{false};
  // What the line carries, between the pseudo-terminal and the inverter; a request is whole after 20 ms of silence.
  std::thread line([&] {
    std::string request;
    fb::Millis heard_at = 0;
    while (!stop) {
      const fb::Now now = peer_now();
      inverter.advance(now);
      uint8_t bytes[256];
      if (const size_t size = pty.read(bytes, sizeof bytes); size > 0) {
        request.append(reinterpret_cast<char*>(bytes), size);
        heard_at = now.mono;
      } else if (!request.empty() && now.mono >= heard_at + 20) {
        (void)inverter.write(request);
        request.clear();
      }
      if (const size_t size = inverter.read(bytes, sizeof bytes); size > 0)
        (void)pty.write({reinterpret_cast<const char*>(bytes), size});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  modbus_t* const client = modbus_new_rtu(pty.path.c_str(), 9600, 'N', 8, 1);
  EXPECT(client != nullptr && modbus_set_slave(client, 1) == 0 && modbus_connect(client) == 0);
  EXPECT(modbus_set_response_timeout(client, 2, 0) == 0);
  uint16_t words[16] = {};
  EXPECT(modbus_read_registers(client, 0, 9, words) == 9);
  EXPECT(words[0] > 2200 && words[0] < 2400);
  EXPECT(words[4] > 4990 && words[4] < 5010);
  EXPECT(words[8] == 100);
  EXPECT(modbus_write_register(client, 8, 40) == 1);
  EXPECT(modbus_read_input_registers(client, 8, 1, words) == 1 && words[0] == 40);
  words[0] = 60;
  EXPECT(modbus_write_registers(client, 8, 1, words) == 1);
  EXPECT(modbus_read_registers(client, 8, 1, words) == 1 && words[0] == 60);
  EXPECT(modbus_write_register(client, 8, 101) == -1 && errno == EMBXILVAL);
  EXPECT(modbus_read_registers(client, 5, 5, words) == -1 && errno == EMBXILADD);
  EXPECT(modbus_write_register(client, 0, 1) == -1 && errno == EMBXILADD);
  EXPECT(modbus_read_bits(client, 0, 1, reinterpret_cast<uint8_t*>(words)) == -1 && errno == EMBXILFUN);
  stop = true;
  line.join();
  modbus_close(client);
  modbus_free(client);
}
