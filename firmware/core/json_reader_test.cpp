#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "core/json_number.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "ports/host/test.h"

using Oracle = nlohmann::json;

namespace {

std::string from_base64(const std::string& text) {
  static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(alphabet.find(c));
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held);
  }
  return out;
}

Oracle vectors(const char* file) {
  std::ifstream in(std::string(FB_VECTORS "/") + file);
  return Oracle::parse(in);
}

/// Our tokens as the oracle's value. Numbers beyond every double are null, as the oracle refuses them.
Oracle told(const fb::JsonValue& value) {
  std::vector<char> buffer(value.raw().size() + 1);
  switch (value.type()) {
    case fb::JsonType::kTrue: return true;
    case fb::JsonType::kFalse: return false;
    case fb::JsonType::kNumber: return value.number().ok() ? Oracle(value.number().value()) : Oracle();
    case fb::JsonType::kString: return std::string(value.text(buffer.data(), buffer.size()).value());
    case fb::JsonType::kArray: {
      Oracle all = Oracle::array();
      for (fb::JsonValue v = value.first(); v.exists(); v = v.after(value)) all.push_back(told(v));
      return all;
    }
    case fb::JsonType::kObject: {
      Oracle all = Oracle::object();
      for (fb::JsonValue key = value.first(); key.exists();) {
        const fb::JsonValue member = key.after(value);
        all[told(key).get<std::string>()] = told(member);
        key = member.after(value);
      }
      return all;
    }
    default: return nullptr;
  }
}

size_t depth_of(const Oracle& value) {
  size_t deepest = 0;
  if (value.is_structured())
    for (const Oracle& member : value) deepest = std::max(deepest, depth_of(member));
  return value.is_structured() ? deepest + 1 : 0;
}

/// One text through both readers. A text in a heap block of its own size, so that reading past its end is seen.
void compare(const std::string& text) {
  static fb::JsonToken tokens[4096];
  const std::vector<char> exact(text.begin(), text.end());
  fb::JsonDocument document(tokens, 4096);
  const fb::JsonParse ours = document.parse({exact.data(), exact.size()});
  // Beyond every double is a number still by the grammar: the oracle alone refuses it.
  bool too_large = false;
  Oracle theirs;
  try {
    theirs = Oracle::parse(text);
  } catch (const Oracle::out_of_range&) {
    too_large = true;
  } catch (const Oracle::parse_error&) {
    EXPECT_IN(text, !ours.ok());
    return;
  }
  if (too_large) return;
  // To the oracle a NUL ends the text, to RFC 8259 it is no white space.
  if (text.find('\0') != std::string::npos) {
    EXPECT_IN(text, !ours.ok());
    return;
  }
  // Our BOM rule is stricter than the oracle's, as RFC 8259 section 8.1 allows both.
  if (text.rfind("\xef\xbb\xbf", 0) == 0) return;
  if (ours.fault == fb::JsonParse::Fault::kTooDeep) {
    EXPECT_IN(text, depth_of(theirs) > fb::kJsonMaxDepth);
    return;
  }
  EXPECT_IN(text, ours.ok());
  if (ours.ok()) EXPECT_IN(text, told(document.root()) == theirs);
}

Oracle random_value(std::mt19937& random, int depth) {
  static const char* pieces[] = {"a", "é", "\"", "\\", "\n", "😀", "/", "\x01", "z"};
  const auto text = [&] {
    std::string s;
    for (unsigned i = random() % 6; i > 0; i--) s += pieces[random() % 9];
    return s;
  };
  switch (random() % (depth > 5 ? 5 : 7)) {
    case 0: return nullptr;
    case 1: return (random() & 1) != 0;
    case 2: return static_cast<double>(static_cast<int32_t>(random()));
    case 3: return std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 400) - 200);
    case 4: return text();
    case 5: {
      Oracle all = Oracle::array();
      for (unsigned i = random() % 5; i > 0; i--) all.push_back(random_value(random, depth + 1));
      return all;
    }
    default: {
      Oracle all = Oracle::object();
      for (unsigned i = random() % 5; i > 0; i--) all[text()] = random_value(random, depth + 1);
      return all;
    }
  }
}

}  // namespace

