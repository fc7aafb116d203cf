#include "components/led/led.h"

#include <cmath>
#include <string>
#include <vector>

#include "ports/host/test.h"

namespace {

class Duty final : public fb::PwmOut {
 public:
  void set_duty(double duty) override { set.push_back(duty); }
  double now() const { return set.back(); }
  std::vector<double> set;
};

struct Lamp {
  fb::Status act(const char* input, fb::Millis at) {
    fb::JsonToken tokens[16];
    fb::JsonDocument document(tokens, 16);
    EXPECT(document.parse(input).ok());
    char text[128];
    fb::JsonWriter out(text, sizeof text);
    fault = {};
    const fb::Status status = led.execute_now(document.root(), out, fault, {at, 0});
    output = std::string(out.finish().value_or(""));
    return status;
  }
  /// Plans a change and takes the outcome on; the whole configuration, or the member that does not fit.
  std::string configure(const char* change, fb::Millis at = 0) {
    fb::JsonToken tokens[16];
    fb::JsonDocument document(tokens, 16);
    EXPECT(document.parse(change).ok());
    char text[128];
    fb::JsonWriter out(text, sizeof text);
    fault = {};
    if (led.plan_config(document.root(), out, fault) != fb::Status::kOk) return std::string(fault.field);
    const std::string whole(out.finish().value());
    EXPECT(document.parse(whole).ok());
    led.init(document.root(), {at, 0});
    return whole;
  }
  void restore(const char* state, fb::Millis at) {
    fb::JsonToken tokens[16];
    fb::JsonDocument document(tokens, 16);
    EXPECT(document.parse(state).ok());
    led.set_state(document.root(), {at, 0});
  }
  std::string state() const {
    char text[128];
    fb::JsonWriter out(text, sizeof text);
    led.write_state(out);
    return std::string(out.finish().value());
  }
  /// Runs it as due from `from` to its end; when that was.
  fb::Millis run(fb::Millis from) {
    for (fb::Millis at = from;;) {
      const fb::Millis next = led.execute({at, 0}).value();
      if (next == fb::kNever) return at;
      EXPECT(next > at && next <= at + 20);
      at = next;
    }
  }

  Duty duty;
  fb::Led led{duty};
  fb::Fault fault;
  std::string output;
};

bool near(double a, double b) { return std::fabs(a - b) < 1e-6; }

}  // namespace

FB_TEST("led is off until told, and keeps its brightness while off") {
  Lamp lamp;
  EXPECT(lamp.duty.now() == 0);
  EXPECT(lamp.state() == R"({"on":false,"brightness":100})");
  EXPECT(lamp.act(R"({"brightness":40})", 0) == fb::Status::kOk);
  EXPECT(lamp.duty.now() == 0);
  EXPECT(lamp.act(R"({"on":true})", 0) == fb::Status::kOk);
  EXPECT(lamp.output == R"({"on":true,"brightness":40})");
  EXPECT(near(lamp.duty.now(), 0.4));
  EXPECT(lamp.led.execute({0, 0}).value() == fb::kNever);
}

FB_TEST("led fades evenly to what it was told, in steps that nobody sees") {
  Lamp lamp;
  EXPECT(lamp.act(R"({"on":true,"fade_ms":1000})", 5000) == fb::Status::kOk);
  EXPECT(lamp.output == R"({"on":true,"brightness":100})");
  EXPECT(lamp.duty.now() == 0);
  EXPECT(lamp.run(5000) == 6000);
  EXPECT(lamp.duty.now() == 1);
  EXPECT(lamp.duty.set.size() >= 50);
  for (size_t i = 3; i < lamp.duty.set.size(); i++) EXPECT(near(lamp.duty.set[i] - lamp.duty.set[i - 1], 0.02));
}

FB_TEST("led begins a fade where the one before it was broken off") {
  Lamp lamp;
  EXPECT(lamp.act(R"({"on":true,"fade_ms":1000})", 0) == fb::Status::kOk);
  EXPECT(lamp.act(R"({"on":false,"fade_ms":400})", 600) == fb::Status::kOk);
  EXPECT(near(lamp.duty.now(), 0.6));
  (void)lamp.led.execute({800, 0});
  EXPECT(near(lamp.duty.now(), 0.3));
  EXPECT(lamp.act(R"({"on":true,"brightness":10,"fade_ms":0})", 900) == fb::Status::kOk);
  EXPECT(near(lamp.duty.now(), 0.1));
  EXPECT(lamp.led.execute({900, 0}).value() == fb::kNever);
}

FB_TEST("led fades as configured where the act does not say") {
  Lamp lamp;
  EXPECT(lamp.configure(R"({"fade_ms":200})") == R"({"fade_ms":200})");
  EXPECT(lamp.act(R"({"on":true})", 0) == fb::Status::kOk);
  EXPECT(lamp.run(0) == 200);
  EXPECT(lamp.act(R"({"on":false,"fade_ms":0})", 300) == fb::Status::kOk);
  EXPECT(lamp.duty.now() == 0);
}

