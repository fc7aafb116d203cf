#include "core/base64.h"

namespace fb {
namespace {

constexpr char kBase64Letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

size_t base64_encode(std::string_view bytes, char* out) {
  size_t size = 0;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; i++)
      group = group << 8 | (at + i < bytes.size() ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; i++) out[size++] = at + i <= bytes.size() ? kBase64Letters[group >> (18 - 6 * i) & 63] : '=';
  }
  return size;
}

Expected<size_t> base64_decode(std::string_view text, uint8_t* out, size_t capacity) {
  if (text.size() % 4 != 0) return Status::kInvalid;
  size_t size = 0;
  for (size_t at = 0; at < text.size(); at += 4) {
    uint32_t group = 0;
    size_t letters = 0;
    for (; letters < 4 && text[at + letters] != '='; letters++) {
      const int value = base64_value(text[at + letters]);
      if (value < 0) return Status::kInvalid;
      group |= static_cast<uint32_t>(value) << (18 - 6 * letters);
    }
    const bool last = at + 4 == text.size();
    if (letters < 2 || (letters < 4 && (!last || (letters == 2 && text[at + 3] != '=')))) return Status::kInvalid;
    const size_t bytes = letters - 1;
    if ((group & ((1u << (24 - 8 * bytes)) - 1)) != 0) return Status::kInvalid;
    if (size + bytes > capacity) return Status::kNoSpace;
    for (size_t i = 0; i < bytes; i++) out[size++] = static_cast<uint8_t>(group >> (16 - 8 * i));
  }
  return size;
}

}  // namespace fb
