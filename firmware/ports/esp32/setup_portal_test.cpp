#include "ports/esp32/setup_portal.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "ports/host/fake_board.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using Json = nlohmann::json;
using fb::HttpAnswer;
using fb::esp32::SetupPortal;

namespace {

/// A board without settings, whose portal is open, beside one network: `Bench` with the password `right`.
struct PortalBench final : fb::ApiPort {
  PortalBench() : parts(hal.parts()) {
    node = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, body.body(), &parts);
    EXPECT(node->start("", now) == fb::Status::kOk);
    portal = std::make_unique<SetupPortal>(parts.network, *this, body);
    portal->open(true, now);
    asked.clear();
  }
  std::string_view handle(std::string_view json, fb::Access access, const fb::Now& at) override {
    asked.push_back(Json::parse(json));
    return node->device().handle(json, access, at);
  }
  std::string_view handle_sealed(std::string_view, const fb::Now&) override { return {}; }
  fb::Access access_of(std::string_view) override { return fb::Access::kNone; }
  bool guarded() const override { return false; }

  void run(fb::Millis ms) {
    for (const fb::Millis end = now.mono + ms; now.mono < end; now.mono += 50) {
      node->step(now);
      portal->step(now);
    }
  }
  HttpAnswer send(std::string_view method, std::string_view target, std::string_view sent = {},
                  std::string_view type = "application/json") {
    fb::HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = sent;
    request.content_type = type;
    HttpAnswer answer;
    mine = portal->answer(request, now, answer);
    return answer;
  }
  Json get(std::string_view target) { return Json::parse(send("GET", target).body); }
  Json set_up(const Json& form) { return Json::parse(send("POST", "/setup", form.dump()).body); }
  std::vector<std::string> methods() const {
    std::vector<std::string> names;
    for (const Json& each : asked) names.push_back(each["method"]);
    return names;
  }

  fb::FakeBody body;
  fb::FakeBoard hal;
  fb::BoardHal parts;
  fb::Now now{1000, 0};
  std::unique_ptr<fb::VirtualNode> node;
  std::unique_ptr<SetupPortal> portal;
  std::vector<Json> asked;
  bool mine = false;
};

std::string portal_header(const HttpAnswer& answer, std::string_view name) {
  for (size_t i = 0; i < answer.header_count; i++)
    if (answer.headers[i].name == name) return std::string(answer.headers[i].value);
  return {};
}

using Names = std::vector<std::string>;

}  // namespace

FB_TEST("a phone is set up with network, broker and name, and the board confirms them itself") {
  PortalBench bench;
  const Json form = {{"ssid", "Bench"}, {"password", "right"}, {"uri", "mqtt://broker"}, {"username", "node"},
                     {"secret", "hush \"hush\""}, {"name", "Küche"}};
  EXPECT(bench.set_up(form)["state"] == "joining");
  EXPECT((bench.methods() == Names{"system.rename", "mqtt.set", "wifi.set"}));
  EXPECT(bench.asked[1]["params"]["password"] == "hush \"hush\"");
  bench.run(5000);
  EXPECT(bench.methods().back() == "config.confirm");
  EXPECT((bench.get("/setup/status") == Json{{"state", "joined"}, {"ip", "10.0.0.2"}}));
  EXPECT(bench.node->device().identity().name.view() == "Küche");
  // What is stored outlives a restart.
  bench.hal.reset();
  bench.node = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, bench.body.body(), &bench.parts);
  EXPECT(bench.node->start("", bench.now) == fb::Status::kOk);
  for (int i = 0; i < 40; i++, bench.now.mono += 50) bench.node->step(bench.now);
  EXPECT(bench.hal.joined == fb::NetworkState::kJoined && bench.hal.opened > 0);
}

FB_TEST("where the settings cannot be read nobody is let in to make others") {
  PortalBench bench;
  bench.body.storage_fails = true;
  bench.node = std::make_unique<fb::VirtualNode>(fb::test_identity(), 7, bench.body.body(), &bench.parts);
  EXPECT(bench.node->start("", bench.now) == fb::Status::kOk);
  bench.portal = std::make_unique<SetupPortal>(bench.parts.network, bench, bench.body);
  bench.portal->open(false, bench.now);
  EXPECT(!bench.portal->is_open());
}

