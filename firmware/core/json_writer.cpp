#include "core/json_writer.h"

#include <cmath>
#include <cstring>

#include "core/json_number.h"
#include "core/utf8.h"

namespace fb {

void JsonWriter::put(char c) { put(std::string_view(&c, 1)); }

void JsonWriter::put(std::string_view text) {
  if (spoilt_ || text.size() > capacity_ - size_) {
    spoilt_ = true;
    return;
  }
  if (!text.empty()) std::memcpy(buffer_ + size_, text.data(), text.size());
  size_ += text.size();
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_member_ & (1u << depth_)) put(',');
  has_member_ |= 1u << depth_;
}

JsonWriter& JsonWriter::open(char bracket) {
  before_value();
  put(bracket);
  if (depth_ == kJsonMaxDepth) {
    spoilt_ = true;
    return *this;
  }
  depth_++;
  has_member_ &= ~(1u << depth_);
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  if (depth_ == 0 || after_key_) {
    spoilt_ = true;
    return *this;
  }
  depth_--;
  put(bracket);
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  before_value();
  put_quoted(name);
  put(':');
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  before_value();
  put_quoted(text);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  before_value();
  if (!std::isfinite(value)) {
    spoilt_ = true;
    return *this;
  }
  char text[kMaxNumberLength];
  put(format_number(value, text));
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_value();
  put(json);
  return *this;
}

void JsonWriter::put_quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  put('"');
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length_at(text, at);
    if (length == 0) {
      spoilt_ = true;
      return;
    }
    const char c = text[at];
    if (c == '"' || c == '\\') {
      put('\\');
      put(c);
    } else if (static_cast<uint8_t>(c) < 0x20) {
      const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      put(std::string_view(escape, sizeof escape));
    } else {
      put(text.substr(at, length));
    }
    at += length;
  }
  put('"');
}

Expected<std::string_view> JsonWriter::finish() const {
  if (spoilt_ || depth_ != 0 || after_key_) return Status::kNoSpace;
  return std::string_view(buffer_, size_);
}

void JsonWriter::reset() {
  size_ = 0;
  has_member_ = 0;
  depth_ = 0;
  after_key_ = false;
  spoilt_ = false;
}

}  // namespace fb
