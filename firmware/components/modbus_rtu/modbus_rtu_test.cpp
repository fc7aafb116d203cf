#include "components/modbus_rtu/modbus_rtu.h"

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

using Bytes = std::vector<uint8_t>;

Bytes with_crc(Bytes frame) {
  const uint16_t crc = fb::modbus_crc(frame.data(), frame.size());
  frame.push_back(static_cast<uint8_t>(crc & 0xff));
  frame.push_back(static_cast<uint8_t>(crc >> 8));
  return frame;
}

/// A line whose bytes come when a test says, and a slave that answers from a table of words.
class Line final : public fb::SerialPort {
 public:
  fb::Status configure(const fb::SerialFormat& wanted) override {
    format = wanted;
    return configured;
  }
  fb::Status write(std::string_view bytes) override {
    if (writable != fb::Status::kOk) return writable;
    sent.emplace_back(bytes.begin(), bytes.end());
    sent_at.push_back(now);
    if (answers) answers(sent.back());
    return fb::Status::kOk;
  }
  size_t read(uint8_t* out, size_t capacity) override {
    size_t size = 0;
    while (size < capacity && !coming.empty() && coming.front().first <= now) {
      out[size++] = coming.front().second;
      coming.pop_front();
    }
    if (babble) out[0] = 0x01;
    return size == 0 && babble ? 1 : size;
  }
  /// The bytes arrive `delay_ms` from now, one each `apart_ms`.
  void come(const Bytes& bytes, fb::Millis delay_ms, fb::Millis apart_ms = 0) {
    fb::Millis at = now + delay_ms;
    for (const uint8_t byte : bytes) {
      coming.emplace_back(at, byte);
      at += apart_ms;
    }
  }
  /// What the slave of `words` answers.
  Bytes honest(const Bytes& request) {
    const uint16_t address = static_cast<uint16_t>(request[2] << 8 | request[3]);
    const size_t count = static_cast<size_t>(request[4] << 8 | request[5]);
    if (request[1] == 6) {
      words[address] = static_cast<uint16_t>(count);
      return request;
    }
    if (request[1] == 16) {
      for (size_t i = 0; i < count; i++)
        words[static_cast<uint16_t>(address + i)] = static_cast<uint16_t>(request[7 + 2 * i] << 8 | request[8 + 2 * i]);
      return with_crc({request.begin(), request.begin() + 6});
    }
    Bytes frame = {request[0], request[1], static_cast<uint8_t>(2 * count)};
    for (size_t i = 0; i < count; i++) {
      const auto found = words.find(static_cast<uint16_t>(address + i));
      if (found == words.end()) return with_crc({request[0], static_cast<uint8_t>(request[1] | 0x80), 2});
      frame.push_back(static_cast<uint8_t>(found->second >> 8));
      frame.push_back(static_cast<uint8_t>(found->second & 0xff));
    }
    return with_crc(frame);
  }
  void be_honest() {
    answers = [this](const Bytes& request) { come(honest(request), 20); };
  }

  fb::Millis now = 0;
  fb::SerialFormat format;
  fb::Status configured = fb::Status::kOk;
  fb::Status writable = fb::Status::kOk;
  bool babble = false;
  std::vector<Bytes> sent;
  std::vector<fb::Millis> sent_at;
  std::deque<std::pair<fb::Millis, uint8_t>> coming;
  std::map<uint16_t, uint16_t> words;
  std::function<void(const Bytes&)> answers;
};

using Sample = std::map<std::string, double>;
using Samples = std::vector<Sample>;

class Taken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    samples.emplace_back();
    for (size_t i = 0; i < count; i++) samples.back()[std::string(metrics[i].name)] = metrics[i].value;
  }
  Samples samples;
};

/// A parsed text that lives as long as itself.
struct Json {
  explicit Json(std::string given) : text(std::move(given)), document(tokens, 300) {
    EXPECT_IN(text, document.parse(text).ok());
  }
  fb::JsonValue root() const { return document.root(); }
  std::string text;
  fb::JsonToken tokens[300];
  fb::JsonDocument document;
};

