// The C ABI of docs/firmware.md: many devices an instance, a handle in every call. The table is the only state outside
// of a device.
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "core/ram_region.h"
#include "ports/wasm/practice_maker.h"
#include "ports/wasm/wasm_crypto.h"
#include "ports/wasm/wasm_hal.h"

#define FB_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace fb {
namespace {

constexpr uint32_t kAbiVersion = 3;
constexpr size_t kMaxDevices = 1024;
constexpr size_t kMaxOptions = 4096;

/// Codes below 0 of fb_device_create; docs/firmware.md §2.
enum CreateFault : int32_t { kBadOptions = -1, kBadId = -2, kNoMemory = -3, kDidNotStart = -4 };

/// What a virtual device is made from, kept for its restarts.
struct Options {
  Identity identity;
  uint64_t seed = 0;
  bool board = false;
  ResetReason reset = ResetReason::kPowerOn;
  Scenario world;
  char config[kMaxOptions];
  size_t config_size = 0;
};

struct Body {
  explicit Body(uint32_t handle)
      : hal(handle),
        crypto(handle),
        telemetry(handle, WasmRegion::Which::kTelemetry),
        slots(handle),
        serial(handle),
        network(handle),
        session(handle, hal) {}

  Status boot(const Now& now) {
    node.reset();
    asleep_until = 0;
    const BoardHal board{serial, network, session};
    if (options.board && booted) {
      // What a chip's reset ends of itself.
      session.close();
      network.leave();
    }
    booted = true;
    // Without flash for it the log lies in memory, and ends with the device.
    if (telemetry.size() < 2 * FlashRegion::kSector && ram == nullptr) ram.reset(new (std::nothrow) RamRegion<2>);
    FlashRegion& samples = ram != nullptr ? static_cast<FlashRegion&>(*ram) : telemetry;
    node.reset(new (std::nothrow)
                   VirtualNode(options.identity, options.seed, {hal, hal, hal, hal, hal, hal, hal, crypto, samples, slots},
                               options.board ? &board : nullptr, options.world));
    if (node == nullptr) return Status::kNoSpace;
    node->device().trust(practice_trust());
    const Status started = node->start({options.config, options.config_size}, now);
    if (started == Status::kOk && !options.board) node->device().set_link(link_up, now);
    return started;
  }

  /// The power goes but for the clock that wakes it.
  void sleep(Millis until) {
    if (options.board) {
      session.close();
      network.leave();
    }
    node.reset();
    asleep_until = until;
  }

  /// Is another image to start? Then the host does it, by the way of its bootloader.
  bool resets() const {
    return options.board && (slots.given_up() || (slots.chosen() && node->device().restart_wanted()));
  }

  Options options;
  WasmHal hal;
  WasmCrypto crypto;
  WasmRegion telemetry;
  std::unique_ptr<RamRegion<2>> ram;
  WasmSlots slots;
  WasmSerial serial;
  WasmNetwork network;
  WasmMqtt session;
  std::unique_ptr<VirtualNode> node;  ///< null while it sleeps deeply
  Millis asleep_until = 0;
  bool link_up = false;
  bool booted = false;
};

/// What fb_device_step returns where the host must restart the board.
constexpr double kResets = -2;

struct Slot {
  std::unique_ptr<Body> body;
  uint32_t generation = 0;
};

std::vector<Slot>& slots() {
  static std::vector<Slot> all;
  return all;
}

/// A handle holds the slot (10 bits, from 1) and its generation, so that one that was destroyed reaches nobody.
uint32_t handle_of(size_t slot, uint32_t generation) {
  return static_cast<uint32_t>(slot) + 1 + ((generation & 0xfffff) << 11);
}

Body* find(uint32_t handle) {
  const size_t slot = (handle & 0x7ff) - 1;
  if (slot >= slots().size() || handle != handle_of(slot, slots()[slot].generation)) return nullptr;
  return slots()[slot].body.get();
}

Now now_of(double mono_ms, double unix_ms) {
  // Not a number or out of range is a host's fault: then it is the start of time, and not set.
  Now now;
  if (mono_ms >= 0 && mono_ms < 9e15) now.mono = static_cast<Millis>(mono_ms);
  if (unix_ms > 0 && unix_ms < 9e15) now.unix_ms = static_cast<int64_t>(unix_ms);
  return now;
}

/// 12 lower-case hex digits.
bool is_mac(std::string_view text) {
  for (const char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  return text.size() == 12;
}

bool read_options(std::string_view json, Options& options) {
  static JsonToken tokens[256];
  JsonDocument document(tokens, 256);
  if (!document.parse(json).ok() || !document.root().is_object()) return false;
  const JsonValue root = document.root();
  char text[64];
  options.board = root.member("board").exists();
  const Expected<std::string_view> mac = root.member("board").member("mac").text(text, 12);
  if (options.board) {
    if (!mac.ok() || !is_mac(mac.value()) || options.identity.id.assign("sim-") != Status::kOk ||
        options.identity.id.append(mac.value()) != Status::kOk)
      return false;
  }
  const Expected<std::string_view> id = root.member("id").text(text, sizeof text);
  // A board is who its MAC says, unless it is told otherwise.
  if (id.ok() ? options.identity.id.assign(id.value()) != Status::kOk : !options.board) return false;
  const Expected<std::string_view> name = root.member("name").text(text, sizeof text);
  if (root.member("name").exists() && !name.ok()) return false;
  if (options.identity.name.assign(name.value_or({})) != Status::kOk) return false;
  if (options.identity.model.assign(options.board ? "ESP32-C3 (virtual)" : "virtual") != Status::kOk) return false;
  options.identity.simulated = true;
  const Expected<double> seed = root.member("seed").number();
  if (!seed.ok() || seed.value() < 0 || seed.value() > 9007199254740991.0) return false;
  options.seed = static_cast<uint64_t>(seed.value());
  const JsonValue reset = root.member("reset");
  const double reason = reset.exists() ? reset.number().value_or(-1) : 1;
  if (!(reason >= 0 && reason <= static_cast<double>(ResetReason::kDeepSleep))) return false;
  options.reset = static_cast<ResetReason>(static_cast<uint8_t>(reason));
  const JsonValue world = root.member("world");
  if (world.exists()) {
    World checked(options.seed);
    Fault fault;
    if (checked.configure(world, fault) != Status::kOk) return false;
    options.world = checked.scenario();
  }
  const std::string_view config = root.member("config").raw();
  if (config.size() > sizeof options.config) return false;
  for (const char c : config) options.config[options.config_size++] = c;
  return true;
}

}  // namespace
}  // namespace fb

