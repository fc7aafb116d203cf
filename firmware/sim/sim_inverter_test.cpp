#include "sim/sim_inverter.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "components/modbus_rtu/modbus_rtu.h"
#include "ports/host/test.h"

namespace {

/// 21 June 2025, 00:00 UTC.
constexpr int64_t kMidsummerMs = 1'750'464'000'000;
constexpr fb::Millis kHourMs = 3'600'000;

class Taken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    last.clear();
    for (size_t i = 0; i < count; i++) last[std::string(metrics[i].name)] = metrics[i].value;
    samples++;
  }
  std::map<std::string, double> last;
  size_t samples = 0;
};

/// The real master on the simulated inverter, on a cloudless midsummer day.
struct Roof {
  explicit Roof(uint64_t seed = 1, const char* scenario = R"({"cloudiness":0,"noise":1})") : world(seed) {
    fb::JsonToken tokens[32];
    fb::JsonDocument document(tokens, 32);
    fb::Fault fault;
    EXPECT(document.parse(scenario).ok() && world.configure(document.root(), fault) == fb::Status::kOk);
  }
  /// Runs until `hour` of the day; the status of the last turn that failed.
  fb::Status run(double hour) {
    fb::Status failed = fb::Status::kOk;
    const auto until = static_cast<fb::Millis>(hour * kHourMs);
    while (due <= until) {
      const fb::Now now{due, kMidsummerMs + static_cast<int64_t>(due)};
      inverter.advance(now);
      const fb::Expected<fb::Millis> next = master.execute(now);
      if (!next.ok()) failed = next.status();
      due = next.ok() ? next.value() : due + master.retry_after_ms();
    }
    return failed;
  }
  /// Nobody asks between; then one poll.
  fb::Status skip_to(double hour) {
    due = static_cast<fb::Millis>(hour * kHourMs);
    return run(hour + 0.001);
  }
  fb::Status act(const char* input) {
    fb::JsonToken tokens[32];
    fb::JsonDocument document(tokens, 32);
    EXPECT(document.parse(input).ok());
    char text[256];
    fb::JsonWriter out(text, sizeof text);
    fb::Fault fault;
    return master.execute_now(document.root(), out, fault, {due, 0});
  }
  std::string state() {
    char text[1024];
    fb::JsonWriter out(text, sizeof text);
    master.write_state(out);
    return std::string(out.finish().value_or("spoilt"));
  }
  double value(const char* name) { return taken.last.count(name) != 0 ? taken.last[name] : NAN; }

  fb::World world;
  fb::SimInverter inverter{world};
  Taken taken;
  fb::ModbusRtu master{inverter, taken};
  fb::Millis due = 0;
};