/// A component on a line, run as the orchestrator would.
struct Bench {
  Bench() : component(line, taken) {
    line.words = {{0, 2301}, {1, 845}, {2, 0}, {3, 19432}, {4, 5001}, {5, 412}, {6, 1}, {7, 2}, {8, 100}};
    line.be_honest();
  }
  std::string plan(const std::string& change, fb::Status expected = fb::Status::kOk) {
    char text[4096];
    fb::JsonWriter out(text, sizeof text);
    const Json json(change);
    fault = {};
    const fb::Status status = component.plan_config(json.root(), out, fault);
    EXPECT_IN(change, status == expected);
    return status == fb::Status::kOk ? std::string(out.finish().value_or("spoilt")) : std::string(fault.field);
  }
  void configure(const std::string& change) {
    const Json whole(plan(change));
    component.init(whole.root(), {line.now, 0});
    due = line.now;
  }
  /// Runs until `until`; the status of the last turn that failed.
  fb::Status failure_until(fb::Millis until) {
    fb::Status failed = fb::Status::kOk;
    while (due <= until) {
      line.now = due;
      turns++;
      const fb::Expected<fb::Millis> next = component.execute({line.now, 0});
      if (!next.ok()) failed = next.status();
      due = next.ok() ? next.value() : line.now + component.retry_after_ms();
      EXPECT(due > line.now);
    }
    line.now = until;
    return failed;
  }
  void run(fb::Millis until) { (void)failure_until(until); }
  fb::Status write(const std::string& input) {
    char text[512];
    fb::JsonWriter out(text, sizeof text);
    const Json json(input);
    fault = {};
    const fb::Status status = component.execute_now(json.root(), out, fault, {line.now, 0});
    if (status == fb::Status::kOk) due = line.now;
    output = std::string(out.finish().value_or(""));
    return status;
  }
  std::string state() const {
    char text[2048];
    fb::JsonWriter out(text, sizeof text);
    component.write_state(out);
    return std::string(out.finish().value_or("spoilt"));
  }
  bool state_has(std::string_view part) const { return state().find(part) != std::string::npos; }

  Line line;
  Taken taken;
  fb::ModbusRtu component;
  fb::Fault fault;
  std::string output;
  fb::Millis due = 0;
  size_t turns = 0;
};

}  // namespace

FB_TEST("modbus reads the default map in one request and gives one sample") {
  Bench bench;
  EXPECT(bench.failure_until(1000) == fb::Status::kOk);
  EXPECT(bench.line.sent.size() == 1);
  EXPECT(bench.line.sent[0] == with_crc({1, 3, 0, 0, 0, 8}));
  EXPECT(bench.line.format.baud == 9600 && bench.line.format.parity == 'N' && bench.line.format.stop_bits == 1);
  EXPECT(bench.taken.samples.size() == 1);
  EXPECT(bench.taken.samples[0] == (Sample{{"voltage", 230.1},
                                                                  {"current", 8.45},
                                                                  {"power", 1943.2},
                                                                  {"frequency", 50.01},
                                                                  {"temperature", 41.2},
                                                                  {"energy", 655.38}}));
  EXPECT(bench.component.capabilities() ==
         "bus.modbus measure.voltage measure.current measure.power measure.frequency measure.temperature measure.energy");
  EXPECT(bench.failure_until(9000) == fb::Status::kOk);
  EXPECT(bench.taken.samples.size() == 5);
}

FB_TEST("modbus polls on a grid of its period") {
  Bench bench;
  bench.run(20'000);
  const std::vector<fb::Millis>& sent_at = bench.line.sent_at;
  EXPECT(sent_at.size() == 10);
  for (size_t i = 1; i < sent_at.size(); i++) EXPECT(sent_at[i] - sent_at[i - 1] == 2000);
}

FB_TEST("modbus reads in one request only what lies side by side") {
  Bench bench;
  bench.configure(
      R"({"registers":[{"name":"c","address":4},{"name":"a","address":0,"type":"u32"},{"name":"b","address":2},
          {"name":"d","address":5,"function":4},{"name":"e","address":1}]})");
  bench.run(1000);
  EXPECT(bench.line.sent ==
         (std::vector<Bytes>{with_crc({1, 3, 0, 0, 0, 3}), with_crc({1, 3, 0, 4, 0, 1}), with_crc({1, 4, 0, 5, 0, 1})}));
  EXPECT(bench.taken.samples.size() == 1);
  EXPECT(bench.taken.samples[0] == (Sample{{"a", 2301.0 * 65536 + 845}, {"b", 0}, {"c", 5001}, {"d", 412}, {"e", 845}}));
}