FB_TEST("takes exactly the valid texts of json.json") {
  for (const Oracle& c : vectors("json.json")) {
    const std::string text = c.contains("base64") ? from_base64(c["base64"]) : c["text"].get<std::string>();
    fb::JsonToken tokens[64];
    fb::JsonDocument document(tokens, 64);
    EXPECT_IN(c["name"].get<std::string>(), document.parse(text).ok() == c["valid"].get<bool>());
    if (c.contains("number")) {
      EXPECT_IN(c["name"].get<std::string>(), document.root().number().value() == c["number"].get<double>());
    }
  }
}

FB_TEST("agrees with the oracle on random values, whole, cut and damaged") {
  std::mt19937 random(20260101);
  for (int round = 0; round < 2000; round++) {
    const std::string text = random_value(random, 0).dump();
    compare(text);
    compare(text.substr(0, random() % (text.size() + 1)));
    std::string damaged = text;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    compare(damaged);
    damaged.insert(random() % damaged.size(), 1, "{}[],:\"\\u0e-"[random() % 12]);
    compare(damaged);
  }
}

FB_TEST("is total on any bytes") {
  std::mt19937 random(7);
  static const char alphabet[] = "{}[]\",:\\u0123dD8e+-. \ntrufalsn\x80\xe2\xed\xf0";
  for (int round = 0; round < 20000; round++) {
    std::string text;
    for (unsigned i = random() % 24; i > 0; i--) text += alphabet[random() % (sizeof alphabet - 1)];
    compare(text);
  }
}

FB_TEST("says where there are more values than it has room for") {
  fb::JsonToken tokens[4];
  fb::JsonDocument document(tokens, 4);
  EXPECT(document.parse("[1,2,3]").ok());
  EXPECT(document.parse("[1,2,3,4]").fault == fb::JsonParse::Fault::kTooManyValues);
  EXPECT(!document.root().exists());
}

FB_TEST("writes numbers that read back as the same double, no longer than the oracle's") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20000; round++) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    char text[fb::kMaxNumberLength];
    const fb::Expected<double> back = fb::parse_number(fb::format_number(value, text));
    EXPECT(back.ok() && std::memcmp(&back.value(), &value, sizeof value) == 0);
  }
  char text[fb::kMaxNumberLength];
  EXPECT(fb::format_number(0.1, text) == "0.1");
  EXPECT(fb::format_number(-0.0, text) == "-0");
  EXPECT(fb::format_number(1763690000.25, text) == "1763690000.25");
  EXPECT(fb::format_number(4294967295, text) == "4294967295");
  EXPECT(fb::format_number(5e-324, text) == "4.94065645841247e-324");
}

FB_TEST("writes what the oracle reads as the same") {
  char buffer[256];
  fb::JsonWriter out(buffer, sizeof buffer);
  out.begin_object().key("a\"\n").begin_array().number(1).string("é\\").null().boolean(true).end_array();
  out.key("o").begin_object().end_object().key("z").number(-2.5).end_object();
  EXPECT(Oracle::parse(std::string(out.finish().value())) ==
         Oracle::parse(R"({"a\"\n":[1,"é\\",null,true],"o":{},"z":-2.5})"));
}

FB_TEST("a writer gives nothing where it is full, unfinished or told no JSON") {
  char buffer[8];
  EXPECT(!fb::JsonWriter(buffer, 8).begin_array().string("too long").end_array().finish().ok());
  EXPECT(!fb::JsonWriter(buffer, 8).begin_array().finish().ok());
  EXPECT(!fb::JsonWriter(buffer, 8).number(NAN).finish().ok());
  EXPECT(!fb::JsonWriter(buffer, 8).string("\xff").finish().ok());
  EXPECT(fb::JsonWriter(buffer, 8).string("123456").finish().ok());
}
