#include "ports/esp32/serial_cable.h"

#include <cstdarg>
#include <cstdio>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "sdkconfig.h"
#if CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG || CONFIG_ESP_CONSOLE_SECONDARY_USB_SERIAL_JTAG
#define FB_CABLE_IS_USB 1
#include "driver/usb_serial_jtag.h"
#endif
#include "driver/uart.h"

namespace fb::esp32 {
namespace {

/// The longest frame is 4,106 bytes, and the driver's ring takes an item of at most half its size.
constexpr int kOutBytes = 10 * 1024;
constexpr int kInBytes = 4 * 1024;
/// A longer log line is cut.
constexpr size_t kMaxLine = 256;

/// IDF's log hook takes no context, so what it needs is here.
SemaphoreHandle_t way_out = nullptr;

#if FB_CABLE_IS_USB

/// The chip's own USB: most boards with these chips have nothing else behind their socket.
namespace usb {

Status install() {
  usb_serial_jtag_driver_config_t config{};
  config.tx_buffer_size = kOutBytes;
  config.rx_buffer_size = kInBytes;
  return usb_serial_jtag_driver_install(&config) == ESP_OK ? Status::kOk : Status::kUnavailable;
}

/// All or nothing: with no time to wait the ring takes the whole item or refuses it.
bool put(const char* bytes, size_t size) {
  return usb_serial_jtag_write_bytes(bytes, size, 0) == static_cast<int>(size);
}

int get(char* out, size_t capacity) { return usb_serial_jtag_read_bytes(out, static_cast<uint32_t>(capacity), 0); }

}  // namespace usb

#endif

#if !CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG

/// The UART of the console, behind a USB bridge.
namespace bridge {

constexpr uart_port_t kPort = static_cast<uart_port_t>(CONFIG_ESP_CONSOLE_UART_NUM);
/// What the ring spends on an item besides its bytes, generously.
constexpr size_t kItemOverhead = 64;

Status install() {
  // Pins, baud and clock are the console's: the bootloader's log and ours come at one speed.
  return uart_driver_install(kPort, kInBytes, kOutBytes, 0, nullptr, 0) == ESP_OK ? Status::kOk : Status::kUnavailable;
}

/// uart_write_bytes waits where the ring is full, so it is asked before.
bool put(const char* bytes, size_t size) {
  size_t free = 0;
  if (uart_get_tx_buffer_free_size(kPort, &free) != ESP_OK || free < size + kItemOverhead) return false;
  return uart_write_bytes(kPort, bytes, size) == static_cast<int>(size);
}

int get(char* out, size_t capacity) { return uart_read_bytes(kPort, out, static_cast<uint32_t>(capacity), 0); }

}  // namespace bridge

#endif

// One image serves boards with a bridge and boards without: where IDF has the USB as its second console, both say the same,
// and either may ask.
#if CONFIG_ESP_CONSOLE_SECONDARY_USB_SERIAL_JTAG

Status install() {
  const Status first = bridge::install();
  const Status second = usb::install();
  return first == Status::kOk ? first : second;
}

/// Taken where one of them took it: whichever has no host fills up and refuses.
bool put(const char* bytes, size_t size) {
  const bool by_bridge = bridge::put(bytes, size);
  const bool by_usb = usb::put(bytes, size);
  return by_bridge || by_usb;
}

int get(char* out, size_t capacity) {
  const int size = usb::get(out, capacity);
  return size > 0 ? size : bridge::get(out, capacity);
}

#elif FB_CABLE_IS_USB

Status install() { return usb::install(); }
bool put(const char* bytes, size_t size) { return usb::put(bytes, size); }
int get(char* out, size_t capacity) { return usb::get(out, capacity); }

#else

Status install() { return bridge::install(); }
bool put(const char* bytes, size_t size) { return bridge::put(bytes, size); }
int get(char* out, size_t capacity) { return bridge::get(out, capacity); }

#endif

/// Whatever does not fit just now is lost: a log must not hold up the task that writes it.
int write_log(const char* format, va_list arguments) {
  char line[kMaxLine];
  int length = std::vsnprintf(line, sizeof line - 1, format, arguments);
  if (length <= 0) return length;
  if (length >= static_cast<int>(sizeof line) - 1) {
    length = sizeof line - 2;
    line[length - 1] = '\n';
  }
  if (line[length - 1] == '\n') {  // as IDF's console would
    line[length - 1] = '\r';
    line[length++] = '\n';
  }
  xSemaphoreTake(way_out, portMAX_DELAY);
  const bool taken = put(line, static_cast<size_t>(length));
  xSemaphoreGive(way_out);
  return taken ? length : 0;
}

}  // namespace

Status SerialCable::begin() {
  way_out = xSemaphoreCreateMutex();
  if (way_out == nullptr) return Status::kNoSpace;
  const Status installed = install();
  if (installed == Status::kOk) esp_log_set_vprintf(write_log);
  return installed;
}

bool SerialCable::write(std::string_view message) {
  xSemaphoreTake(way_out, portMAX_DELAY);
  const bool taken = put(message.data(), message.size());
  xSemaphoreGive(way_out);
  return taken;
}

size_t SerialCable::read(char* out, size_t capacity) {
  const int size = get(out, capacity);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

}  // namespace fb::esp32
