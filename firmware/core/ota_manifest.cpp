#include "core/ota_manifest.h"

#include <cstring>

#include "core/little_endian.h"

namespace fb {
namespace {

constexpr char kOtaMagic[4] = {'F', 'B', 'O', '1'};
constexpr uint8_t kOtaAllowDowngrade = 1;
/// An image's header, and the most that a chip addresses as flash.
constexpr uint32_t kOtaSmallestImage = 24;
constexpr uint32_t kOtaLargestImage = 16u << 20;

/// Printable ASCII, at least one, then NUL to the end.
bool read_ota_text(std::string_view field, SmallString<32>& out) {
  const std::string_view text = field.substr(0, field.find('\0'));
  for (const char c : text) {
    if (c < '!' || c > '~') return false;
  }
  for (const char c : field.substr(text.size())) {
    if (c != '\0') return false;
  }
  return !text.empty() && out.assign(text) == Status::kOk;
}

bool is_version_digit(char c) { return c >= '0' && c <= '9'; }

/// The part up to the next point; `rest` goes on behind it.
std::string_view next_version_part(std::string_view& rest) {
  const size_t point = rest.find('.');
  const std::string_view identifier = rest.substr(0, point);
  rest = point == std::string_view::npos ? std::string_view{} : rest.substr(point + 1);
  return identifier;
}

/// Digits without a leading zero.
bool is_version_number(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  for (const char c : text) {
    if (!is_version_digit(c)) return false;
  }
  return true;
}

int compare_version_numbers(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return left.compare(right);
}

struct SplitVersion {
  std::string_view numbers[3];
  std::string_view prerelease;
};

bool is_version_part(std::string_view text, bool numbers_checked) {
  if (text.empty()) return false;
  bool digits = true;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    if (!letter && !is_version_digit(c)) return false;
    digits = digits && !letter;
  }
  return !numbers_checked || !digits || is_version_number(text);
}

bool are_version_parts(std::string_view text, bool numbers_checked) {
  if (text.empty() || text.back() == '.') return false;
  while (!text.empty()) {
    if (!is_version_part(next_version_part(text), numbers_checked)) return false;
  }
  return true;
}

bool split_version(std::string_view text, SplitVersion& out) {
  const size_t plus = text.find('+');
  if (plus != std::string_view::npos && !are_version_parts(text.substr(plus + 1), false)) return false;
  text = text.substr(0, plus);
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    out.prerelease = text.substr(dash + 1);
    if (!are_version_parts(out.prerelease, true)) return false;
    text = text.substr(0, dash);
  }
  for (int i = 0; i < 3; i++) {
    const bool more = text.find('.') != std::string_view::npos;
    out.numbers[i] = next_version_part(text);
    if (!is_version_number(out.numbers[i]) || more != (i < 2)) return false;
  }
  return true;
}

int compare_prereleases(std::string_view left, std::string_view right) {
  if (left.empty() || right.empty()) return static_cast<int>(left.empty()) - static_cast<int>(right.empty());
  while (!left.empty() && !right.empty()) {
    const std::string_view a = next_version_part(left);
    const std::string_view b = next_version_part(right);
    const bool a_number = is_version_number(a);
    const bool b_number = is_version_number(b);
    if (a_number != b_number) return a_number ? -1 : 1;
    const int order = a_number ? compare_version_numbers(a, b) : a.compare(b);
    if (order != 0) return order;
  }
  return static_cast<int>(!left.empty()) - static_cast<int>(!right.empty());
}

}  // namespace

OtaFault OtaManifest::read(std::string_view head) {
  if (head.size() != kHeadSize) return OtaFault::kBadManifest;
  const char* const at = head.data();
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(at[i]); };
  if (std::memcmp(at, kOtaMagic, 3) != 0) return OtaFault::kBadManifest;
  const uint32_t chunk = byte(18) | static_cast<uint32_t>(byte(19)) << 8;
  const bool known = at[3] == kOtaMagic[3] && byte(5) <= 1 && (byte(6) & ~kOtaAllowDowngrade) == 0 && byte(7) == 0 &&
                     chunk == kChunkSize && get_u32(at + 152) == 0 && get_u32(at + 156) == 0;
  if (!known) return OtaFault::kUnsupported;
  if (byte(4) != static_cast<uint8_t>(OtaAlgorithm::kRsa2048Pss)) return OtaFault::kUnknownAlgorithm;
  algorithm = OtaAlgorithm::kRsa2048Pss;
  cipher = static_cast<OtaCipher>(byte(5));
  allow_downgrade = byte(6) == kOtaAllowDowngrade;
  std::memcpy(key_id, at + 8, sizeof key_id);
  chip = static_cast<uint16_t>(byte(16) | byte(17) << 8);
  size = get_u32(at + 20);
  std::memcpy(image.data(), at + 88, image.size());
  std::memcpy(digests.data(), at + 120, digests.size());
  SplitVersion split;
  const bool texts = read_ota_text(head.substr(24, 32), version) && read_ota_text(head.substr(56, 32), product);
  const bool fits =
      texts && size >= kOtaSmallestImage && size <= kOtaLargestImage && split_version(version.view(), split);
  return fits ? OtaFault::kNone : OtaFault::kBadManifest;
}

int compare_versions(std::string_view left, std::string_view right) {
  SplitVersion a, b;
  const bool a_fits = split_version(left, a);
  const bool b_fits = split_version(right, b);
  if (!a_fits || !b_fits) return static_cast<int>(a_fits) - static_cast<int>(b_fits);
  for (int i = 0; i < 3; i++) {
    const int order = compare_version_numbers(a.numbers[i], b.numbers[i]);
    if (order != 0) return order;
  }
  return compare_prereleases(a.prerelease, b.prerelease);
}

std::string_view ota_fault_word(OtaFault fault) {
  switch (fault) {
    case OtaFault::kNone: return "";
    case OtaFault::kNoSlot: return "no-slot";
    case OtaFault::kOnTrial: return "on-trial";
    case OtaFault::kBusy: return "busy";
    case OtaFault::kBadManifest: return "bad-manifest";
    case OtaFault::kUnsupported: return "unsupported";
    case OtaFault::kUnknownAlgorithm: return "unknown-algorithm";
    case OtaFault::kUnknownKey: return "unknown-key";
    case OtaFault::kBadSignature: return "bad-signature";
    case OtaFault::kWrongChip: return "wrong-chip";
    case OtaFault::kWrongProduct: return "wrong-product";
    case OtaFault::kDowngrade: return "downgrade";
    case OtaFault::kTooLarge: return "too-large";
    case OtaFault::kNoDeviceKey: return "no-device-key";
    case OtaFault::kBadWrappedKey: return "bad-wrapped-key";
    case OtaFault::kNoSession: return "no-session";
    case OtaFault::kBadLength: return "bad-length";
    case OtaFault::kOutOfOrder: return "out-of-order";
    case OtaFault::kBadDigestList: return "bad-digest-list";
    case OtaFault::kBadChunk: return "bad-chunk";
    case OtaFault::kNotAnImage: return "not-an-image";
    case OtaFault::kIncomplete: return "incomplete";
    case OtaFault::kBadImage: return "bad-image";
    case OtaFault::kNotBootable: return "not-bootable";
    case OtaFault::kFlash: return "flash";
    case OtaFault::kStorage: return "storage";
    case OtaFault::kNotOnTrial: return "not-on-trial";
    case OtaFault::kNoImageBefore: return "no-image-before";
  }
  return "";
}

}  // namespace fb
