#include "components/relay/relay.h"

#include <random>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

class Pin final : public fb::DigitalOut {
 public:
  void set(bool high) override {
    level = high;
    sets++;
  }
  bool level = false;
  size_t sets = 0;
};

struct Board {
  explicit Board(size_t count) {
    outputs.count = count;
    for (size_t i = 0; i < count; i++) outputs.channels[i] = &pins[i];
  }
  fb::Status act(const std::string& input, fb::Millis at) {
    fb::JsonToken tokens[32];
    fb::JsonDocument document(tokens, 32);
    EXPECT(document.parse(input).ok());
    char text[256];
    fb::JsonWriter out(text, sizeof text);
    fault = {};
    const fb::Status status = relay.execute_now(document.root(), out, fault, {at, 0});
    output = std::string(out.finish().value_or(""));
    return status;
  }
  bool turn(int channel, const char* on, fb::Millis at) {
    return act("{\"channel\":" + std::to_string(channel) + ",\"on\":" + on + "}", at) == fb::Status::kOk;
  }
  bool on(int channel, fb::Millis at) { return turn(channel, "true", at); }
  bool off(int channel, fb::Millis at) { return turn(channel, "false", at); }
  bool refused(fb::Relay::Refusal code, std::string_view description) const {
    return fault.code == code && fault.description == description;
  }
  std::string configure(const char* change, fb::Millis at = 0) {
    fb::JsonToken tokens[64];
    fb::JsonDocument document(tokens, 64);
    EXPECT(document.parse(change).ok());
    char text[512];
    fb::JsonWriter out(text, sizeof text);
    fault = {};
    if (relay.plan_config(document.root(), out, fault) != fb::Status::kOk) return std::string(fault.field);
    const std::string whole(out.finish().value());
    EXPECT(document.parse(whole).ok());
    relay.init(document.root(), {at, 0});
    return whole;
  }
  void restore(const std::string& state) {
    fb::JsonToken tokens[32];
    fb::JsonDocument document(tokens, 32);
    EXPECT(document.parse(state).ok());
    relay.set_state(document.root(), {0, 0});
  }
  fb::Millis run(fb::Millis at) { return relay.execute({at, 0}).value(); }
  std::string state() const {
    char text[256];
    fb::JsonWriter out(text, sizeof text);
    relay.write_state(out);
    return std::string(out.finish().value());
  }

  Pin pins[4];
  fb::RelayOutputs outputs;
  fb::Relay relay{outputs};
  fb::Fault fault;
  std::string output;
};

}  // namespace

FB_TEST("relay switches, and a board of one needs no channel") {
  Board board(1);
  EXPECT(board.run(0) == fb::kNever);
  EXPECT(board.act(R"({"on":true})", 10) == fb::Status::kOk);
  EXPECT(board.output == R"({"on":true,"cut":false})");
  EXPECT(board.pins[0].level);
  EXPECT(board.on(1, 20));
  EXPECT(board.relay.state_version() == 1);
  EXPECT(board.act(R"({"on":false})", 30) == fb::Status::kOk);
  EXPECT(!board.pins[0].level);
  EXPECT(board.relay.state_version() == 2);
}

FB_TEST("relay is not touched before its configuration says which level is off") {
  Board board(2);
  board.configure(R"({"active_low":true})");
  EXPECT(board.pins[0].sets == 0 && board.pins[1].sets == 0);
  (void)board.run(0);
  EXPECT(board.pins[0].level && board.pins[1].level);
  EXPECT(board.on(2, 10));
  EXPECT(board.pins[0].level && !board.pins[1].level);
  board.relay.cleanup({20, 0});
  EXPECT(board.pins[0].level && board.pins[1].level);
}

