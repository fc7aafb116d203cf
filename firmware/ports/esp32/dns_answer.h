#pragma once

#include <cstddef>
#include <cstdint>

namespace fb::esp32 {

/// The longest message without extensions, RFC 1035 §2.3.4.
inline constexpr size_t kDnsMaxMessage = 512;

/// Answers one DNS query as if every name were this address: RFC 1035 §4.1, one question of class IN. A question for
/// another type than A has an answer without records, so that a client falls back to A instead of waiting.
/// @param address IPv4, in the order of the wire
/// @returns bytes in `out`; 0 for what is no such query, which gets no answer
size_t dns_answer(const uint8_t* query, size_t size, const uint8_t (&address)[4], uint8_t (&out)[kDnsMaxMessage]);

}  // namespace fb::esp32
