#include "core/http_api.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "core/http_metrics.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using fb::Access;
using fb::HttpAnswer;
using fb::HttpRequest;
using fb::Now;
using Json = nlohmann::json;

namespace {

constexpr Now kHttpNow{2000, 1763690000250};

/// A device with the token of each role, or without any.
struct HttpBench final : fb::ApiPort {
  explicit HttpBench(bool with_tokens = false, std::string_view allowed_origin = {})
      : tokens(with_tokens), api(*this, body, {true, allowed_origin}, buffer, sizeof buffer) {
    EXPECT(node.start("", {1000, kHttpNow.unix_ms}) == fb::Status::kOk);
    node.step({1000, kHttpNow.unix_ms});
  }

  std::string_view handle(std::string_view json, Access access, const Now& now) override {
    asked = std::string(json);
    calls++;
    return node.device().handle(json, access, now);
  }
  std::string_view handle_sealed(std::string_view json, const Now&) override {
    return json.find("again") != std::string_view::npos ? "" : R"({"sealed":true})";
  }
  Access access_of(std::string_view token) override {
    if (!tokens) return Access::kAdmin;
    return token == "v" ? Access::kViewer : token == "o" ? Access::kOperator : token == "a" ? Access::kAdmin : Access::kNone;
  }
  bool guarded() const override { return tokens; }

  HttpAnswer get(std::string_view target, std::string_view token = {}) { return send("GET", target, {}, token); }
  HttpAnswer send(std::string_view method, std::string_view target, std::string_view sent, std::string_view token = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = sent;
    request.content_type = sent.empty() ? "" : "application/json";
    request.api_key = token;
    return api.answer(request, kHttpNow);
  }

  bool tokens;
  fb::FakeBody body;
  fb::VirtualNode node{fb::test_identity(), 7, body.body()};
  char buffer[16384];
  fb::HttpApi api;
  std::string asked;
  int calls = 0;
};

std::string header(const HttpAnswer& answer, std::string_view name) {
  std::string found;
  for (size_t i = 0; i < answer.header_count; i++)
    if (answer.headers[i].name == name) found += (found.empty() ? "" : " & ") + std::string(answer.headers[i].value);
  return found;
}

std::string metrics_of(const std::string& json, size_t capacity = 4096) {
  static fb::JsonToken tokens[256];
  static char buffer[4096];
  fb::JsonDocument document(tokens, 256);
  EXPECT_IN(json, document.parse(json).ok());
  const fb::Expected<std::string_view> text = fb::HttpMetrics(buffer, capacity).write(document.root());
  if (!text.ok()) return text.status() == fb::Status::kNoSpace ? "no space" : "invalid";
  return std::string(text.value());
}

}  // namespace

FB_TEST("each path gives what its method of the Device API gives") {
  HttpBench bench;
  const auto result = [&](std::string_view target) {
    const HttpAnswer answer = bench.get(target);
    EXPECT_IN(std::string(target), answer.status == 200 && header(answer, "Content-Type") == "application/json");
    return Json::parse(answer.body);
  };
  EXPECT(result("/api/system/status")["id"] == "sim-vector");
  EXPECT(result("/api/components")["components"].size() == 2);
  EXPECT(result("/api/components/led")["type"] == "led");
  EXPECT(result("/api/components/l%65d")["id"] == "led");
  EXPECT(result("/api/components/led/options")["properties"].contains("brightness"));
}

FB_TEST("a component is executed, set, added and removed") {
  HttpBench bench;
  EXPECT(Json::parse(bench.send("POST", "/api/components/led/execute", R"({"on":true})").body)["output"]["on"] == true);
  EXPECT(bench.node.lamp().duty() > 0);
  const HttpAnswer set = bench.send("PUT", "/api/components/climate", R"({"id":"led","config":{"base_c":-5}})");
  EXPECT_IN(std::string(set.body), set.status == 200 && Json::parse(set.body)["applied"][0] == "climate");
  EXPECT(Json::parse(bench.get("/api/components/climate").body)["config"]["base_c"] == -5);
  const HttpAnswer added = bench.send("POST", "/api/components", R"({"id":"contacts","type":"relay"})");
  EXPECT_IN(std::string(added.body), added.status == 200 && Json::parse(added.body)["added"] == "contacts");
  EXPECT(bench.get("/api/components/contacts").status == 200);
  EXPECT(Json::parse(bench.send("DELETE", "/api/components/contacts", {}).body)["removed"] == "contacts");
  EXPECT(bench.get("/api/components/contacts").status == 404);
}

