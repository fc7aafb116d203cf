#pragma once

#include <string>

#include "hal/log.h"
#include "ports/linux/mosquitto_session.h"
#include "ports/mbedtls/maker_keys.h"
#include "sim/world.h"

namespace fb::linux_node {

/// What the process was told; docs/linux-node.md.
struct Options {
  std::string id = "sim-node";
  std::string name;  ///< empty: the id
  std::string broker;
  std::string username;
  std::string password;
  posix::TlsFiles tls;
  std::string pty;
  std::string http_host = "127.0.0.1";
  int http_port = -1;  ///< −1: none; 0: any
  std::string http_origin;
  std::string flash_image;
  std::string config;  ///< the text of the file
  Scenario world;
  MakerKeys maker_keys;
  std::string product = "fieldbench-node";
  int count = 1;
  double speed = 1;
  int64_t unix_ms = -1;  ///< the clock at the start; 0: never set; −1: the machine's
  bool has_seed = false;
  uint64_t seed = 0;
  LogLevel log = LogLevel::kWarning;
  bool help = false;
};

/// Of sysexits.h, and told in --help.
enum ExitCode : int { kExitOk = 0, kExitUsage = 64, kExitSoftware = 70, kExitUnavailable = 69, kExitStorage = 74 };

/// Reads the command line. False: `fault` says what does not fit.
bool read_options(int argc, char** argv, Options& out, std::string& fault);

extern const char kUsage[];

}  // namespace fb::linux_node
