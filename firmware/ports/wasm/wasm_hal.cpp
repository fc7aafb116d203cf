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

}  // namespace fb