FB_TEST("led goes by its gamma and its limit") {
  Lamp lamp;
  EXPECT(lamp.act(R"({"on":true,"brightness":50})", 0) == fb::Status::kOk);
  EXPECT(lamp.configure(R"({"gamma":2,"max_pct":80})") == R"({"gamma":2,"max_pct":80})");
  (void)lamp.led.execute({0, 0});
  EXPECT(near(lamp.duty.now(), 0.2));
  EXPECT(lamp.act(R"({"brightness":100})", 0) == fb::Status::kOk);
  EXPECT(near(lamp.duty.now(), 0.8));
  for (const char* input : {R"({"brightness":0})", R"({"brightness":33})", R"({"brightness":100,"fade_ms":500})"}) {
    EXPECT(lamp.act(input, 0) == fb::Status::kOk);
    (void)lamp.run(0);
    for (const double duty : lamp.duty.set) EXPECT(duty >= 0 && duty <= 0.8 + 1e-9);
    lamp.duty.set.clear();
  }
}

FB_TEST("led configuration leaves defaults out, and a default can be given back") {
  Lamp lamp;
  EXPECT(lamp.configure("{}") == "{}");
  EXPECT(lamp.configure(R"({"fade_ms":200,"max_pct":50})") == R"({"fade_ms":200,"max_pct":50})");
  EXPECT(lamp.configure(R"({"fade_ms":0})") == R"({"max_pct":50})");
  lamp.led.init({}, {0, 0});  // none at all: the one it has
  EXPECT(lamp.configure("{}") == R"({"max_pct":50})");
  EXPECT(lamp.configure(R"({"max_pct":100})") == "{}");
  EXPECT(lamp.act(R"({"on":true})", 0) == fb::Status::kOk);
  EXPECT(lamp.duty.now() == 1);
}

FB_TEST("led refuses what does not fit and names the member") {
  Lamp lamp;
  const std::pair<const char*, const char*> acts[] = {{"{}", ""},
                                                      {"3", ""},
                                                      {R"({"fade_ms":100})", ""},
                                                      {R"({"on":1})", "on"},
                                                      {R"({"brightness":101})", "brightness"},
                                                      {R"({"brightness":-1})", "brightness"},
                                                      {R"({"on":true,"fade_ms":60001})", "fade_ms"},
                                                      {R"({"on":true,"fade_ms":"fast"})", "fade_ms"}};
  for (const auto& [input, field] : acts) {
    EXPECT_IN(input, lamp.act(input, 0) == fb::Status::kInvalid);
    EXPECT_IN(input, lamp.fault.field == field);
  }
  EXPECT(lamp.led.state_version() == 0);
  const std::pair<const char*, const char*> changes[] = {
      {"3", ""}, {R"({"fade_ms":60001})", "fade_ms"}, {R"({"gamma":0.5})", "gamma"}, {R"({"max_pct":0})", "max_pct"}};
  for (const auto& [change, field] : changes) EXPECT_IN(change, lamp.configure(change) == field);
}

FB_TEST("led takes a state back without a fade, and passes over what is none") {
  Lamp lamp;
  lamp.configure(R"({"fade_ms":1000})");
  lamp.restore(R"({"on":true,"brightness":25,"colour":"red"})", 0);
  (void)lamp.led.execute({0, 0});
  EXPECT(near(lamp.duty.now(), 0.25));
  EXPECT(lamp.state() == R"({"on":true,"brightness":25})");
  lamp.restore(R"({"on":"yes","brightness":400})", 0);
  lamp.restore("[]", 0);
  EXPECT(lamp.state() == R"({"on":true,"brightness":25})");
}

FB_TEST("led is off after its end, and says so") {
  Lamp lamp;
  EXPECT(lamp.act(R"({"on":true,"fade_ms":1000})", 0) == fb::Status::kOk);
  const uint32_t version = lamp.led.state_version();
  (void)lamp.led.execute({400, 0});
  EXPECT(lamp.duty.now() > 0);
  lamp.led.cleanup({500, 0});
  EXPECT(lamp.duty.now() == 0);
  EXPECT(lamp.state() == R"({"on":false,"brightness":100})");
  EXPECT(lamp.led.state_version() == version + 1);
  (void)lamp.led.execute({600, 0});
  EXPECT(lamp.duty.now() == 0);
}

FB_TEST("led state version rises only where the state is another") {
  Lamp lamp;
  EXPECT(lamp.act(R"({"on":true,"fade_ms":1000})", 0) == fb::Status::kOk);
  EXPECT(lamp.led.state_version() == 1);
  (void)lamp.run(0);
  EXPECT(lamp.act(R"({"on":true,"brightness":100})", 2000) == fb::Status::kOk);
  EXPECT(lamp.led.state_version() == 1);
  EXPECT(lamp.act(R"({"brightness":99})", 2000) == fb::Status::kOk);
  EXPECT(lamp.led.state_version() == 2);
}