FB_TEST("modbus takes an answer in whatever pieces it comes") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; round++) {
    Bench bench;
    bench.line.answers = [&](const Bytes& request) {
      fb::Millis at = 5;
      for (const uint8_t byte : bench.line.honest(request)) {
        at += random() % 20;
        bench.line.come({byte}, at);
      }
    };
    EXPECT_IN(std::to_string(round), bench.failure_until(1900) == fb::Status::kOk);
    EXPECT(bench.taken.samples.size() == 1);
    EXPECT(bench.line.sent.size() == 1);
  }
}

FB_TEST("modbus waits for silence before it speaks") {
  Bench bench;
  bench.line.come(Bytes(100, 0x55), 0, 2);  // somebody else's conversation until 198 ms
  bench.run(1000);
  EXPECT(bench.line.sent.size() == 1);
  EXPECT(bench.line.sent_at[0] >= 198 + 5);
  EXPECT(bench.line.sent_at[0] <= 198 + 15);
  EXPECT(bench.taken.samples.size() == 1);
}

FB_TEST("modbus asks again where an answer is missing, and takes the later one") {
  Bench bench;
  int asked = 0;
  bench.line.answers = [&](const Bytes& request) {
    if (++asked == 3) bench.line.come(bench.line.honest(request), 20);
  };
  EXPECT(bench.failure_until(1900) == fb::Status::kOk);
  EXPECT(bench.line.sent.size() == 3);
  EXPECT(bench.taken.samples.size() == 1);
  EXPECT(bench.state_has(R"("retried":2,"unanswered":2,"damaged":0)"));
}

FB_TEST("modbus gives a silent slave up after its retries and says so") {
  Bench bench;
  bench.line.answers = nullptr;
  EXPECT(bench.failure_until(1990) == fb::Status::kUnavailable);
  EXPECT(bench.line.sent.size() == 3);
  EXPECT(bench.taken.samples.empty());
  EXPECT(bench.state_has(R"("fault":"no answer")"));
  EXPECT(!bench.state_has("voltage"));
  bench.line.be_honest();
  EXPECT(bench.failure_until(bench.due + 200) == fb::Status::kOk);
  EXPECT(bench.taken.samples.size() == 1);
  EXPECT(bench.state_has(R"("fault":"")"));
}

FB_TEST("modbus asks again after any damaged bit and never gives a wrong value") {
  Bench probe;
  const Bytes whole = probe.line.honest(with_crc({1, 3, 0, 0, 0, 8}));
  for (size_t bit = 0; bit < 8 * whole.size(); bit++) {
    Bench bench;
    int asked = 0;
    bench.line.answers = [&](const Bytes& request) {
      Bytes answer = bench.line.honest(request);
      if (++asked == 1) answer[bit / 8] = static_cast<uint8_t>(answer[bit / 8] ^ (1u << (bit % 8)));
      bench.line.come(answer, 20);
    };
    EXPECT_IN(std::to_string(bit), bench.failure_until(1900) == fb::Status::kOk);
    EXPECT(bench.line.sent.size() == 2);
    EXPECT(bench.taken.samples.size() == 1);
    EXPECT(bench.taken.samples[0]["voltage"] == 230.1);
  }
}

FB_TEST("modbus asks again after an answer cut at any byte") {
  for (size_t size = 0; size < 21; size++) {
    Bench bench;
    int asked = 0;
    bench.line.answers = [&](const Bytes& request) {
      Bytes answer = bench.line.honest(request);
      if (++asked == 1) answer.resize(size);
      bench.line.come(answer, 20);
    };
    EXPECT_IN(std::to_string(size), bench.failure_until(1900) == fb::Status::kOk);
    EXPECT(bench.line.sent.size() == 2);
    EXPECT(bench.taken.samples.size() == 1);
  }
}

