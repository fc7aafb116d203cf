#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <vector>

#include "apps/linux_node/linux_node.h"
#include "ports/linux/owned_fd.h"

namespace fb::linux_node {
namespace {

/// No longer without a look at links that cannot be waited for.
constexpr Millis kLongestWait = 100;
constexpr Millis kUnpluggedWait = 20;
/// Turns of one device before the links of all are looked at again.
constexpr int kTurnsAtOnce = 200;
constexpr std::chrono::seconds kGoodbye{3};

/// Written by a signal, which ends the wait.
int signal_fd = -1;
std::atomic<bool> stop_wanted{false};

void take_signal(int) {
  stop_wanted = true;
  const uint64_t one = 1;
  (void)!::write(signal_fd, &one, sizeof one);
}

Millis steady_ms() {
  using std::chrono::milliseconds;
  return static_cast<Millis>(
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

int64_t unix_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Device time. At speed 1 it is the machine's, its corrections included; faster, or told when to begin, it runs on from
/// the start by itself.
class DeviceClock {
 public:
  explicit DeviceClock(const Options& options)
      : speed_(options.speed),
        follows_machine_(options.speed == 1 && options.unix_ms < 0),
        is_set_(options.unix_ms != 0),
        last_ms_(steady_ms()),
        unix_start_(options.unix_ms < 0 ? unix_ms() : options.unix_ms) {}

  /// How far it may go by now.
  /// @param held it runs at the wall's pace meanwhile
  Millis advance(bool held) {
    const Millis wall = steady_ms();
    target_ += static_cast<double>(wall - last_ms_) * (held ? 1 : speed_);
    last_ms_ = wall;
    return static_cast<Millis>(target_);
  }
  /// The machine could not follow: it goes on from here.
  void hold_back(Millis to) { target_ = std::min(target_, static_cast<double>(to)); }
  Now at(Millis mono) const {
    if (!is_set_) return {mono, 0};
    return {mono, follows_machine_ ? unix_ms() : unix_start_ + static_cast<int64_t>(mono)};
  }
  double speed() const { return speed_; }

 private:
  double speed_;
  bool follows_machine_;
  bool is_set_;
  double target_ = 0;
  Millis last_ms_;
  int64_t unix_start_;
};

using Nodes = std::vector<std::unique_ptr<LinuxNode>>;

void tell_ready(const Nodes& nodes) {
  char text[1024];
  std::printf("{\"ready\":true,\"devices\":[");
  for (size_t i = 0; i < nodes.size(); i++) {
    JsonWriter out(text, sizeof text);
    out.begin_object().key("id").string(nodes[i]->id());
    if (nodes[i]->http_port() != 0) out.key("http").number(nodes[i]->http_port());
    if (!nodes[i]->pty().empty()) out.key("pty").string(nodes[i]->pty());
    out.end_object();
    const std::string_view json = out.finish().value_or("null");
    std::printf("%s%.*s", i == 0 ? "" : ",", static_cast<int>(json.size()), json.data());
  }
  std::printf("]}\n");
  std::fflush(stdout);
}

/// Waits for a link or for `wait_ms`, and lets the links read and write.
void wait_for_links(const Nodes& nodes, Millis wait_ms, std::vector<pollfd>& fds) {
  fds.assign(1, {signal_fd, POLLIN, 0});
  for (const auto& node : nodes) {
    fds.push_back(node->session_wanted());
    fds.push_back(node->cable_wanted());
  }
  (void)::poll(fds.data(), fds.size(), static_cast<int>(wait_ms));
  uint64_t count = 0;
  if ((fds[0].revents & POLLIN) != 0) (void)!::read(signal_fd, &count, sizeof count);
  for (size_t i = 0; i < nodes.size(); i++) nodes[i]->service(fds[1 + 2 * i].revents);
}

/// Brings a device to `target`: at speed 1 at once, else turn by turn, so that none is left out. Returns how far it came.
Millis bring_to(LinuxNode& node, Millis target, const DeviceClock& clock) {
  if (clock.speed() != 1) {
    for (int turn = 0; node.due() < target; turn++) {
      if (turn == kTurnsAtOnce || node.is_congested() || (turn > 0 && node.is_connecting())) return node.due();
      (void)node.step(clock.at(node.due()));
    }
  }
  (void)node.step(clock.at(target));
  return target;
}

void run(const Nodes& nodes, DeviceClock& clock) {
  std::vector<pollfd> fds;
  while (!stop_wanted) {
    const bool held = std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->is_connecting(); });
    const Millis target = clock.advance(held);
    Millis next = kNever;
    Millis slowest = target;
    bool unplugged = false;
    for (const auto& node : nodes) {
      slowest = std::min(slowest, bring_to(*node, target, clock));
      next = std::min(next, node->due());
      unplugged = unplugged || node->has_unplugged_cable();
    }
    clock.hold_back(slowest);
    const double left = next <= target ? 0 : static_cast<double>(next - target) / clock.speed();
    const double longest = static_cast<double>(unplugged ? kUnpluggedWait : kLongestWait);
    wait_for_links(nodes, static_cast<Millis>(std::min(left, longest)), fds);
  }
}

void leave(const Nodes& nodes) {
  for (const auto& node : nodes) node->leave();
  const auto until = std::chrono::steady_clock::now() + kGoodbye;
  std::vector<pollfd> fds;
  while (std::chrono::steady_clock::now() < until &&
         !std::all_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->finished_leaving(); }))
    wait_for_links(nodes, 20, fds);
  for (const auto& node : nodes) node->close();
}

int start(int argc, char** argv) {
  Options options;
  std::string fault;
  if (!read_options(argc, argv, options, fault)) {
    std::fprintf(stderr, "fieldbench-node: %s\nSee --help.\n", fault.c_str());
    return kExitUsage;
  }
  if (options.help) {
    std::fputs(kUsage, stdout);
    return kExitOk;
  }
  const posix::OwnedFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  signal_fd = wake.get();
  struct sigaction action {};
  action.sa_handler = take_signal;
  (void)::sigaction(SIGTERM, &action, nullptr);
  (void)::sigaction(SIGINT, &action, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);

  DeviceClock clock(options);
  Nodes nodes;
  for (int i = 0; i < options.count; i++) {
    nodes.push_back(std::make_unique<LinuxNode>(options, options.count == 1 ? -1 : i));
    const int code = nodes.back()->open(wake.get(), fault);
    if (code != kExitOk) {
      std::fprintf(stderr, "fieldbench-node: %s\n", fault.c_str());
      return code;
    }
    if (nodes.back()->start(clock.at(0)) != Status::kOk) {
      std::fprintf(stderr, "fieldbench-node: %s does not start\n", nodes.back()->id().c_str());
      return kExitSoftware;
    }
  }
  tell_ready(nodes);
  run(nodes, clock);
  leave(nodes);
  return kExitOk;
}

}  // namespace
}  // namespace fb::linux_node

int main(int argc, char** argv) { return fb::linux_node::start(argc, argv); }