FB_TEST("a change on trial is asked for in the address") {
  HttpBench bench;
  const HttpAnswer set = bench.send("PUT", "/api/components/climate?trial_s=20", R"({"config":{"base_c":-5}})");
  EXPECT_IN(std::string(set.body), Json::parse(set.body)["trial_s"] == 20);
  for (const char* wrong : {"?trial_s=20,\"x\":1", "?trial_s=-1", "?trial_s=020", "?trial_s=99999"})
    EXPECT_IN(wrong, bench.send("PUT", std::string("/api/components/climate") + wrong, R"({"config":{}})").status == 400);
  EXPECT(bench.send("DELETE", "/api/components/climate?trial_s=5", {}).status == 400);
}

FB_TEST("the same Idempotency-Key is carried out once, and without one each request is its own") {
  HttpBench bench;
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/components/led/execute";
  request.content_type = "application/json; charset=utf-8";
  request.idempotency_key = "once";
  request.body = R"({"on":true})";
  EXPECT(bench.api.answer(request, kHttpNow).status == 200);
  request.body = R"({"on":false})";
  EXPECT(Json::parse(bench.api.answer(request, kHttpNow).body)["output"]["on"] == true);
  request.idempotency_key = {};
  EXPECT(Json::parse(bench.api.answer(request, kHttpNow).body)["output"]["on"] == false);
  request.body = R"({"on":true})";
  EXPECT(Json::parse(bench.api.answer(request, kHttpNow).body)["output"]["on"] == true);
}

FB_TEST("no body reaches beyond its place in the request that is made of it") {
  HttpBench bench;
  for (const char* body : {R"({}},"method":"system.restart","params":{"input":{})", "{}{}", "[]", "3", "", "{\"on\":tru}"}) {
    const HttpAnswer answer = bench.send("POST", "/api/components/led/execute", body);
    EXPECT_IN(body, answer.status == 400 && bench.calls == 0);
  }
  EXPECT(bench.get("/api/components/x%22,%22y").status == 404);
  EXPECT_IN(bench.asked, Json::parse(bench.asked)["params"]["id"] == "x\",\"y");
  EXPECT(bench.get("/api/components/%ff").status == 400);
  EXPECT(bench.get("/api/components/%4").status == 400);
  EXPECT(bench.get("/api/components/" + std::string(65, 'x')).status == 404);
}

FB_TEST("faults of the Device API have their status, and tell the same error") {
  HttpBench bench;
  const HttpAnswer missing = bench.get("/api/components/fan");
  EXPECT(missing.status == 404 && Json::parse(missing.body)["error"]["code"] == -32000);
  const HttpAnswer bad = bench.send("POST", "/api/components/led/execute", R"({"brightness":500})");
  EXPECT(bad.status == 400 && Json::parse(bad.body)["error"]["data"]["field"] == "input.brightness");
  EXPECT(bench.send("POST", "/api/components/climate/execute", "{}").status == 409);
  bench.body.cut_write = 0;
  bench.body.writes = 1;
  EXPECT(bench.send("POST", "/api/components/led/execute", R"({"on":true})").status == 507);
}