FB_TEST("modbus does not take a late answer for that of the next request") {
  // The answers of one register or of both come 150 ms later than we wait. The blocks have the same size, so nothing in an
  // answer tells them apart.
  for (const uint8_t prompt_address : {0, 4, 9}) {
    Bench bench;
    bench.configure(
        R"({"period_ms":4000,"timeout_ms":200,"registers":[{"name":"a","address":0},{"name":"b","address":4}]})");
    bench.line.answers = [&](const Bytes& request) {
      bench.line.come(bench.line.honest(request), request[3] == prompt_address ? 20 : 350);
    };
    bench.run(60'000);
    EXPECT(bench.taken.samples.size() == 15);
    for (auto& sample : bench.taken.samples) {
      EXPECT(sample["a"] == 2301);
      EXPECT(sample["b"] == 5001);
    }
  }
}

FB_TEST("modbus finds an answer behind more noise than it can keep") {
  Bench bench;
  bench.line.answers = [&](const Bytes& request) {
    bench.line.come(Bytes(1000, 0x55), 10);
    bench.line.come(bench.line.honest(request), 10);
  };
  EXPECT(bench.failure_until(1000) == fb::Status::kOk);
  EXPECT(bench.line.sent.size() == 1);
  EXPECT(bench.taken.samples.size() == 1);
}

FB_TEST("modbus takes the first of two answers, and throws the other away") {
  Bench bench;
  bench.configure(R"({"registers":[{"name":"a","address":0},{"name":"b","address":4}]})");
  bench.line.answers = [&](const Bytes& request) {
    bench.line.come(bench.line.honest(request), 20);
    bench.line.come(bench.line.honest(request), 0);
  };
  bench.run(1000);
  EXPECT(bench.taken.samples == (Samples{{{"a", 2301}, {"b", 5001}}}));
}

FB_TEST("modbus keeps what it was given where the slave refuses one block") {
  for (const uint8_t code : {1, 2, 3, 4, 8, 10, 11}) {
    Bench bench;
    bench.configure(R"({"registers":[{"name":"a","address":0},{"name":"b","address":90},{"name":"c","address":4}]})");
    bench.line.answers = [&](const Bytes& request) {
      bench.line.come(request[3] == 90 ? with_crc({1, 0x83, code}) : bench.line.honest(request), 20);
    };
    EXPECT(bench.failure_until(1000) == fb::Status::kOk);
    EXPECT(bench.line.sent.size() == 3);
    EXPECT(bench.taken.samples == (Samples{{{"a", 2301}, {"c", 5001}}}));
    EXPECT(bench.state_has(std::string("\"fault\":\"") + std::string(fb::modbus_exception_name(code)) + "\""));
  }
}

FB_TEST("modbus gives no old value for new where the slave refuses or is gone") {
  Bench bench;
  bench.configure(R"({"timeout_ms":50,"registers":[{"name":"a","address":0},{"name":"b","address":4}]})");
  bench.run(1000);
  EXPECT(bench.taken.samples.back().size() == 2);
  bench.line.answers = [&](const Bytes& request) {
    bench.line.come(request[3] == 4 ? with_crc({1, 0x83, 2}) : bench.line.honest(request), 20);
  };
  bench.run(3000);
  EXPECT(bench.taken.samples.back() == (Sample{{"a", 2301}}));
  bench.line.answers = nullptr;
  bench.line.sent.clear();
  bench.run(5990);
  EXPECT(bench.line.sent.size() == 3);  // the second block is not asked for: it would only cost its time-outs too
  EXPECT(bench.taken.samples.size() == 2);
  EXPECT(bench.state_has(R"("values":{})"));
}

FB_TEST("modbus tells the first of several faults") {
  Bench bench;
  bench.configure(R"({"registers":[{"name":"a","address":0},{"name":"b","address":4}]})");
  bench.line.answers = [&](const Bytes& request) {
    bench.line.come(with_crc({1, 0x83, static_cast<uint8_t>(request[3] == 4 ? 2 : 4)}), 20);
  };
  bench.run(1000);
  EXPECT(bench.state_has(R"("fault":"server device failure")"));
}

FB_TEST("modbus reads registers that lie one over another") {
  Bench bench;
  bench.configure(R"({"registers":[{"name":"whole","address":0,"type":"u32"},{"name":"high","address":0}]})");
  bench.run(1000);
  EXPECT(bench.line.sent == (std::vector<Bytes>{with_crc({1, 3, 0, 0, 0, 2})}));
  EXPECT(bench.taken.samples == (Samples{{{"whole", 2301.0 * 65536 + 845}, {"high", 2301}}}));
}

FB_TEST("modbus fails where the slave refuses every block") {
  Bench bench;
  bench.line.answers = [&](const Bytes&) { bench.line.come(with_crc({1, 0x83, 4}), 20); };
  EXPECT(bench.failure_until(1000) == fb::Status::kRefused);
  EXPECT(bench.line.sent.size() == 1);
  EXPECT(bench.state_has(R"("fault":"server device failure")"));
}

FB_TEST("modbus asks a busy slave again") {
  for (const uint8_t code : {5, 6}) {
    Bench bench;
    int asked = 0;
    bench.line.answers = [&](const Bytes& request) {
      bench.line.come(++asked == 1 ? with_crc({1, 0x83, code}) : bench.line.honest(request), 20);
    };
    EXPECT(bench.failure_until(1900) == fb::Status::kOk);
    EXPECT(bench.line.sent.size() == 2);
    EXPECT(bench.line.sent_at[1] - bench.line.sent_at[0] >= 500);
    EXPECT(bench.taken.samples.size() == 1);
  }
}

FB_TEST("modbus writes one value by function 6 and tells how it ended") {
  Bench bench;
  bench.run(1000);
  EXPECT(bench.write(R"({"write":{"address":8,"value":50}})") == fb::Status::kOk);
  EXPECT(bench.output == R"({"write":{"number":1,"address":8,"state":"pending","fault":""}})");
  EXPECT(bench.write(R"({"write":{"address":8,"value":60}})") == fb::Status::kRefused);
  EXPECT(bench.fault.code == 1 && bench.fault.description == "a write is under way");
  bench.run(1100);
  EXPECT(bench.line.words[8] == 50);
  EXPECT(bench.line.sent.back() == with_crc({1, 6, 0, 8, 0, 50}));
  EXPECT(bench.state_has(R"("write":{"number":1,"address":8,"state":"done","fault":""})"));
  EXPECT(bench.write(R"({"write":{"address":8,"value":60}})") == fb::Status::kOk);
  bench.run(1200);
  EXPECT(bench.state_has(R"("write":{"number":2,"address":8,"state":"done","fault":""})"));
  bench.run(2100);
  EXPECT(bench.line.sent_at.back() == 2006);  // the grid of the polls has not moved
}

FB_TEST("modbus writes several values by function 16") {
  Bench bench;
  EXPECT(bench.write(R"({"write":{"address":20,"values":[1,-2,65535]}})") == fb::Status::kOk);
  bench.run(100);
  EXPECT(bench.line.sent[0] == with_crc({1, 16, 0, 20, 0, 3, 6, 0, 1, 0xff, 0xfe, 0xff, 0xff}));
  EXPECT(bench.line.words[21] == 65534);
  EXPECT(bench.state_has(R"("state":"done")"));
}

FB_TEST("modbus tells why a write failed") {
  Bench bench;
  bench.line.answers = [&](const Bytes& request) {
    bench.line.come(request[1] == 6 ? with_crc({1, 0x86, 3}) : bench.line.honest(request), 20);
  };
  EXPECT(bench.write(R"({"write":{"address":8,"value":101}})") == fb::Status::kOk);
  bench.run(100);
  EXPECT(bench.state_has(R"("state":"failed","fault":"illegal data value")"));
  bench.line.answers = nullptr;
  EXPECT(bench.write(R"({"write":{"address":8,"value":99}})") == fb::Status::kOk);
  bench.run(2000);
  EXPECT(bench.state_has(R"("number":2,"address":8,"state":"failed","fault":"no answer")"));
}

FB_TEST("modbus writes between the blocks of a round") {
  Bench bench;
  bench.configure(R"({"registers":[{"name":"a","address":0},{"name":"b","address":4}]})");
  bench.run(10);  // the first block is asked for
  EXPECT(bench.write(R"({"write":{"address":8,"value":5}})") == fb::Status::kOk);
  bench.run(1000);
  EXPECT(bench.line.sent.size() == 3);
  EXPECT(bench.line.sent[1][1] == 6);
  EXPECT(bench.taken.samples == (Samples{{{"a", 2301}, {"b", 5001}}}));
}

FB_TEST("modbus reads at once when told, counts its period from there, and reads no round twice") {
  Bench bench;
  bench.run(500);
  EXPECT(bench.taken.samples.size() == 1);
  EXPECT(bench.write(R"({"read":true})") == fb::Status::kOk && bench.output == R"({"read":"pending"})");
  // While that round is under way.
  bench.run(505);
  EXPECT(bench.write(R"({"read":true})") == fb::Status::kOk);
  bench.run(700);
  EXPECT(bench.taken.samples.size() == 2);
  bench.run(2400);
  EXPECT(bench.taken.samples.size() == 2);
  bench.run(2700);
  EXPECT(bench.taken.samples.size() == 3);
  EXPECT(bench.write(R"({"read":false})") == fb::Status::kInvalid && bench.fault.field == "read");
}

FB_TEST("modbus refuses a write that does not fit and names the member") {
  Bench bench;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{}", "write"},
      {R"({"write":3})", "write"},
      {R"({"write":{"value":1}})", "write.address"},
      {R"({"write":{"address":65536,"value":1}})", "write.address"},
      {R"({"write":{"address":0.5,"value":1}})", "write.address"},
      {R"({"write":{"address":1}})", "write.values"},
      {R"({"write":{"address":1,"value":1,"values":[1]}})", "write.value"},
      {R"({"write":{"address":1,"value":65536}})", "write.value"},
      {R"({"write":{"address":1,"value":-32769}})", "write.value"},
      {R"({"write":{"address":1,"value":1.5}})", "write.value"},
      {R"({"write":{"address":1,"value":null}})", "write.value"},
      {R"({"write":{"address":1,"values":[]}})", "write.values"},
      {R"({"write":{"address":1,"values":{"a":1}}})", "write.values"},
      {R"({"write":{"address":65535,"values":[1,2]}})", "write.values"},
      {R"({"write":{"address":1,"values":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}})", "write.values"}};
  for (const auto& [input, field] : cases) {
    EXPECT_IN(input, bench.write(input) == fb::Status::kInvalid);
    EXPECT_IN(input, bench.fault.field == field);
  }
  EXPECT(!bench.state_has("write"));
}

