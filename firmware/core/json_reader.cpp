#include "core/json_reader.h"

#include "core/json_number.h"
#include "core/utf8.h"

namespace fb {
namespace {

constexpr uint32_t kNoCodePoint = UINT32_MAX;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Four hex digits at `at`, or kNoCodePoint.
uint32_t hex_quad(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return kNoCodePoint;
  uint32_t value = 0;
  for (size_t i = 0; i < 4; i++) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) return kNoCodePoint;
    value = value << 4 | static_cast<uint32_t>(digit);
  }
  return value;
}

/// One character of a string, plain or escaped.
struct Character {
  uint32_t code_point = kNoCodePoint;  ///< kNoCodePoint for one that stands for itself
  size_t length = 0;                   ///< bytes in the source; 0: malformed
};

Character escape_at(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return {};
  switch (text[at + 1]) {
    case '"': return {'"', 2};
    case '\\': return {'\\', 2};
    case '/': return {'/', 2};
    case 'b': return {'\b', 2};
    case 'f': return {'\f', 2};
    case 'n': return {'\n', 2};
    case 'r': return {'\r', 2};
    case 't': return {'\t', 2};
    case 'u': break;
    default: return {};
  }
  const uint32_t high = hex_quad(text, at + 2);
  if (high == kNoCodePoint || (high >= 0xdc00 && high <= 0xdfff)) return {};
  if (high < 0xd800 || high > 0xdbff) return {high, 6};
  if (text.substr(at + 6, 2) != "\\u") return {};
  const uint32_t low = hex_quad(text, at + 8);
  if (low == kNoCodePoint || low < 0xdc00 || low > 0xdfff) return {};
  return {0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12};
}

Character character_at(std::string_view text, size_t at) {
  const auto byte = static_cast<uint8_t>(text[at]);
  if (byte == '\\') return escape_at(text, at);
  if (byte < 0x20) return {};
  return {kNoCodePoint, utf8_length_at(text, at)};
}

/// One past the number that begins at `at`, or `at` where none does.
size_t end_of_number(std::string_view text, size_t at) {
  const auto peek = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  const auto digits = [&](size_t i) {
    while (is_digit(peek(i))) i++;
    return i;
  };
  size_t i = at;
  if (peek(i) == '-') i++;
  if (!is_digit(peek(i))) return at;
  i = peek(i) == '0' ? i + 1 : digits(i);
  if (peek(i) == '.') {
    if (!is_digit(peek(i + 1))) return at;
    i = digits(i + 1);
  }
  if (peek(i) == 'e' || peek(i) == 'E') {
    i++;
    if (peek(i) == '+' || peek(i) == '-') i++;
    if (!is_digit(peek(i))) return at;
    i = digits(i);
  }
  return i;
}

/// The state of one reading. Containers under way are a stack of token indices, so no input can exhaust ours.
class Parser {
 public:
  Parser(std::string_view text, JsonToken* tokens, size_t capacity)
      : text_(text), tokens_(tokens), capacity_(capacity) {}

  JsonParse run() {
    if (text_.size() >= UINT32_MAX) return fault(JsonParse::Fault::kTooManyValues);
    for (;;) {
      skip_space();
      JsonParse step = value();
      if (!step.ok()) return step;
      // A value is complete, unless it opened a container that has something in it.
      while (!opened_) {
        if (depth_ == 0) {
          skip_space();
          return at_ == text_.size() ? JsonParse{} : fault(JsonParse::Fault::kSyntax);
        }
        skip_space();
        const char close = in_object() ? '}' : ']';
        if (peek() == ',') {
          at_++;
          skip_space();
          if (in_object() && !(step = name()).ok()) return step;
          break;
        }
        if (peek() != close) return fault(JsonParse::Fault::kSyntax);
        at_++;
        pop();
      }
    }
  }

  size_t count() const { return count_; }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool in_object() const { return tokens_[stack_[depth_ - 1]].type == JsonType::kObject; }
  JsonParse fault(JsonParse::Fault kind) const { return {kind, at_}; }

