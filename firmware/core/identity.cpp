#include "core/identity.h"

#include "core/utf8.h"

namespace fb {

bool is_device_id(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length_at(text, at);
    if (length == 0) return false;
    const auto c = static_cast<uint8_t>(text[at]);
    if (c < 0x20 || c == 0x7f || c == '/' || c == '+' || c == '#' || c == '$') return false;
    at += length;
  }
  return true;
}

}  // namespace fb
