#include "apps/linux_node/options.h"

#include <getopt.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/identity.h"
#include "core/json_reader.h"
#include "core/settings.h"

namespace fb::linux_node {

const char kUsage[] =
    R"(fieldbench-node: the Fieldbench firmware as a process, with simulated parts.

  --id NAME            device id, begins with sim- (sim-node)
  --name TEXT          what people call it (the id)
  --broker URI         mqtt://host[:port] or mqtts://host[:port]; kept in flash
  --username NAME      for the broker; the password is in FIELDBENCH_MQTT_PASSWORD
  --ca FILE --cert FILE --key FILE
                       of mqtts: whom to believe, and who this is (PEM)
  --serial-pty PATH    a serial cable: a link to a pseudo terminal is put here
  --http [HOST:]PORT   HTTP API and /metrics (127.0.0.1); port 0: any that is free
  --http-origin ORIGIN pages of this origin may ask a device that has no secret
  --flash-image FILE   4 MB of flash, made where missing; its records are in FILE.records/
                       Without it everything is forgotten at the end.
  --ota-key FILE       whose firmware it takes: public keys of makers (PEM, RSA of 2,048 bits, up to
                       four); without it every update is refused with unknown-key: docs/ota.md
  --product NAME       what its firmware is for, as a package names it (fieldbench-node)
  --config FILE        the configuration of an empty flash, JSON
  --world FILE         the simulated world, JSON: firmware/sim/README.md
  --seed N             decides the world's chances (made from the id)
  --count N            so many devices, 1 to 500: id, paths and files get -1, -2 …, the port rises
  --speed X            device time runs X times as fast, 1 to 1000000, or less where the machine
                       cannot follow; no turn of a component is left out
  --unix-ms N          the clock at the start, ms since 1970 (the machine's); 0: it was never set
  --log LEVEL          critical, error, warning, info or debug, on the standard error (warning)
  --help

One line of JSON on the standard output says that it is ready. SIGTERM and SIGINT end it: each
device says that it is offline. Exit codes: 0 ended as told, 64 wrong use, 69 an address is taken
or a file is in use by another process, 70 a device did not start, 74 a file cannot be used.
)";

namespace {

enum Option : int {
  kId = 1,
  kName,
  kBroker,
  kUsername,
  kCa,
  kCert,
  kKey,
  kPty,
  kHttp,
  kHttpOrigin,
  kFlash,
  kOtaKey,
  kProduct,
  kConfig,
  kWorld,
  kSeed,
  kCount,
  kSpeed,
  kUnixMs,
  kLog,
  kHelp,
};

const option kOptions[] = {{"id", required_argument, nullptr, kId},
                           {"name", required_argument, nullptr, kName},
                           {"broker", required_argument, nullptr, kBroker},
                           {"username", required_argument, nullptr, kUsername},
                           {"ca", required_argument, nullptr, kCa},
                           {"cert", required_argument, nullptr, kCert},
                           {"key", required_argument, nullptr, kKey},
                           {"serial-pty", required_argument, nullptr, kPty},
                           {"http", required_argument, nullptr, kHttp},
                           {"http-origin", required_argument, nullptr, kHttpOrigin},
                           {"flash-image", required_argument, nullptr, kFlash},
                           {"ota-key", required_argument, nullptr, kOtaKey},
                           {"product", required_argument, nullptr, kProduct},
                           {"config", required_argument, nullptr, kConfig},
                           {"world", required_argument, nullptr, kWorld},
                           {"seed", required_argument, nullptr, kSeed},
                           {"count", required_argument, nullptr, kCount},
                           {"speed", required_argument, nullptr, kSpeed},
                           {"unix-ms", required_argument, nullptr, kUnixMs},
                           {"log", required_argument, nullptr, kLog},
                           {"help", no_argument, nullptr, kHelp},
                           {nullptr, 0, nullptr, 0}};

constexpr size_t kMostFile = 4096;

bool read_file(const std::string& path, std::string& out) {
  std::ifstream in(path, std::ios::binary);
  out.assign(std::istreambuf_iterator<char>(in), {});
  return !in.fail() && out.size() <= kMostFile;
}

/// A decimal number, all of the text.
bool read_number(const char* text, double lowest, double highest, double& out) {
  char* end = nullptr;
  out = std::strtod(text, &end);
  return end != text && *end == '\0' && std::isfinite(out) && out >= lowest && out <= highest;
}

bool read_whole(const char* text, double lowest, double highest, double& out) {
  return read_number(text, lowest, highest, out) && out == std::floor(out);
}

bool read_http(const std::string& text, Options& out) {
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos) out.http_host = text.substr(0, colon);
  double port = 0;
  if (!read_whole(text.c_str() + (colon == std::string::npos ? 0 : colon + 1), 0, 65535, port)) return false;
  out.http_port = static_cast<int>(port);
  return !out.http_host.empty();
}

bool read_maker_keys(const std::string& path, MakerKeys& out, std::string& fault) {
  std::string text;
  if (!read_file(path, text)) return fault = "--ota-key: " + path + " cannot be read, or is no file of at most 4 KB", false;
  const Status read = out.read(text);
  if (read == Status::kNoSpace) return fault = "--ota-key: more than four keys in " + path, false;
  if (read == Status::kOk && out.count() > 0) return true;
  return fault = "--ota-key: PEM with public keys of RSA, 2,048 bits, is wanted in " + path, false;
}

bool read_level(const std::string& text, LogLevel& out) {
  constexpr const char* kNames[] = {"critical", "error", "warning", "info", "debug"};
  for (int i = 0; i < 5; i++) {
    if (text != kNames[i]) continue;
    out = static_cast<LogLevel>(i);
    return true;
  }
  return false;
}

bool read_object(const std::string& path, std::string& text, JsonDocument& document) {
  return read_file(path, text) && document.parse(text).ok() && document.root().is_object();
}

bool read_world(const std::string& path, Options& out, std::string& fault) {
  JsonToken tokens[256];
  JsonDocument document(tokens, 256);
  std::string text;
  if (!read_object(path, text, document)) {
    fault = "--world: no JSON object in " + path;
    return false;
  }
  World checked(0);
  Fault wrong;
  if (checked.configure(document.root(), wrong) != Status::kOk) {
    fault = "--world: " + std::string(wrong.field) + " does not fit";
    return false;
  }
  out.world = checked.scenario();
  return true;
}

}  // namespace