FB_TEST("relay stays on and off for its least times and says how long to wait") {
  Board board(1);
  board.configure(R"({"min_on_s":10,"min_off_s":60})");
  (void)board.run(1000);
  EXPECT(board.act(R"({"on":true})", 1000) == fb::Status::kRefused);
  EXPECT(board.refused(fb::Relay::kOffTooShort, "just switched off: wait 60.0 s"));
  EXPECT(board.act(R"({"on":true})", 60'999) == fb::Status::kRefused);
  EXPECT(board.refused(fb::Relay::kOffTooShort, "just switched off: wait 0.1 s"));
  EXPECT(board.act(R"({"on":true})", 61'000) == fb::Status::kOk);
  EXPECT(board.act(R"({"on":false})", 63'500) == fb::Status::kRefused);
  EXPECT(board.refused(fb::Relay::kOnTooShort, "just switched on: wait 7.5 s"));
  EXPECT(board.pins[0].level);
  EXPECT(board.act(R"({"on":false})", 71'000) == fb::Status::kOk);
  EXPECT(!board.pins[0].level);
}

FB_TEST("relay goes off by itself after its longest time, and says that it was cut") {
  Board board(2);
  board.configure(R"({"max_on_s":3600})");
  (void)board.run(0);
  EXPECT(board.on(2, 500));
  const uint32_t version = board.relay.state_version();
  for (fb::Millis at = 500; at < 3'600'500;) {
    EXPECT(board.pins[1].level);
    EXPECT(board.on(2, at));  // to be told again does not make it longer
    const fb::Millis next = board.run(at);
    EXPECT(next > at && next <= at + 1000);
    at = next;
  }
  EXPECT(board.relay.state_version() == version);
  EXPECT(board.run(3'600'500) == fb::kNever);
  EXPECT(!board.pins[1].level);
  EXPECT(board.state() == R"({"channels":[{"on":false,"cut":false},{"on":false,"cut":true}]})");
  EXPECT(board.relay.state_version() == version + 1);
  EXPECT(board.on(2, 3'600'600));
  EXPECT(board.state() == R"({"channels":[{"on":false,"cut":false},{"on":true,"cut":false}]})");
}

FB_TEST("relay channels of one group are never on together, and a dead time lies between them") {
  Board board(4);
  board.configure(R"({"group_1":1,"group_2":1,"group_3":2,"dead_ms":800})");
  (void)board.run(0);
  EXPECT(!board.on(1, 700));  // one of them may have been on right before the start
  EXPECT(board.on(1, 1000));
  EXPECT(!board.on(2, 5000));
  EXPECT(board.refused(fb::Relay::kOtherIsOn, "channel 1 is on"));
  EXPECT(board.on(3, 5000) && board.on(4, 5000));
  EXPECT(board.off(1, 6000));
  EXPECT(!board.on(2, 6250));
  EXPECT(board.refused(fb::Relay::kDeadTime, "channel 1 was just on: wait 0.6 s"));
  EXPECT(board.on(1, 6300));  // the same one need not wait for itself
  EXPECT(board.off(1, 6400));
  EXPECT(board.on(2, 7200));
}

FB_TEST("relay keeps its rules whatever it is told") {
  std::mt19937 random(11);
  for (int world = 0; world < 50; world++) {
    Board board(4);
    board.configure(
        R"({"group_1":1,"group_2":1,"group_3":1,"dead_ms":300,"min_on_s":1,"min_off_s":2,"max_on_s":5})");
    fb::Millis at = 0;
    fb::Millis due = 0;
    bool was[4] = {};
    fb::Millis changed[4] = {};
    for (int step = 0; step < 2000; step++) {
      at += random() % 200;
      if (at >= due || random() % 3 == 0) due = board.run(at);
      const int channel = static_cast<int>(1 + random() % 4);
      if (random() % 2 != 0 ? board.on(channel, at) : board.off(channel, at)) due = board.run(at);
      int group_on = 0;
      for (size_t i = 0; i < 4; i++) {
        const bool level = board.pins[i].level;
        if (i < 3) group_on += level;
        if (level == was[i]) {
          EXPECT(!level || at - changed[i] <= 5000 + 200);
          continue;
        }
        EXPECT(at - changed[i] >= (level ? 2000u : 1000u));
        for (size_t other = 0; other < 3 && level && i < 3; other++)
          if (other != i) EXPECT(!was[other] && at - changed[other] >= 300);
        was[i] = level;
        changed[i] = at;
      }
      EXPECT(group_on <= 1);
    }
  }
}

FB_TEST("relay of a group that was made while both were on leaves only the first on") {
  Board board(2);
  (void)board.run(0);
  EXPECT(board.on(1, 0) && board.on(2, 0));
  board.configure(R"({"group_1":1,"group_2":1})", 100);
  (void)board.run(100);
  EXPECT(board.pins[0].level && !board.pins[1].level);
}

FB_TEST("relay takes a state back as soon as its times allow") {
  Board board(2);
  board.configure(R"({"min_off_s":5,"group_1":1,"group_2":1})");
  board.restore(R"({"channels":[{"on":false},{"on":true}]})");
  EXPECT(board.run(1000) == 6000);
  EXPECT(!board.pins[1].level);
  EXPECT(board.run(6000) == fb::kNever);
  EXPECT(board.pins[1].level && !board.pins[0].level);
  EXPECT(board.state() == R"({"channels":[{"on":false,"cut":false},{"on":true,"cut":false}]})");

  Board told(1);  // what a person says meanwhile counts for more
  told.configure(R"({"min_off_s":5})");
  told.restore(R"({"on":true})");
  EXPECT(told.run(0) == 5000);
  EXPECT(told.act(R"({"on":false})", 1000) == fb::Status::kOk);
  EXPECT(told.run(5000) == fb::kNever);
  EXPECT(!told.pins[0].level);
}

FB_TEST("relay does not take back a state that its groups forbid, nor what is none") {
  Board board(2);
  board.configure(R"({"group_1":1,"group_2":1,"dead_ms":0})");
  board.restore(R"({"channels":[{"on":true},{"on":true}]})");
  EXPECT(board.run(0) == fb::kNever);
  EXPECT(board.pins[0].level && !board.pins[1].level);
  EXPECT(board.off(1, 10));
  (void)board.run(20);
  EXPECT(!board.pins[0].level && !board.pins[1].level);
  Board odd(2);
  const char* const none[] = {"[]", "3", R"({"channels":{"on":true}})", R"({"channels":[1,2,3,4,5,6]})", R"({"on":true})"};
  for (const char* state : none) odd.restore(state);
  (void)odd.run(0);
  EXPECT(!odd.pins[0].level && !odd.pins[1].level);
}

FB_TEST("relay releases all at its end, however short they were on") {
  Board board(3);
  board.configure(R"({"min_on_s":60})");
  (void)board.run(0);
  EXPECT(board.on(1, 0) && board.on(3, 0));
  board.relay.cleanup({10, 0});
  for (const Pin& pin : board.pins) EXPECT(!pin.level);
  EXPECT(board.state() == R"({"channels":[{"on":false,"cut":false},{"on":false,"cut":false},{"on":false,"cut":false}]})");
}

FB_TEST("relay refuses what does not fit and names the member") {
  Board board(2);
  const std::pair<const char*, const char*> acts[] = {{"3", ""},
                                                      {R"({"on":true})", "channel"},
                                                      {R"({"channel":0,"on":true})", "channel"},
                                                      {R"({"channel":3,"on":true})", "channel"},
                                                      {R"({"channel":1.5,"on":true})", "channel"},
                                                      {R"({"channel":"1","on":true})", "channel"},
                                                      {R"({"channel":1})", "on"},
                                                      {R"({"channel":1,"on":1})", "on"}};
  for (const auto& [input, field] : acts) {
    EXPECT_IN(input, board.act(input, 0) == fb::Status::kInvalid);
    EXPECT_IN(input, board.fault.field == field);
  }
  EXPECT(board.configure(R"({"max_on_s":5,"min_on_s":6})") == "max_on_s");
  EXPECT(board.configure(R"({"max_on_s":0.5})") == "max_on_s");
  EXPECT(board.configure(R"({"group_2":3})") == "group_2");
  EXPECT(board.configure(R"({"dead_ms":-1})") == "dead_ms");
}

FB_TEST("relay schemas speak of the channels that there are") {
  char text[2048];
  for (const size_t count : {size_t{1}, size_t{3}}) {
    Board board(count);
    fb::JsonWriter options(text, sizeof text);
    board.relay.write_execute_options(options);
    const std::string acts(options.finish().value_or("spoilt"));
    EXPECT((acts.find(R"("required":["channel","on"])") != std::string::npos) == (count == 3));
    EXPECT((acts.find(R"("maximum":3)") != std::string::npos) == (count == 3));
    fb::JsonWriter schema(text, sizeof text);
    board.relay.write_config_schema(schema);
    const std::string config(schema.finish().value_or("spoilt"));
    EXPECT((config.find("group_3") != std::string::npos) == (count == 3));
    EXPECT(config.find("group_4") == std::string::npos);
  }
}
