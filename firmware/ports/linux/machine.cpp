#include "ports/linux/machine.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace fb::posix {
namespace {

/// The first IPv4 address that others can reach, else this machine's own.
std::string machine_address() {
  std::string found = "127.0.0.1";
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_LOOPBACK) != 0 ||
        (each->ifa_flags & IFF_UP) == 0)
      continue;
    char text[INET_ADDRSTRLEN];
    const auto* const address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) == nullptr) continue;
    found = text;
    break;
  }
  ::freeifaddrs(all);
  return found;
}

}  // namespace

uint32_t KernelRng::next() {
  uint32_t value = 0;
  // Four bytes come whole or not at all, and only a signal keeps them away (getrandom(2)).
  while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value))
    if (errno != EINTR) std::abort();
  return value;
}

size_t MachineMemory::free_bytes() {
  const uint64_t now = MachineStopwatch().micros();
  if (free_ != 0 && now - asked_us_ < 1'000'000) return free_;
  asked_us_ = now;
  const long pages = ::sysconf(_SC_AVPHYS_PAGES);
  free_ = pages > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) : 1;
  return free_;
}

uint64_t MachineStopwatch::micros() {
  using std::chrono::microseconds;
  return static_cast<uint64_t>(
      std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

void StderrLog::write(LogLevel level, std::string_view tag, std::string_view text) {
  if (level > least_) return;
  std::fprintf(stderr, "%c %s %.*s: %.*s\n", "CEWID"[static_cast<size_t>(level)], device_.c_str(),
               static_cast<int>(tag.size()), tag.data(), static_cast<int>(text.size()), text.data());
}

void MachineNetwork::join(std::string_view, std::string_view) {
  joined_ = true;
  ip_ = machine_address();
}

}  // namespace fb::posix