FB_TEST("the network alone is enough, and nothing else is touched") {
  PortalBench bench;
  (void)bench.set_up({{"ssid", "Bench"}, {"password", "right"}});
  EXPECT((bench.methods() == Names{"wifi.set"}));
  bench.run(5000);
  EXPECT(bench.get("/setup/status")["state"] == "joined");
}

FB_TEST("a wrong password is told, and can be typed again") {
  PortalBench bench;
  (void)bench.set_up({{"ssid", "Bench"}, {"password", "wrong"}});
  bench.run(5000);
  EXPECT((bench.get("/setup/status") == Json{{"state", "failed"}, {"reason", "wrong-password"}}));
  EXPECT((bench.methods() == Names{"wifi.set"}));
  (void)bench.set_up({{"ssid", "Bench"}, {"password", "right"}});
  EXPECT(bench.get("/setup/status")["state"] == "joining");
  bench.run(6000);
  EXPECT(bench.get("/setup/status")["state"] == "joined");
}

FB_TEST("the network that a board is in already does not confirm another one") {
  PortalBench bench;
  (void)bench.set_up({{"ssid", "Bench"}, {"password", "right"}});
  bench.run(5000);
  bench.portal->open(false, bench.now);
  (void)bench.set_up({{"ssid", "Elsewhere"}, {"password", "x"}});
  bench.portal->step(bench.now);
  EXPECT(bench.get("/setup/status")["state"] == "joining");
  bench.run(6000);
  EXPECT(bench.get("/setup/status")["state"] == "failed");
  EXPECT(bench.methods().back() == "wifi.set");
}