FB_TEST("modbus fails a pending write where the slave may be another after a change or it is stopped") {
  Bench bench;
  EXPECT(bench.write(R"({"write":{"address":8,"value":5}})") == fb::Status::kOk);
  bench.configure(R"({"slave":2})");
  EXPECT(bench.state_has(R"("state":"failed","fault":"the configuration changed")"));
  EXPECT(bench.write(R"({"write":{"address":8,"value":5}})") == fb::Status::kOk);
  bench.component.cleanup({bench.line.now, 0});
  EXPECT(bench.state_has(R"("state":"failed","fault":"stopped")"));
  bench.run(1000);
  for (const Bytes& request : bench.line.sent) EXPECT(request[1] == 3 && request[0] == 2);
}

FB_TEST("modbus configures the port and says where it cannot") {
  Bench bench;
  bench.configure(R"({"port":{"baud":19200,"parity":"even","stop_bits":2}})");
  bench.line.configured = fb::Status::kInvalid;
  EXPECT(bench.failure_until(10) == fb::Status::kInvalid);
  EXPECT(bench.line.sent.empty());
  bench.line.configured = fb::Status::kOk;
  bench.run(3000);
  EXPECT(bench.line.format.baud == 19200 && bench.line.format.parity == 'E' && bench.line.format.stop_bits == 2);
  EXPECT(bench.taken.samples.size() == 1);
  bench.configure(R"({"port":{"baud":115200,"parity":"odd"}})");
  bench.run(6000);
  EXPECT(bench.line.format.baud == 115'200 && bench.line.format.parity == 'O');
}

FB_TEST("modbus never sticks, whatever the line does") {
  std::mt19937 random(42);
  for (int world = 0; world < 300; world++) {
    Bench bench;
    bench.configure(R"({"period_ms":500,"timeout_ms":50,"retries":1})");
    bench.line.answers = [&](const Bytes& request) {
      Bytes answer = bench.line.honest(request);
      const unsigned fate = random() % 8;
      if (fate == 0) answer.clear();
      if (fate == 1) answer.resize(random() % answer.size());
      if (fate == 2) answer[random() % answer.size()] ^= static_cast<uint8_t>(1 + random() % 255);
      if (fate == 3) answer.insert(answer.begin(), 1 + random() % 40, static_cast<uint8_t>(random()));
      if (fate == 4) answer = Bytes(random() % 400, 0x01);
      if (fate == 5) answer.insert(answer.end(), answer.begin(), answer.end());
      bench.line.come(answer, random() % 120, random() % 3);
      bench.line.writable = random() % 16 == 0 ? fb::Status::kUnavailable : fb::Status::kOk;
    };
    for (fb::Millis at = 0; at < 20'000; at += 700) {
      bench.line.writable = fb::Status::kOk;
      bench.run(at);
    }
    for (const auto& sample : bench.taken.samples) EXPECT(sample.at("voltage") == 230.1);
    bench.line.coming.clear();
    bench.line.writable = fb::Status::kOk;
    bench.line.be_honest();
    const size_t before = bench.taken.samples.size();
    bench.run(bench.line.now + 6000);
    EXPECT_IN(std::to_string(world), bench.taken.samples.size() >= before + 8);
    EXPECT(bench.turns < 30'000);
  }
}

FB_TEST("modbus ends an exchange on a line that never falls silent") {
  Bench bench;
  bench.line.babble = true;
  EXPECT(bench.failure_until(1500) == fb::Status::kUnavailable);
  EXPECT(bench.state_has(R"("fault":"line busy")"));
  EXPECT(bench.line.sent.empty());
}

FB_TEST("modbus ends an exchange on a port that takes nothing") {
  Bench bench;
  bench.line.writable = fb::Status::kUnavailable;
  EXPECT(bench.failure_until(1500) == fb::Status::kUnavailable);
  EXPECT(bench.state_has(R"("fault":"line busy")"));
}

FB_TEST("modbus exchanges end by the time they say") {
  std::mt19937 random(3);
  for (int world = 0; world < 200; world++) {
    Line line;
    fb::ModbusMaster master(line);
    EXPECT(master.configure(fb::SerialFormat{}, {100, static_cast<unsigned>(random() % 4)}) == fb::Status::kOk);
    line.babble = world % 5 == 0;
    line.answers = [&](const Bytes&) {
      const Bytes any(random() % 300, static_cast<uint8_t>(random() % 3));
      line.come(any, random() % 300, random() % 9);
    };
    for (int i = 0; i < 5; i++) {
      const auto request = fb::ModbusRequest::read(1, fb::ModbusFunction::kReadHolding, 0, 1 + random() % 32);
      const fb::Millis began = line.now;
      master.begin(request, {line.now, 0});
      EXPECT(master.busy());
      do {
        EXPECT(master.due() > line.now || master.due() >= began);
        line.now = std::max(line.now + 1, master.due());
      } while (!master.step({line.now, 0}));
      EXPECT_IN(std::to_string(world), line.now - began <= master.longest_ms(request));
      EXPECT(!master.busy() && master.due() == fb::kNever);
    }
  }
}

FB_TEST("modbus configuration is whole, and its own outcome fits again") {
  Bench bench;
  const std::string whole = bench.plan("{}");
  EXPECT(whole.find(R"({"port":{"baud":9600,"parity":"none","stop_bits":1},"slave":1,"period_ms":2000,"timeout_ms":500,"retries":2,"registers":[{"name":"voltage","address":0,"scale":0.1},)") == 0);
  EXPECT(bench.plan(whole) == whole);
  const std::string changed = bench.plan(
      R"({"slave":9,"registers":[{"name":"x","function":4,"address":7,"type":"f32","scale":0.5,"order":"little"},
          {"name":"y","function":3,"address":9,"type":"u16","scale":1,"order":"big"}]})");
  EXPECT(changed.find(R"("registers":[{"name":"x","function":4,"address":7,"type":"f32","scale":0.5,"order":"little"},{"name":"y","address":9}])") != std::string::npos);
  EXPECT(bench.plan("{}") == whole);  // planning changes nothing
  bench.configure(changed);
  EXPECT(bench.plan("{}") == changed);
  bench.component.init({}, {0, 0});  // none at all: the one it has
  EXPECT(bench.plan("{}") == changed);
  EXPECT(bench.component.capabilities() == "bus.modbus measure.x measure.y");
}