  void skip_space() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) at_++;
  }

  JsonParse push_token(JsonType type, size_t start, size_t end) {
    if (count_ == capacity_) return fault(JsonParse::Fault::kTooManyValues);
    tokens_[count_++] = {static_cast<uint16_t>(start), static_cast<uint16_t>(end),
                         static_cast<uint16_t>(count_), type};
    tokens_[count_ - 1].next = static_cast<uint16_t>(count_);
    return {};
  }

  JsonParse value() {
    opened_ = false;
    switch (peek()) {
      case '{': return open(JsonType::kObject, '}');
      case '[': return open(JsonType::kArray, ']');
      case '"': return string();
      case 't': return word("true", JsonType::kTrue);
      case 'f': return word("false", JsonType::kFalse);
      case 'n': return word("null", JsonType::kNull);
      default: break;
    }
    const size_t end = end_of_number(text_, at_);
    if (end == at_) return fault(JsonParse::Fault::kSyntax);
    const JsonParse pushed = push_token(JsonType::kNumber, at_, end);
    at_ = end;
    return pushed;
  }

  JsonParse word(std::string_view word, JsonType type) {
    if (text_.substr(at_, word.size()) != word) return fault(JsonParse::Fault::kSyntax);
    const JsonParse pushed = push_token(type, at_, at_ + word.size());
    at_ += word.size();
    return pushed;
  }

  JsonParse string() {
    const size_t start = at_ + 1;
    size_t i = start;
    while (i < text_.size() && text_[i] != '"') {
      const size_t length = character_at(text_, i).length;
      if (length == 0) {
        at_ = i;
        return fault(JsonParse::Fault::kSyntax);
      }
      i += length;
    }
    if (i >= text_.size()) {
      at_ = text_.size();
      return fault(JsonParse::Fault::kSyntax);
    }
    const JsonParse pushed = push_token(JsonType::kString, start, i);
    at_ = i + 1;
    return pushed;
  }

  /// A name and its colon; the value's turn comes next.
  JsonParse name() {
    if (peek() != '"') return fault(JsonParse::Fault::kSyntax);
    const JsonParse read = string();
    if (!read.ok()) return read;
    skip_space();
    if (peek() != ':') return fault(JsonParse::Fault::kSyntax);
    at_++;
    return {};
  }

  JsonParse open(JsonType type, char close) {
    if (depth_ == kJsonMaxDepth) return fault(JsonParse::Fault::kTooDeep);
    const JsonParse pushed = push_token(type, at_, at_);
    if (!pushed.ok()) return pushed;
    stack_[depth_++] = static_cast<uint32_t>(count_ - 1);
    at_++;
    skip_space();
    if (peek() == close) {
      at_++;
      pop();
      return {};
    }
    opened_ = true;
    return type == JsonType::kObject ? name() : JsonParse{};
  }

  void pop() {
    JsonToken& container = tokens_[stack_[--depth_]];
    container.end = static_cast<uint16_t>(at_);
    container.next = static_cast<uint16_t>(count_);
  }

  std::string_view text_;
  JsonToken* tokens_;
  size_t capacity_;
  size_t count_ = 0;
  size_t at_ = 0;
  uint32_t stack_[kJsonMaxDepth] = {};
  size_t depth_ = 0;
  bool opened_ = false;
};

}  // namespace

JsonParse JsonDocument::parse(std::string_view text) {
  text_ = text;
  count_ = 0;
  if (text.size() > kJsonMaxSize) return {JsonParse::Fault::kTooLong, kJsonMaxSize};
  Parser parser(text, tokens_, capacity_);
  const JsonParse parsed = parser.run();
  count_ = parsed.ok() ? parser.count() : 0;
  return parsed;
}

JsonValue JsonDocument::root() const { return count_ == 0 ? JsonValue() : JsonValue(this, 0); }

JsonType JsonValue::type() const { return document_ == nullptr ? JsonType::kNone : token().type; }

Expected<double> JsonValue::number() const {
  if (!is_number()) return Status::kInvalid;
  return parse_number(raw());
}

Expected<std::string_view> JsonValue::text(char* buffer, size_t capacity) const {
  if (!is_string()) return Status::kInvalid;
  const JsonToken& t = token();
  const std::string_view source = document_->text_.substr(t.start, t.end - t.start);
  if (source.find('\\') == std::string_view::npos) {
    if (source.size() > capacity) return Status::kNoSpace;
    return source;
  }
  size_t length = 0;
  for (size_t i = 0; i < source.size();) {
    const Character c = character_at(source, i);
    char bytes[4];
    size_t count = c.length;
    const char* from = source.data() + i;
    if (c.code_point != kNoCodePoint) {
      count = utf8_encode(c.code_point, bytes);
      from = bytes;
    }
    if (count > capacity - length) return Status::kNoSpace;
    for (size_t k = 0; k < count; k++) buffer[length++] = from[k];
    i += c.length;
  }
  return std::string_view(buffer, length);
}

bool JsonValue::equals(std::string_view wanted) const {
  if (!is_string()) return false;
  const JsonToken& t = token();
  const std::string_view source = document_->text_.substr(t.start, t.end - t.start);
  if (source.find('\\') == std::string_view::npos) return source == wanted;
  size_t matched = 0;
  for (size_t i = 0; i < source.size();) {
    const Character c = character_at(source, i);
    char bytes[4];
    std::string_view part = source.substr(i, c.length);
    if (c.code_point != kNoCodePoint) part = {bytes, utf8_encode(c.code_point, bytes)};
    if (wanted.substr(matched, part.size()) != part) return false;
    matched += part.size();
    i += c.length;
  }
  return matched == wanted.size();
}

std::string_view JsonValue::raw() const {
  if (!exists()) return {};
  const JsonToken& t = token();
  const uint32_t quote = t.type == JsonType::kString ? 1 : 0;
  return document_->text_.substr(t.start - quote, t.end - t.start + 2 * quote);
}

JsonValue JsonValue::member(std::string_view name) const {
  JsonValue found;
  if (!is_object()) return found;
  for (JsonValue key = first(); key.exists();) {
    const JsonValue value = key.after(*this);
    if (key.equals(name)) found = value;
    key = value.after(*this);
  }
  return found;
}

JsonValue JsonValue::first() const {
  if (!is_object() && !is_array()) return {};
  return token().next == index_ + 1 ? JsonValue() : JsonValue(document_, index_ + 1);
}

JsonValue JsonValue::after(const JsonValue& container) const {
  if (!exists() || !container.exists()) return {};
  const uint32_t next = token().next;
  return next < container.token().next ? JsonValue(document_, next) : JsonValue();
}

}  // namespace fb