FB_TEST("it closes a while after the join, or unused after ten minutes, but not before a board is set up") {
  PortalBench bench;
  bench.run(2 * SetupPortal::kUnusedMs);
  EXPECT(bench.portal->is_open());
  (void)bench.set_up({{"ssid", "Bench"}, {"password", "right"}});
  bench.run(10'000);
  EXPECT(bench.portal->is_open());
  bench.run(SetupPortal::kFarewellMs);
  EXPECT(!bench.portal->is_open());
  bench.portal->open(false, bench.now);
  bench.run(SetupPortal::kUnusedMs - 1000);
  EXPECT(bench.portal->is_open());
  bench.run(2000);
  EXPECT(!bench.portal->is_open());
  (void)bench.send("GET", "/");
  EXPECT(!bench.mine);
}

FB_TEST("a board needs it until it was told a network, by whatever way") {
  PortalBench bench;
  EXPECT(bench.portal->is_needed(bench.now));
  const char kBySomeone[] = R"({"jsonrpc":"2.0","id":"1","method":"wifi.set","params":{"ssid":"Bench","password":"right"}})";
  (void)bench.node->device().handle(kBySomeone, fb::Access::kOwner, bench.now);
  bench.run(3000);
  EXPECT(!bench.portal->is_needed(bench.now) && !bench.portal->is_open());
}

FB_TEST("a confirmation that was not stored is asked for again") {
  PortalBench bench;
  (void)bench.set_up({{"ssid", "Bench"}, {"password", "right"}});
  bench.body.cut_write = bench.body.writes;
  bench.run(5000);
  EXPECT(bench.get("/setup/status")["state"] == "joining");
  bench.body.power_back();
  bench.run(200);
  EXPECT(bench.get("/setup/status")["state"] == "joined");
}

FB_TEST("each member that does not fit is named, and then nothing has changed") {
  const std::pair<const char*, Json> cases[] = {
      {"body", Json::array()},
      {"ssid", Json::object()},
      {"ssid", {{"ssid", std::string(33, 'a')}}},
      {"ssid", {{"ssid", 7}}},
      {"password", {{"ssid", "Bench"}, {"password", std::string(65, 'a')}}},
      {"uri", {{"ssid", "Bench"}, {"uri", "http://broker"}}},
      {"uri", {{"ssid", "Bench"}, {"uri", "mqtt://" + std::string(200, 'a')}}},
      {"username", {{"ssid", "Bench"}, {"username", std::string(65, 'a')}}},
      {"secret", {{"ssid", "Bench"}, {"secret", nullptr}}},
      {"name", {{"ssid", "Bench"}, {"name", "a\tb"}}},
  };
  for (const auto& [wrong, form] : cases) {
    PortalBench bench;
    const HttpAnswer answer = bench.send("POST", "/setup", form.dump());
    EXPECT_IN(form.dump(), answer.status == 400 && Json::parse(answer.body)["error"] == wrong);
    bench.run(5000);
    EXPECT_IN(form.dump(), bench.hal.joined == fb::NetworkState::kOff);
  }
}

FB_TEST("the longest of everything fits") {
  PortalBench bench;
  const Json form = {{"ssid", std::string(32, '"')}, {"password", std::string(64, '\\')},
                     {"uri", "mqtt://" + std::string(193, 'a')}, {"username", std::string(64, '\1')},
                     {"secret", std::string(64, '\2')}, {"name", std::string(64, '"')}};
  EXPECT(bench.set_up(form)["state"] == "joining");
}

FB_TEST("networks are listed once they were heard, without those that have no name") {
  PortalBench bench;
  fb::AccessPoint named, hidden, broken;
  (void)named.ssid.assign("Home \"5\"");
  named.rssi_dbm = -61;
  named.secured = true;
  (void)broken.ssid.assign("\xff\xfe");
  bench.hal.heard = {hidden, broken, named};
  EXPECT((bench.get("/setup/networks") ==
          Json{{"listening", false}, {"networks", {{{"ssid", "Home \"5\""}, {"rssi", -61}, {"secured", true}}}}}));
  bench.hal.heard.assign(40, named);
  EXPECT(bench.get("/setup/networks")["networks"].size() == 16);
}

FB_TEST("a listing ends where the next name would not fit") {
  PortalBench bench;
  fb::AccessPoint point;
  (void)point.ssid.assign(std::string(32, '\1'));
  point.rssi_dbm = -100;
  bench.hal.heard.assign(20, point);
  const HttpAnswer answer = bench.send("GET", "/setup/networks");
  EXPECT(answer.status == 200 && Json::parse(answer.body)["networks"].size() == 10);
}

FB_TEST("every other path leads to the page, and the API stays the API") {
  PortalBench bench;
  const HttpAnswer page = bench.send("GET", "/?x=1");
  EXPECT(page.status == 200 && page.body == fb::esp32::setup_page());
  EXPECT(portal_header(page, "Content-Type") == "text/html; charset=utf-8");
  for (const char* path : {"/generate_204", "/hotspot-detect.html", "/connecttest.txt", "/setups", ""}) {
    const HttpAnswer answer = bench.send("GET", path);
    EXPECT_IN(path, answer.status == 302 && portal_header(answer, "Location") == SetupPortal::kHome && !answer.body.empty());
  }
  for (const char* path : {"/api/rpc", "/api/components/led", "/metrics"}) {
    (void)bench.send("GET", path);
    EXPECT_IN(path, !bench.mine);
  }
}

FB_TEST("a form of another page cannot set a board up") {
  PortalBench bench;
  const std::string form = R"({"ssid":"Bench","password":"right"})";
  EXPECT(bench.send("POST", "/setup", form, "text/plain").status == 415);
  EXPECT(bench.send("POST", "/setup", form, "").status == 415);
  EXPECT(bench.send("GET", "/setup").status == 405);
  EXPECT(bench.send("POST", "/").status == 405);
  EXPECT(bench.send("OPTIONS", "/setup").header_count == 2);
  EXPECT(bench.asked.empty());
}

FB_TEST("the page is small and needs nothing from elsewhere") {
  const std::string page(fb::esp32::setup_page());
  EXPECT(page.size() < 8192);
  for (const char* outside : {"https://", "src=", "href=", "@import", "url("})
    EXPECT_IN(outside, page.find(outside) == std::string::npos);
}

FB_TEST("any body is survived") {
  PortalBench bench;
  std::mt19937 random(4);
  const std::string form = R"({"ssid":"Bench","password":"right","name":"A"})";
  for (int i = 0; i < 3000; i++) {
    std::string body = form.substr(0, random() % (form.size() + 1));
    for (int k = 0; k < 3 && !body.empty(); k++) body[random() % body.size()] = static_cast<char>(random());
    const HttpAnswer answer = bench.send("POST", "/setup", body);
    EXPECT(answer.status == 200 || answer.status == 400);
  }
}
