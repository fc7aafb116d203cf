// Any bytes as JSON: our reader takes exactly what the oracle takes, within its own limits, and reads the same from it; and
// what it read, written again, reads back the same.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/json_reader.h"
#include "core/json_writer.h"
#include "fuzz/fuzz_input.h"

namespace {

using Oracle = nlohmann::json;

bool too_large = false;  ///< a number beyond every double, which by the grammar is one

Oracle told(const fb::JsonValue& value, fb::JsonWriter& out) {
  switch (value.type()) {
    case fb::JsonType::kTrue: out.boolean(true); return true;
    case fb::JsonType::kFalse: out.boolean(false); return false;
    case fb::JsonType::kNumber: {
      const fb::Expected<double> number = value.number();
      too_large = too_large || !number.ok();
      out.number(number.value());
      return number.value();
    }
    case fb::JsonType::kString: {
      std::vector<char> buffer(value.raw().size() + 1);
      const std::string_view text = value.text(buffer.data(), buffer.size()).value();
      fb::require(value.equals(text));
      out.string(text);
      return std::string(text);
    }
    case fb::JsonType::kArray: {
      Oracle all = Oracle::array();
      out.begin_array();
      for (fb::JsonValue v = value.first(); v.exists(); v = v.after(value)) all.push_back(told(v, out));
      out.end_array();
      return all;
    }
    case fb::JsonType::kObject: {
      Oracle all = Oracle::object();
      out.begin_object();
      for (fb::JsonValue name = value.first(); name.exists();) {
        std::vector<char> buffer(name.raw().size() + 1);
        const std::string key(name.text(buffer.data(), buffer.size()).value());
        const fb::JsonValue member = name.after(value);
        out.key(key);
        all[key] = told(member, out);
        name = member.after(value);
      }
      out.end_object();
      return all;
    }
    default: out.null(); return nullptr;
  }
}

size_t depth_of(const Oracle& value) {
  size_t deepest = 0;
  if (value.is_structured())
    for (const Oracle& member : value) deepest = std::max(deepest, depth_of(member));
  return value.is_structured() ? deepest + 1 : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static fb::JsonToken tokens[1024];
  // Its own block, so that a read past its end is seen.
  const std::vector<char> text(bytes, bytes + size);
  fb::JsonDocument document(tokens, 1024);
  const fb::JsonParse ours = document.parse({text.data(), text.size()});
  fb::require(ours.at <= text.size() || size > fb::kJsonMaxSize);
  // To the oracle a NUL ends the text and a byte order mark is none of it; to RFC 8259 they are faults, or may be.
  for (const char c : text)
    if (c == '\0') return 0;
  if (size >= 3 && text[0] == '\xef' && text[1] == '\xbb' && text[2] == '\xbf') return 0;
  const Oracle theirs = Oracle::parse(text.begin(), text.end(), nullptr, false);
  if (!ours.ok()) {
    fb::require(!document.root().exists());
    if (ours.fault == fb::JsonParse::Fault::kTooDeep && !theirs.is_discarded()) fb::require(depth_of(theirs) > fb::kJsonMaxDepth);
    if (ours.fault == fb::JsonParse::Fault::kSyntax) fb::require(theirs.is_discarded());
    return 0;
  }
  std::vector<char> buffer(32 * size + 64);
  fb::JsonWriter out(buffer.data(), buffer.size());
  too_large = false;
  const Oracle read = told(document.root(), out);
  if (too_large) return 0;
  fb::require(!theirs.is_discarded());
  fb::require(read == theirs);
  fb::require(out.finish().ok());
  const std::string_view written = out.finish().value();
  fb::require(Oracle::parse(written.begin(), written.end(), nullptr, false) == read);
  return 0;
}