FB_TEST("modbus refuses a configuration that does not fit and names the member") {
  Bench bench;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"3", ""},
      {R"({"slave":0})", "slave"},
      {R"({"slave":248})", "slave"},
      {R"({"period_ms":199})", "period_ms"},
      {R"({"timeout_ms":10})", "timeout_ms"},
      {R"({"retries":6})", "retries"},
      {R"({"port":1})", "port"},
      {R"({"port":{"baud":1199}})", "port.baud"},
      {R"({"port":{"parity":"E"}})", "port.parity"},
      {R"({"port":{"stop_bits":3}})", "port.stop_bits"},
      {R"({"registers":{}})", "registers"},
      {R"({"registers":[3]})", "registers[0]"},
      {R"({"registers":[{"address":3}]})", "registers[0]"},
      {R"({"registers":[{"name":"a","address":3},{"name":"a","address":4}]})", "registers[1]"},
      {R"({"registers":[{"name":"A"}]})", "registers[0]"},
      {R"({"registers":[{"name":"a b"}]})", "registers[0]"},
      {R"({"registers":[{"name":"a23456789012345678901234x"}]})", "registers[0]"},
      {R"({"registers":[{"name":"a","function":6}]})", "registers[0]"},
      {R"({"registers":[{"name":"a","type":"u64"}]})", "registers[0]"},
      {R"({"registers":[{"name":"a","scale":0}]})", "registers[0]"},
      {R"({"registers":[{"name":"a","address":65535,"type":"u32"}]})", "registers[0]"}};
  for (const auto& [change, field] : cases) EXPECT_IN(change, bench.plan(change, fb::Status::kInvalid) == field);
  std::string many = R"({"registers":[)";
  for (int i = 0; i < 17; i++) many += (i ? "," : "") + (R"({"name":"r)" + std::to_string(i) + R"(","address":1})");
  EXPECT(bench.plan(many + "]}", fb::Status::kInvalid) == "registers");
}