bool read_options(int argc, char** argv, Options& out, std::string& fault) {
  if (const char* const password = std::getenv("FIELDBENCH_MQTT_PASSWORD")) out.password = password;
  ::opterr = 0;
  ::optind = 1;
  double number = 0;
  for (int option = 0; (option = ::getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    const std::string text = ::optarg != nullptr ? ::optarg : "";
    switch (option) {
      case kId: out.id = text; break;
      case kName: out.name = text; break;
      case kBroker: out.broker = text; break;
      case kUsername: out.username = text; break;
      case kCa: out.tls.ca = text; break;
      case kCert: out.tls.certificate = text; break;
      case kKey: out.tls.key = text; break;
      case kPty: out.pty = text; break;
      case kHttpOrigin: out.http_origin = text; break;
      case kFlash: out.flash_image = text; break;
      case kHelp: out.help = true; return true;
      case kProduct: out.product = text; break;
      case kOtaKey:
        if (!read_maker_keys(text, out.maker_keys, fault)) return false;
        break;
      case kHttp:
        if (!read_http(text, out)) return fault = "--http: [HOST:]PORT is wanted", false;
        break;
      case kConfig: {
        JsonToken tokens[256];
        JsonDocument document(tokens, 256);
        if (!read_object(text, out.config, document)) return fault = "--config: no JSON object in " + text, false;
        break;
      }
      case kWorld:
        if (!read_world(text, out, fault)) return false;
        break;
      case kSeed:
        if (!read_whole(text.c_str(), 0, 9007199254740991.0, number)) return fault = "--seed: 0 to 2^53-1", false;
        out.seed = static_cast<uint64_t>(number);
        out.has_seed = true;
        break;
      case kCount:
        if (!read_whole(text.c_str(), 1, 500, number)) return fault = "--count: 1 to 500", false;
        out.count = static_cast<int>(number);
        break;
      case kSpeed:
        if (!read_number(text.c_str(), 1, 1e6, out.speed)) return fault = "--speed: 1 to 1000000", false;
        break;
      case kUnixMs:
        if (!read_whole(text.c_str(), 0, 9e15, number)) return fault = "--unix-ms: ms since 1970", false;
        out.unix_ms = static_cast<int64_t>(number);
        break;
      case kLog:
        if (!read_level(text, out.log)) return fault = "--log: critical, error, warning, info or debug", false;
        break;
      default: return fault = std::string("not an option: ") + argv[::optind - 1], false;
    }
  }
  if (::optind < argc) return fault = std::string("not an option: ") + argv[::optind], false;
  // The longest number that --count adds has three digits.
  const size_t most_id = out.count > 1 ? 60 : 64;
  if (out.id.substr(0, 4) != "sim-" || out.id.size() > most_id || !is_device_id(out.id))
    return fault = "--id: sim- and at most 64 bytes without / + # $ are wanted; its parts are simulated", false;
  if (out.name.size() > most_id) return fault = "--name: at most 64 bytes", false;
  const bool spoken = out.broker.substr(0, 7) == "mqtt://" || out.broker.substr(0, 8) == "mqtts://";
  if (!out.broker.empty() && (!spoken || !is_broker_uri(out.broker) || out.broker.size() > 256))
    return fault = "--broker: mqtt://host[:port] or mqtts://host[:port] is wanted", false;
  if (out.product.empty() || out.product.size() > 32) return fault = "--product: 1 to 32 bytes", false;
  if (out.username.size() > 128 || out.password.size() > 128) return fault = "--username: at most 128 bytes", false;
  if (out.tls.certificate.empty() != out.tls.key.empty()) return fault = "--cert and --key belong together", false;
  if (out.http_port > 0 && out.http_port + out.count - 1 > 65535) return fault = "--http: not enough ports", false;
  return true;
}

}  // namespace fb::linux_node
