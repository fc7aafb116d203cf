#include "ports/esp32/dns_answer.h"

#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "ports/host/test.h"

using fb::esp32::dns_answer;
using fb::esp32::kDnsMaxMessage;

namespace {

constexpr uint8_t kDnsTestAddress[4] = {192, 168, 4, 1};

/// `7 captive 5 apple 3 com 0`, one question.
std::string dns_query(uint16_t type, std::string name = std::string("\7captive\5apple\3com\0", 19)) {
  std::string query("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  query += name;
  query += static_cast<char>(type >> 8);
  query += static_cast<char>(type);
  return query + std::string("\0\1", 2);
}

/// Of a copy of exactly its size, so that a byte read past it is seen.
std::string dns_reply(const std::string& query) {
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[query.size()]);
  std::memcpy(bytes.get(), query.data(), query.size());
  uint8_t out[kDnsMaxMessage];
  const size_t size = dns_answer(bytes.get(), query.size(), kDnsTestAddress, out);
  return {reinterpret_cast<char*>(out), size};
}

}  // namespace

FB_TEST("every name is the board's address, RFC 1035 §4.1") {
  const std::string question = dns_query(1).substr(12);
  const std::string head("\x12\x34\x85\x00\x00\x01\x00\x01\x00\x00\x00\x00", 12);
  const std::string record("\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xc0\xa8\4\1", 16);
  EXPECT(dns_reply(dns_query(1)) == head + question + record);
}

FB_TEST("a question for IPv6 is answered, without a record") {
  const std::string reply = dns_reply(dns_query(28));
  EXPECT(reply.size() == dns_query(28).size());
  EXPECT(reply.substr(2, 10) == std::string("\x85\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10));
}

FB_TEST("what follows the question is not repeated") {
  std::string query = dns_query(1);
  query[11] = 1;  // ARCOUNT
  query += std::string("\0\0\x29\x10\0\0\0\0\0\0\0", 11);
  EXPECT(dns_reply(query) == dns_reply(dns_query(1)));
}

FB_TEST("what is no query gets no answer") {
  std::string answer = dns_query(1);
  answer[2] = static_cast<char>(0x81);
  EXPECT(dns_reply(answer).empty());
  std::string update = dns_query(1);
  update[2] = 0x28;
  EXPECT(dns_reply(update).empty());
  std::string two = dns_query(1);
  two[5] = 2;
  EXPECT(dns_reply(two).empty());
  EXPECT(dns_reply(dns_query(1, std::string("\xc0\x0c", 2))).empty());
  std::string chaos = dns_query(1);
  chaos.back() = 3;
  EXPECT(dns_reply(chaos).empty());
  for (size_t size = 0; size < dns_query(1).size(); size++) EXPECT(dns_reply(dns_query(1).substr(0, size)).empty());
}

FB_TEST("a name has at most 255 bytes") {
  std::string name;
  for (int i = 0; i < 3; i++) name += '\x3f' + std::string(63, 'a');
  const std::string longest = name + '\x3d' + std::string(61, 'a') + '\0';
  EXPECT(longest.size() == 255);
  EXPECT(dns_reply(dns_query(1, longest)).size() == 12 + 255 + 4 + 16);
  EXPECT(dns_reply(dns_query(1, name + '\x3e' + std::string(62, 'a') + '\0')).empty());
}

FB_TEST("any bytes are survived") {
  std::mt19937 random(1035);
  for (int i = 0; i < 20'000; i++) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (bytes.size() > 12 && random() % 2 == 0) std::memcpy(bytes.data(), dns_query(1).data(), 12);
    EXPECT(dns_reply(bytes).size() <= kDnsMaxMessage);
  }
}