FB_TEST("modbus takes sixteen registers, all in one sample") {
  Bench bench;
  std::string many = R"({"registers":[)";
  for (int i = 0; i < 16; i++) {
    many += i ? "," : "";
    many += R"({"name":"register_number_)" + std::to_string(100 + i);
    many += R"(","type":"f32","address":)" + std::to_string(2 * i) + "}";
    bench.line.words[static_cast<uint16_t>(2 * i)] = 0x42f6;
    bench.line.words[static_cast<uint16_t>(2 * i + 1)] = static_cast<uint16_t>(0xe900 + i);
  }
  bench.configure(many + "]}");
  bench.run(1000);
  EXPECT(bench.line.sent.size() == 1);
  EXPECT(bench.taken.samples.size() == 1 && bench.taken.samples[0].size() == 16);
  EXPECT(bench.state() != "spoilt");
  EXPECT(bench.component.capabilities().size() == 10 + 16 * (9 + 19));
}

FB_TEST("modbus leaves a float that is no number out of the sample") {
  Bench bench;
  bench.line.words[0] = 0x7fc0;
  bench.line.words[1] = 0;
  bench.configure(R"({"registers":[{"name":"nan","address":0,"type":"f32"},{"name":"b","address":4}]})");
  EXPECT(bench.failure_until(1000) == fb::Status::kOk);
  EXPECT(bench.taken.samples == (Samples{{{"b", 5001}}}));
}

