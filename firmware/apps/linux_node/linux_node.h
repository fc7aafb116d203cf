#pragma once

#include <memory>
#include <string>

#include "apps/linux_node/options.h"
#include "apps/virtual_node/virtual_node.h"
#include "core/http_api.h"
#include "core/http_tokens.h"
#include "ports/linux/file_storage.h"
#include "ports/linux/flash_image.h"
#include "ports/linux/http_server.h"
#include "ports/linux/machine.h"
#include "ports/linux/mosquitto_session.h"
#include "ports/linux/pty_cable.h"
#include "ports/mbedtls/mbedtls_crypto.h"

namespace fb::linux_node {

/// One device of the process: a virtual node with a board's links, around which this is the body. It is made anew at each
/// restart and deep sleep, as a chip is; its flash, cable and server stay.
class LinuxNode final : private ApiPort {
 public:
  /// @param index from 0 where the process has several; −1: it is the only one
  LinuxNode(const Options& options, int index);
  ~LinuxNode() override;

  /// Opens its files and links; before the rest. The exit code, and what went wrong in `fault`.
  int open(int wake, std::string& fault);
  Status start(const Now& now);
  /// What came over its links, and what is due. Returns when to be called next.
  Millis step(const Now& now);
  Millis due() const { return due_; }

  /// While a session with a broker begins, device time runs at the wall's pace: else it would be given up too soon.
  bool is_connecting() const { return session_.connecting(); }
  /// Where device time is fast it must not run ahead of what the broker takes.
  bool is_congested() const { return session_.pending() > posix::MosquittoSession::kMostPending / 2; }

  /// Both may be of fd −1.
  pollfd session_wanted() const { return session_.wanted(); }
  pollfd cable_wanted() const { return cable_.wanted(); }
  void service(short session_events);
  bool has_unplugged_cable() const { return cable_.is_open() && !cable_.plugged(); }

  /// Says goodbye to the broker, which it hears in finished_leaving().
  void leave();
  bool finished_leaving() const { return session_.pending() == 0; }
  void close();

  const std::string& id() const { return id_; }
  int http_port() const { return http_ == nullptr ? 0 : http_->port(); }
  const std::string& pty() const { return pty_; }

 private:
  std::string_view handle(std::string_view json, Access access, const Now& now) override;
  std::string_view handle_sealed(std::string_view json, const Now& now) override;
  Access access_of(std::string_view token) override;
  bool guarded() const override;

  Status boot(const Now& now);
  void take_broker(const Now& now);
  void take_links(const Now& now);
  void answer_http(const Now& now);

  const Options& options_;
  const std::string id_;
  const std::string name_;
  const std::string pty_;
  const std::string flash_path_;
  const int http_wanted_;
  const uint64_t seed_;

  posix::MemoryStorage memory_storage_;
  posix::FileStorage file_storage_;
  posix::FlashImage image_;
  posix::ImageRegion image_telemetry_;
  posix::ImageSlots image_slots_;
  std::unique_ptr<posix::MemoryRegion> memory_telemetry_;
  posix::OneSlot one_slot_;
  posix::KernelRng rng_;
  posix::MachineMemory memory_;
  posix::MachineStopwatch stopwatch_;
  posix::ProcessPower power_;
  posix::StderrLog log_;
  MbedtlsCrypto crypto_;
  posix::MachineNetwork network_;
  posix::PtyCable cable_;
  posix::MosquittoSession session_;
  std::unique_ptr<posix::HttpServer> http_;
  HttpTokens tokens_;
  HttpApi api_;
  char api_buffer_[16u << 10];

  std::unique_ptr<VirtualNode> node_;  ///< null while it sleeps deeply
  Millis asleep_until_ = 0;
  Millis restart_at_ = kNever;
  Millis due_ = 0;
};

}  // namespace fb::linux_node