FB_EXPORT(fb_abi_version) uint32_t fb_abi_version() { return fb::kAbiVersion; }

FB_EXPORT(fb_alloc) void* fb_alloc(uint32_t size) { return std::malloc(size); }

FB_EXPORT(fb_free) void fb_free(void* block) { std::free(block); }

FB_EXPORT(fb_device_create)
int32_t fb_device_create(const char* options, uint32_t size, double mono_ms, double unix_ms) {
  using namespace fb;
  size_t slot = 0;
  while (slot < slots().size() && slots()[slot].body != nullptr) slot++;
  if (slot == kMaxDevices) return kNoMemory;
  if (slot == slots().size()) slots().emplace_back();
  const uint32_t handle = handle_of(slot, ++slots()[slot].generation);
  std::unique_ptr<Body> body(new (std::nothrow) Body(handle));
  if (body == nullptr) return kNoMemory;
  if (!read_options({options, size}, body->options)) return kBadOptions;
  if (!is_device_id(body->options.identity.id.view())) return kBadId;
  body->hal.reason = body->options.reset;
  if (body->boot(now_of(mono_ms, unix_ms)) != Status::kOk) return kDidNotStart;
  slots()[slot].body = std::move(body);
  return static_cast<int32_t>(handle);
}

FB_EXPORT(fb_device_destroy) void fb_device_destroy(uint32_t handle) {
  if (fb::find(handle) != nullptr) fb::slots()[(handle & 0x7ff) - 1].body.reset();
}

FB_EXPORT(fb_device_step) double fb_device_step(uint32_t handle, double mono_ms, double unix_ms) {
  using namespace fb;
  Body* body = find(handle);
  if (body == nullptr) return -1;
  const Now now = now_of(mono_ms, unix_ms);
  if (now.mono < body->asleep_until) return static_cast<double>(body->asleep_until);
  const bool wakes = body->node == nullptr;
  if (!wakes && body->resets()) return kResets;
  if (wakes || body->node->device().restart_wanted()) {
    body->hal.reason = wakes ? ResetReason::kDeepSleep : ResetReason::kSoftware;
    if (body->boot(now) != Status::kOk) return -1;
  }
  const Millis next = body->node->step(now);
  if (body->resets()) return kResets;
  const SleepWish wish = body->node->device().sleep_wish();
  if (wish.kind == SleepKind::kDeep) body->sleep(wish.until);
  return next == kNever ? 9e15 : static_cast<double>(next);
}

FB_EXPORT(fb_device_link) void fb_device_link(uint32_t handle, uint32_t up, double mono_ms, double unix_ms) {
  fb::Body* body = fb::find(handle);
  // A board knows its own session.
  if (body == nullptr || body->options.board) return;
  body->link_up = up != 0;
  if (body->node != nullptr) body->node->device().set_link(up != 0, fb::now_of(mono_ms, unix_ms));
}

FB_EXPORT(fb_device_receive)
int32_t fb_device_receive(uint32_t handle, const char* topic, uint32_t topic_size, const char* payload,
                          uint32_t payload_size, double mono_ms, double unix_ms) {
  fb::Body* body = fb::find(handle);
  if (body == nullptr) return -1;
  if (body->node == nullptr) return 0;
  const fb::Now now = fb::now_of(mono_ms, unix_ms);
  return body->node->device().receive({topic, topic_size}, {payload, payload_size}, now) ? 1 : 0;
}

FB_EXPORT(fb_device_serial)
void fb_device_serial(uint32_t handle, const char* bytes, uint32_t size, double mono_ms, double unix_ms) {
  fb::Body* body = fb::find(handle);
  if (body == nullptr || body->node == nullptr || body->node->board() == nullptr) return;
  body->node->board()->serial({bytes, size}, fb::now_of(mono_ms, unix_ms));
}

FB_EXPORT(fb_device_text) int32_t fb_device_text(uint32_t handle, uint32_t which, char* out, uint32_t capacity) {
  fb::Body* body = fb::find(handle);
  if (body == nullptr || body->node == nullptr) return -1;
  const fb::Device& device = body->node->device();
  const std::string_view text = which == 0   ? device.status_topic()
                                : which == 1 ? device.will_payload()
                                : which == 2 ? device.command_topic()
                                : which == 3 ? device.desired_topic()
                                             : std::string_view();
  if (text.size() <= capacity)
    for (size_t i = 0; i < text.size(); i++) out[i] = text[i];
  return static_cast<int32_t>(text.size());
}