FB_TEST("modbus schema tells the defaults and bounds that hold") {
  Bench bench;
  char text[4096];
  fb::JsonWriter out(text, sizeof text);
  bench.component.write_config_schema(out);
  const Json schema(std::string(out.finish().value_or("spoilt")));
  const Json whole(bench.plan("{}"));
  const fb::JsonValue properties = schema.root().member("properties");
  for (const char* name : {"slave", "period_ms", "timeout_ms", "retries"}) {
    const fb::JsonValue property = properties.member(name);
    EXPECT_IN(name, property.member("default").raw() == whole.root().member(name).raw());
    for (const char* bound : {"minimum", "maximum"}) {
      const double value = property.member(bound).number().value();
      const double past = value + (std::strcmp(bound, "minimum") == 0 ? -1 : 1);
      const auto change = [&](double given) {
        return std::string("{\"") + name + "\":" + std::to_string(static_cast<long>(given)) + "}";
      };
      bench.plan(change(value));
      bench.plan(change(past), fb::Status::kInvalid);
    }
  }
  for (const char* name : {"baud", "parity", "stop_bits"})
    EXPECT_IN(name, properties.member("port").member("properties").member(name).member("default").raw() ==
                        whole.root().member("port").member(name).raw());
  fb::JsonWriter options(text, sizeof text);
  bench.component.write_execute_options(options);
  EXPECT(Json(std::string(options.finish().value_or("spoilt"))).root().member("properties").member("write").exists());
}