bool within(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

FB_TEST("sim inverter makes power by day and none by night") {
  Roof roof;
  EXPECT(roof.skip_to(0.5) == fb::Status::kOk);
  EXPECT(roof.value("power") == 0 && roof.value("current") == 0);
  EXPECT(within(roof.value("voltage"), 220, 240));
  EXPECT(within(roof.value("frequency"), 49.9, 50.1));
  EXPECT(roof.skip_to(8) == fb::Status::kOk);
  const double morning = roof.value("power");
  EXPECT(roof.skip_to(12) == fb::Status::kOk);
  EXPECT(within(roof.value("power"), morning * 1.2, 3000));
  EXPECT(within(roof.value("power"), 1500, 3000));
  EXPECT(std::fabs(roof.value("current") - roof.value("power") / roof.value("voltage")) < 0.02);
  EXPECT(roof.value("temperature") > 30);
  EXPECT(roof.skip_to(23.5) == fb::Status::kOk);
  EXPECT(roof.value("power") == 0);
}

FB_TEST("sim inverter follows the worlds sun") {
  Roof roof(5, R"({"cloudiness":0.6,"noise":0})");
  for (double hour = 6; hour < 19; hour += 0.5) {
    EXPECT(roof.skip_to(hour) == fb::Status::kOk);
    const fb::Conditions then = roof.world.at({0, kMidsummerMs + static_cast<int64_t>(hour * kHourMs)});
    const double most_w = 3.3 * then.irradiance_w_m2;
    EXPECT_IN(std::to_string(hour), within(roof.value("power"), 0.75 * most_w - 20, std::min(most_w, 3000.0)));
  }
}

FB_TEST("sim inverter counts its energy up, as much if asked often as if asked seldom") {
  Roof often(3);
  Roof seldom(3);
  EXPECT(often.skip_to(9) == fb::Status::kOk && seldom.skip_to(9) == fb::Status::kOk);
  const double before = often.value("energy");
  double last = before;
  double watt_hours = 0;
  for (double hour = 9; hour < 11; hour += 0.02) {
    EXPECT(often.skip_to(hour) == fb::Status::kOk);
    EXPECT(often.value("energy") >= last);
    last = often.value("energy");
    watt_hours += often.value("power") * 0.02;
  }
  EXPECT(often.skip_to(11) == fb::Status::kOk && seldom.skip_to(11) == fb::Status::kOk);
  EXPECT(std::fabs(often.value("energy") - seldom.value("energy")) <= 0.021);
  EXPECT(std::fabs(often.value("energy") - before - watt_hours / 1000) < 0.1);
  EXPECT(watt_hours > 2000);
  EXPECT(often.skip_to(22.5) == fb::Status::kOk);
  const double evening = often.value("energy");
  EXPECT(often.skip_to(26) == fb::Status::kOk);
  EXPECT(often.value("energy") == evening);
}

FB_TEST("sim inverter keeps to its export limit, and takes it by both functions") {
  Roof roof;
  EXPECT(roof.skip_to(12) == fb::Status::kOk);
  EXPECT(roof.act(R"({"write":{"address":8,"value":20}})") == fb::Status::kOk);
  EXPECT(roof.skip_to(12.01) == fb::Status::kOk);
  EXPECT(roof.state().find(R"("state":"done")") != std::string::npos);
  EXPECT(within(roof.value("power"), 590, 610));
  EXPECT(roof.act(R"({"write":{"address":8,"values":[0]}})") == fb::Status::kOk);
  EXPECT(roof.skip_to(12.02) == fb::Status::kOk);
  EXPECT(roof.act(R"({"write":{"address":8,"values":[100,1]}})") == fb::Status::kOk);
  EXPECT(roof.skip_to(12.03) == fb::Status::kOk);
  EXPECT(roof.state().find("illegal data address") != std::string::npos);
  EXPECT(roof.value("power") == 0);
}

FB_TEST("sim inverter refuses what it has not") {
  Roof roof;
  const std::pair<const char*, const char*> acts[] = {
      {R"({"write":{"address":8,"value":101}})", "illegal data value"},
      {R"({"write":{"address":7,"value":1}})", "illegal data address"}};
  double hour = 1;
  for (const auto& [input, fault] : acts) {
    EXPECT(roof.act(input) == fb::Status::kOk);
    EXPECT(roof.skip_to(hour++) == fb::Status::kOk);
    EXPECT_IN(input, roof.state().find(fault) != std::string::npos);
  }
  uint8_t answer[64];
  const auto ask = [&](std::vector<uint8_t> frame) {
    const uint16_t crc = fb::modbus_crc(frame.data(), frame.size());
    frame.push_back(static_cast<uint8_t>(crc & 0xff));
    frame.push_back(static_cast<uint8_t>(crc >> 8));
    EXPECT(roof.inverter.write({reinterpret_cast<const char*>(frame.data()), frame.size()}) == fb::Status::kOk);
    roof.due += 1000;
    roof.inverter.advance({roof.due, 0});
    const size_t size = roof.inverter.read(answer, sizeof answer);
    EXPECT(size == 0 || fb::modbus_crc(answer, size) == 0);
    return size;
  };
  EXPECT(ask({1, 2, 0, 0, 0, 1}) == 5 && answer[1] == 0x82 && answer[2] == 1);
  EXPECT(ask({1, 3, 0, 0, 0, 10}) == 5 && answer[1] == 0x83 && answer[2] == 2);
  EXPECT(ask({1, 3, 0, 0, 0, 0}) == 5 && answer[1] == 0x83 && answer[2] == 3);
  EXPECT(ask({1, 16, 0, 8, 0, 1, 4, 0, 1}) == 5 && answer[1] == 0x90 && answer[2] == 3);
  EXPECT(ask({1, 4, 0, 8, 0, 1}) == 7 && answer[4] == 100);
  EXPECT(ask({2, 3, 0, 0, 0, 1}) == 0);
  EXPECT(roof.inverter.write("\x01\x03\x00") == fb::Status::kOk);
  EXPECT(roof.inverter.read(answer, sizeof answer) == 0);
}

FB_TEST("sim inverter has the faults it is told to have, and none after") {
  using Fault = fb::SimInverter::Fault;
  Roof roof;
  const std::pair<Fault, fb::Status> faults[] = {{Fault::kSilence, fb::Status::kUnavailable},
                                                 {Fault::kBadCrc, fb::Status::kCorrupt},
                                                 {Fault::kException, fb::Status::kRefused}};
  double hour = 1;
  for (const auto& [fault, status] : faults) {
    roof.inverter.set_fault(fault, 6);
    EXPECT(roof.skip_to(hour++) == status);
    roof.inverter.set_fault(Fault::kNone);
    const size_t before = roof.taken.samples;
    EXPECT(roof.skip_to(hour++) == fb::Status::kOk);
    EXPECT(roof.taken.samples > before);
  }
  EXPECT(roof.state().find(R"("fault":"")") != std::string::npos);
}

FB_TEST("sim inverter is deaf to a port that is set up otherwise") {
  Roof roof;
  fb::JsonToken tokens[32];
  fb::JsonDocument document(tokens, 32);
  EXPECT(document.parse(R"({"port":{"baud":19200}})").ok());
  roof.master.init(document.root(), {0, 0});
  EXPECT(roof.skip_to(1) == fb::Status::kUnavailable);
  EXPECT(document.parse(R"({"port":{"baud":9600}})").ok());
  roof.master.init(document.root(), {roof.due, 0});
  EXPECT(roof.skip_to(2) == fb::Status::kOk);
}