FB_TEST("what HTTP itself must refuse never reaches the device") {
  HttpBench bench;
  for (const char* path : {"/", "", "/api", "/api/component", "/api/components/", "/api/componentsled", "/api/components/led/",
                           "/api/components/led/execute/now", "/metrics/"})
    EXPECT_IN(path, bench.get(path).status == 404);
  const HttpAnswer wrong = bench.send("DELETE", "/api/components", {});
  EXPECT(wrong.status == 405 && header(wrong, "Allow") == "GET, HEAD, POST, OPTIONS");
  EXPECT(bench.get("/api/components/led/execute").status == 405);
  EXPECT(bench.send("TRACE", "/api/system/status", {}).status == 405);
  EXPECT(bench.send("POST", "/api/rpc", std::string(4097, ' ')).status == 413);
  HttpRequest form;
  form.method = "POST";
  form.target = "/api/components/led/execute";
  form.body = R"({"on":true})";
  form.content_type = "text/plain";
  EXPECT(bench.api.answer(form, kHttpNow).status == 415);
  EXPECT(bench.calls == 0);
}

FB_TEST("a token opens what its role may, as a bearer or as an API key") {
  HttpBench bench(true);
  const HttpAnswer none = bench.get("/api/system/status");
  EXPECT(none.status == 401 && header(none, "WWW-Authenticate") == "Bearer");
  EXPECT(bench.get("/api/system/status", "wrong").status == 401);
  EXPECT(bench.get("/metrics").status == 401);
  EXPECT(bench.get("/api/system/status", "v").status == 200);
  EXPECT(bench.send("POST", "/api/components/led/execute", R"({"on":true})", "v").status == 403);
  EXPECT(bench.node.lamp().duty() == 0);
  EXPECT(bench.send("POST", "/api/components/led/execute", R"({"on":true})", "o").status == 200);
  EXPECT(bench.send("PUT", "/api/components/led", R"({"enabled":false})", "o").status == 403);
  EXPECT(bench.send("PUT", "/api/components/led", R"({"enabled":false})", "a").status == 200);
  HttpRequest request;
  request.method = "GET";
  request.target = "/api/system/status";
  request.authorization = "bearer v";
  EXPECT(bench.api.answer(request, kHttpNow).status == 200);
  // Of two that disagree neither is guessed at: the one that the standard knows counts.
  request.authorization = "Basic dg==";
  request.api_key = "v";
  EXPECT(bench.api.answer(request, kHttpNow).status == 401);
}

FB_TEST("raw JSON-RPC is answered as it is, errors too") {
  HttpBench bench;
  const HttpAnswer answer = bench.send("POST", "/api/rpc", R"({"jsonrpc":"2.0","id":"1","method":"nothing"})");
  EXPECT(answer.status == 200 && Json::parse(answer.body)["error"]["code"] == -32601 && Json::parse(answer.body)["id"] == "1");
  EXPECT(bench.send("POST", "/api/rpc", "").status == 200);
  HttpBench guarded(true);
  const char request[] = R"({"jsonrpc":"2.0","id":"1","method":"system.restart"})";
  EXPECT(guarded.send("POST", "/api/rpc", request).status == 401);
  const HttpAnswer denied = guarded.send("POST", "/api/rpc", request, "v");
  EXPECT(denied.status == 403 && Json::parse(denied.body)["error"]["code"] == -32003);
  // Before it was given keys, a page must be able to ask whether it needs some.
  EXPECT(guarded.send("POST", "/api/rpc", R"({"jsonrpc":"2.0","id":"1","method":"keys.status"})").status == 200);
}

FB_TEST("a sealed message is believed for its seal, and taken once") {
  HttpBench bench(true);
  const HttpAnswer answer = bench.send("POST", "/api/rpc", R"({"kid":"viewer","n":"1.1"})");
  EXPECT(answer.status == 200 && answer.body == R"({"sealed":true})" && bench.calls == 0);
  EXPECT(bench.send("POST", "/api/rpc", R"({"kid":"again"})").status == 409);
}

