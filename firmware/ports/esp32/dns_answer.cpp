#include "ports/esp32/dns_answer.h"

#include <cstring>

namespace fb::esp32 {
namespace {

constexpr size_t kDnsHeader = 12;
constexpr size_t kDnsMaxName = 255;
constexpr size_t kDnsMaxLabel = 63;
constexpr uint16_t kDnsTypeA = 1;
constexpr uint16_t kDnsTypeAny = 255;
constexpr uint16_t kDnsClassIn = 1;
/// Short: once set-up is over, the same names have their own addresses again.
constexpr uint8_t kDnsTtlS = 5;

uint16_t dns_u16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

/// One past the name that begins at `at`; 0 where it does not end in the message, or is compressed.
size_t dns_after_name(const uint8_t* query, size_t size, size_t at) {
  const size_t begin = at;
  while (at < size && query[at] != 0) {
    if (query[at] > kDnsMaxLabel) return 0;
    at += 1 + query[at];
  }
  return at < size && at + 1 - begin <= kDnsMaxName ? at + 1 : 0;
}

}  // namespace

size_t dns_answer(const uint8_t* query, size_t size, const uint8_t (&address)[4], uint8_t (&out)[kDnsMaxMessage]) {
  if (size < kDnsHeader || size > kDnsMaxMessage) return 0;
  const bool plain_query = (query[2] & 0xf8) == 0;  // QR and OPCODE
  if (!plain_query || dns_u16(query + 4) != 1) return 0;
  const size_t type_at = dns_after_name(query, size, kDnsHeader);
  if (type_at == 0 || type_at + 4 > size || dns_u16(query + type_at + 2) != kDnsClassIn) return 0;
  const uint16_t type = dns_u16(query + type_at);
  const bool has_record = type == kDnsTypeA || type == kDnsTypeAny;

  size_t end = type_at + 4;  // whatever follows the question (EDNS) is not repeated
  std::memcpy(out, query, end);
  out[2] = static_cast<uint8_t>(0x84 | (query[2] & 1));  // an authoritative answer; RD as it came
  out[3] = 0;
  const uint8_t counts[8] = {0, 1, 0, has_record ? uint8_t{1} : uint8_t{0}, 0, 0, 0, 0};
  std::memcpy(out + 4, counts, sizeof counts);
  if (!has_record) return end;
  const uint8_t record[] = {0xc0, kDnsHeader, 0, kDnsTypeA, 0, kDnsClassIn, 0, 0, 0, kDnsTtlS, 0, 4};
  if (end + sizeof record + sizeof address > kDnsMaxMessage) return 0;
  std::memcpy(out + end, record, sizeof record);
  end += sizeof record;
  std::memcpy(out + end, address, sizeof address);
  return end + sizeof address;
}

}  // namespace fb::esp32
