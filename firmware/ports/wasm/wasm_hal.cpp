#include "ports/wasm/wasm_hal.h"

#define FB_IMPORT(name) extern "C" __attribute__((import_module("fb"), import_name(name)))

FB_IMPORT("publish")
int32_t fb_host_publish(uint32_t handle, const char* topic, uint32_t topic_size, const char* payload,
                        uint32_t payload_size, uint32_t qos, uint32_t retain);
FB_IMPORT("log")
void fb_host_log(uint32_t handle, uint32_t level, const char* tag, uint32_t tag_size, const char* text,
                 uint32_t text_size);
FB_IMPORT("storage_read")
int32_t fb_host_storage_read(uint32_t handle, const char* key, uint32_t key_size, char* out, uint32_t capacity);
FB_IMPORT("storage_write")
int32_t fb_host_storage_write(uint32_t handle, const char* key, uint32_t key_size, const char* bytes, uint32_t size);
FB_IMPORT("random") uint32_t fb_host_random(uint32_t handle);
FB_IMPORT("micros") double fb_host_micros(uint32_t handle);
FB_IMPORT("flash_size") uint32_t fb_host_flash_size(uint32_t handle, uint32_t region);
FB_IMPORT("flash_read")
int32_t fb_host_flash_read(uint32_t handle, uint32_t region, uint32_t at, void* out, uint32_t size);
FB_IMPORT("flash_write")
int32_t fb_host_flash_write(uint32_t handle, uint32_t region, uint32_t at, const void* bytes, uint32_t size);
FB_IMPORT("flash_erase") int32_t fb_host_flash_erase(uint32_t handle, uint32_t region, uint32_t at);
FB_IMPORT("slot") int32_t fb_host_slot(uint32_t handle, uint32_t act);

namespace fb {
namespace {

constexpr int32_t kHostNotFound = -1;
constexpr size_t kPage = 65'536;
/// What the linker lets the memory grow to (scripts/build-firmware.mjs, --max-memory).
constexpr size_t kMaxMemory = 256u << 20;

uint32_t size_of(std::string_view text) { return static_cast<uint32_t>(text.size()); }

}  // namespace

Expected<size_t> WasmHal::read(std::string_view key, char* out, size_t capacity) {
  const int32_t size =
      fb_host_storage_read(handle_, key.data(), size_of(key), out, static_cast<uint32_t>(capacity));
  if (size == kHostNotFound) return Status::kNotFound;
  if (size < 0) return Status::kStorage;
  if (static_cast<size_t>(size) > capacity) return Status::kNoSpace;
  return static_cast<size_t>(size);
}

Status WasmHal::write(std::string_view key, std::string_view bytes) {
  const int32_t status = fb_host_storage_write(handle_, key.data(), size_of(key), bytes.data(), size_of(bytes));
  return status == 0 ? Status::kOk : Status::kStorage;
}

uint32_t WasmHal::next() { return fb_host_random(handle_); }

bool WasmHal::publish(std::string_view topic, std::string_view payload, uint8_t qos, bool retain) {
  return fb_host_publish(handle_, topic.data(), size_of(topic), payload.data(), size_of(payload), qos,
                         retain ? 1 : 0) == 1;
}

void WasmHal::write(LogLevel level, std::string_view tag, std::string_view text) {
  fb_host_log(handle_, static_cast<uint32_t>(level), tag.data(), size_of(tag), text.data(), size_of(text));
}

size_t WasmHal::free_bytes() { return kMaxMemory - __builtin_wasm_memory_size(0) * kPage; }

uint64_t WasmHal::micros() { return static_cast<uint64_t>(fb_host_micros(handle_)); }

size_t WasmRegion::size() const { return fb_host_flash_size(handle_, which_); }

Status WasmRegion::read(size_t at, void* out, size_t size) {
  if (at > this->size() || size > this->size() - at) return Status::kInvalid;
  const int32_t status =
      fb_host_flash_read(handle_, which_, static_cast<uint32_t>(at), out, static_cast<uint32_t>(size));
  return status == 0 ? Status::kOk : Status::kStorage;
}

Status WasmRegion::write(size_t at, const void* bytes, size_t size) {
  if (at > this->size() || size > this->size() - at) return Status::kInvalid;
  const int32_t status =
      fb_host_flash_write(handle_, which_, static_cast<uint32_t>(at), bytes, static_cast<uint32_t>(size));
  return status == 0 ? Status::kOk : Status::kStorage;
}

Status WasmRegion::erase_sector(size_t at) {
  if (at % kSector != 0 || at >= size()) return Status::kInvalid;
  return fb_host_flash_erase(handle_, which_, static_cast<uint32_t>(at)) == 0 ? Status::kOk : Status::kStorage;
}

namespace {

/// What the import `slot` is asked, docs/firmware.md §3.
enum class SlotAct : uint32_t { kState = 0, kBootOther = 1, kConfirm = 2, kRollBack = 3 };

Status slot_act(uint32_t handle, SlotAct act) {
  switch (fb_host_slot(handle, static_cast<uint32_t>(act))) {
    case 0: return Status::kOk;
    case -1: return Status::kNotFound;
    case -2: return Status::kCorrupt;
    default: return Status::kStorage;
  }
}

}  // namespace

ImageState WasmSlots::running_state() {
  return fb_host_slot(handle_, static_cast<uint32_t>(SlotAct::kState)) == 1 ? ImageState::kOnTrial
                                                                            : ImageState::kConfirmed;
}
Status WasmSlots::boot_other() {
  const Status status = slot_act(handle_, SlotAct::kBootOther);
  chosen_ = chosen_ || status == Status::kOk;
  return status;
}
Status WasmSlots::confirm_running() { return slot_act(handle_, SlotAct::kConfirm); }
Status WasmSlots::roll_back() {
  const Status status = slot_act(handle_, SlotAct::kRollBack);
  given_up_ = given_up_ || status == Status::kOk;
  return status;
}

}  // namespace fb