FB_TEST("pages of this machine may ask a device without a secret, and foreign ones may not") {
  HttpBench bench(false, "https://bench.example");
  HttpRequest request;
  request.method = "GET";
  request.target = "/api/system/status";
  const auto status = [&](std::string_view origin) {
    request.origin = origin;
    const HttpAnswer answer = bench.api.answer(request, kHttpNow);
    EXPECT_IN(std::string(origin), header(answer, "Access-Control-Allow-Origin") == (answer.status == 200 ? origin : ""));
    return answer.status;
  };
  for (const char* origin : {"http://localhost", "http://localhost:5173", "https://127.0.0.1:8443", "http://[::1]:80",
                             "https://bench.example"})
    EXPECT_IN(origin, status(origin) == 200);
  for (const char* origin : {"https://evil.example", "http://localhost.evil.example", "http://localhost:80.evil", "null",
                             "https://bench.example.evil", "ftp://localhost"})
    EXPECT_IN(origin, status(origin) == 403);
  EXPECT(bench.calls == 5);

  HttpBench guarded(true);
  request.api_key = "v";
  const HttpAnswer answer = guarded.api.answer(request, kHttpNow);
  EXPECT(answer.status == 200 && header(answer, "Access-Control-Allow-Origin") == "*");
}

FB_TEST("a preflight is answered without a token, the private network's too") {
  HttpBench bench(true);
  HttpRequest request;
  request.method = "OPTIONS";
  request.target = "/api/components/led";
  request.origin = "https://bench.example";
  request.asked_method = "PUT";
  request.asks_private_network = true;
  HttpAnswer answer = bench.api.answer(request, kHttpNow);
  EXPECT(answer.status == 204 && answer.body.empty() && bench.calls == 0);
  EXPECT(header(answer, "Access-Control-Allow-Methods") == "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT(header(answer, "Access-Control-Allow-Headers") == "Authorization, Content-Type, X-API-Key, Idempotency-Key");
  EXPECT(header(answer, "Access-Control-Allow-Private-Network") == "true");
  request.asks_private_network = false;
  answer = bench.api.answer(request, kHttpNow);
  EXPECT(header(answer, "Access-Control-Allow-Private-Network").empty());
}

FB_TEST("a simulated device says so in every answer") {
  HttpBench bench;
  for (const char* path : {"/api/system/status", "/metrics", "/nowhere", "/api/components/fan"})
    EXPECT_IN(path, header(bench.get(path), "X-Data-Source") == "simulation");
  fb::HttpApi real(bench, bench.body, {}, bench.buffer, sizeof bench.buffer);
  HttpRequest request;
  request.method = "GET";
  request.target = "/api/system/status";
  EXPECT(header(real.answer(request, kHttpNow), "X-Data-Source").empty());
}

FB_TEST("HEAD has the headers of GET and no body") {
  HttpBench bench;
  const HttpAnswer answer = bench.send("HEAD", "/api/components", {});
  EXPECT(answer.status == 200 && answer.body.empty() && header(answer, "Content-Type") == "application/json");
}

FB_TEST("metrics are the figures of diagnostics.get") {
  HttpBench bench;
  const HttpAnswer answer = bench.get("/metrics");
  const std::string text(answer.body);
  EXPECT(answer.status == 200 && header(answer, "Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_IN(text, text.find("fieldbench_heap_free 100000\n") != std::string::npos);
  for (const char* line : {"bytes_out 20", "messages_in 3", "bytes_in 40", "lost_out 5", "lost_in 6"})
    EXPECT_IN(text, text.find("fieldbench_mqtt_" + std::string(line) + "\n") != std::string::npos);
  EXPECT_IN(text, text.find("fieldbench_components_runs{id=\"climate\"} 1\nfieldbench_components_runs{id=\"led\"}") !=
                      std::string::npos);
}

FB_TEST("metrics of as many components as there can be leave through a small buffer, whole, whatever happens between two pieces") {
  HttpBench bench;
  for (int i = 0; i < 17; i++) {
    const Json added = {{"id", "c" + std::to_string(i)}, {"type", "sim-climate"}};
    EXPECT(bench.send("POST", "/api/components", added.dump()).status == 200);
  }
  const auto scrape = [&](fb::HttpApi& api, bool disturb, int& pieces) {
    HttpRequest request;
    request.method = "GET";
    request.target = "/metrics";
    const HttpAnswer answer = api.answer(request, kHttpNow);
    EXPECT_IN(std::string(answer.body), answer.status == 200);
    std::string text(answer.body);
    pieces = 1;
    for (bool more = answer.more; more; pieces++) {
      if (disturb)
        (void)bench.node.device().handle(R"({"jsonrpc":"2.0","id":"2","method":"components.list"})", Access::kOwner, kHttpNow);
      const fb::HttpPiece piece = api.rest();
      EXPECT(!piece.text.empty() && piece.text.back() == '\n');
      text += piece.text;
      more = piece.more;
    }
    EXPECT(api.rest().text.empty());
    return text;
  };
  static char small[fb::HttpApi::kLeastBuffer];
  static char large[65536];
  fb::HttpApi narrow(bench, bench.body, {}, small, sizeof small);
  fb::HttpApi wide(bench, bench.body, {}, large, sizeof large);
  const std::string asked = R"({"jsonrpc":"2.0","id":"1","method":"diagnostics.get"})";
  const Json figures = Json::parse(bench.node.device().handle(asked, Access::kOwner, kHttpNow))["result"];
  int pieces = 0;
  const std::string whole = scrape(wide, false, pieces);
  EXPECT(pieces == 1);
  const std::string parts = scrape(narrow, true, pieces);
  EXPECT_IN(std::to_string(pieces), pieces > 2);
  const auto names = [](const std::string& text) {
    std::string found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) found += line.substr(0, line.rfind(' ')) + "\n";
    return found;
  };
  EXPECT_IN(names(parts), names(parts) == names(whole) && figures["components"].size() == 19);
  for (const Json& component : figures["components"])
    EXPECT(parts.find("fieldbench_components_late{id=" + component["id"].dump() + "} ") != std::string::npos);
}

FB_TEST("numbers are flattened, each name's lines together, and nothing else is told") {
  EXPECT(metrics_of(R"({"a":1.5e3,"b":{"c":{"d":-2}},"t":"text","n":null,"on":true,"x y":0})") ==
         "fieldbench_a 1.5e3\nfieldbench_b_c_d -2\nfieldbench_on 1\nfieldbench_x_y 0\n");
  EXPECT(metrics_of(R"({"p":[{"id":"one","r":1,"s":2},{"r":9},{"id":"t\"\n\\","r":3,"q":4,"o":{"z":1}}],"l":[1,2]})") ==
         "fieldbench_p_r{id=\"one\"} 1\nfieldbench_p_r{id=\"t\\\"\\n\\\\\"} 3\nfieldbench_p_s{id=\"one\"} 2\n"
         "fieldbench_p_q{id=\"t\\\"\\n\\\\\"} 4\n");
  EXPECT(metrics_of(R"({"a":1})", 14) == "no space");
  EXPECT(metrics_of(R"({"a":1,"bb":2})", 16) == "fieldbench_a 1\n");
  EXPECT(metrics_of("[]") == "invalid");
  EXPECT(metrics_of(R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}})") == "invalid");
  EXPECT(metrics_of("{\"" + std::string(64, 'a') + "\":{\"" + std::string(64, 'b') + "\":1}}") == "invalid");
}

FB_TEST("whatever comes as an address, a method or a body, there is an answer") {
  uint32_t state = 1;
  const auto next = [&](uint32_t below) { return (state = state * 1664525u + 1013904223u) / 65536 % below; };
  const std::string heads[] = {"", "/", "/api/", "/api/components/", "/api/components/led", "/metrics", "/api/rpc"};
  const std::string methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "", "get"};
  HttpBench bench;
  for (int i = 0; i < 3000; i++) {
    std::string target = heads[next(7)];
    for (uint32_t n = next(12); n > 0; n--) target += "/%?&=led2xF\"\\\xff"[next(14)];
    std::string body;
    for (uint32_t n = next(12); n > 0; n--) body += "{}[]\":,1 a\xff"[next(11)];
    const HttpAnswer answer = bench.send(methods[next(8)], target, body);
    EXPECT_IN(target, answer.status >= 200 && answer.status < 508);
    if (!answer.body.empty() && header(answer, "Content-Type") == "application/json")
      EXPECT_IN(target, Json::accept(answer.body));
  }
}
