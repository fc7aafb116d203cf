#include <algorithm>
#include <cstdio>

#include "components/adc_input/adc_input.h"
#include "components/bme280/bme280.h"
#include "components/chip_health/chip_health.h"
#include "components/dht22/dht22.h"
#include "components/inverter_flow/device_flow.h"
#include "components/led/led.h"
#include "components/model_service/model_service.h"
#include "components/modbus_rtu/modbus_rtu.h"
#include "components/relay/relay.h"
#include "components/rules_service/device_rule_actor.h"
#include "components/sht3x/sht3x.h"
#include "core/board.h"
#include "core/http_api.h"
#include "core/http_tokens.h"
#include "core/sample_listeners.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_sleep.h"
#include "esp_system.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "pins.h"
#include "ports/esp32/adc_pin.h"
#include "ports/esp32/chip.h"
#include "ports/esp32/clock.h"
#include "ports/esp32/gpio_button.h"
#include "ports/esp32/gpio_out.h"
#include "ports/esp32/http_server.h"
#include "ports/esp32/i2c_master.h"
#include "ports/esp32/ledc_lamp.h"
#include "ports/esp32/light_sleep.h"
#include "ports/esp32/mqtt_session.h"
#include "ports/esp32/nvs_storage.h"
#include "ports/esp32/ota_slots.h"
#include "ports/esp32/partition_region.h"
#include "ports/esp32/rmt_capture.h"
#include "ports/esp32/rs485_port.h"
#include "ports/esp32/serial_cable.h"
#include "ports/esp32/setup_portal.h"
#include "ports/mbedtls/maker_keys.h"
#include "ports/mbedtls/mbedtls_crypto.h"
#include "sdkconfig.h"
#if CONFIG_FIELDBENCH_NETWORK_OPENETH
#include "ports/esp32/ethernet_network.h"
using BoardNetwork = fb::esp32::EthernetNetwork;
#else
#include "ports/esp32/wifi_access_point.h"
#include "ports/esp32/wifi_network.h"
using BoardNetwork = fb::esp32::WifiNetwork;
#endif

namespace {

constexpr char kTag[] = "node";

// main/maker_keys.pem, as EMBED_TXTFILES names it.
extern const char maker_keys_begin[] asm("_binary_maker_keys_pem_start");
extern const char maker_keys_end[] asm("_binary_maker_keys_pem_end");
#if CONFIG_FIELDBENCH_I2C
constexpr std::string_view kFactoryDefault =
    R"({"components":[{"id":"climate","type":"sht3x"},{"id":"chip","type":"chip-health"},{"id":"led","type":"led"}]})";
#else
constexpr std::string_view kFactoryDefault =
    R"({"components":[{"id":"chip","type":"chip-health"},{"id":"led","type":"led"}]})";
#endif

/// How long the cable and the sessions may lie unread: 115 bytes at 115200 baud, of the 4 KiB that the driver keeps.
constexpr fb::Millis kPollMs = 10;

/// The same while the chip may sleep lightly: how late a broker's message may be taken.
constexpr fb::Millis kSleepyPollMs = 200;

fb::Identity identity() {
  uint8_t mac[6] = {};
  ESP_ERROR_CHECK(esp_efuse_mac_get_default(mac));
  char id[16];
  char name[24];
  std::snprintf(id, sizeof id, "fb-%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  std::snprintf(name, sizeof name, "Fieldbench %02x%02x", mac[4], mac[5]);
  fb::Identity identity;
  // All three are shorter than their places.
  (void)identity.id.assign(id);
  (void)identity.name.assign(name);
  (void)identity.model.assign(CONFIG_IDF_TARGET);
  return identity;
}

/// Logged, and no more: a board without its lamp or its network still answers on the cable.
void note(fb::Status status, const char* part) {
  if (status != fb::Status::kOk) ESP_LOGE(kTag, "%s did not begin (%d)", part, static_cast<int>(status));
}

/// The device as HTTP sees it: what a token allows.
class DeviceApi final : public fb::ApiPort {
 public:
  DeviceApi(fb::Device& device, fb::Crypto& crypto, fb::Storage& storage) : device_(device), tokens_(crypto, storage) {}
  std::string_view handle(std::string_view json, fb::Access access, const fb::Now& now) override {
    return device_.handle(json, access, now);
  }
  std::string_view handle_sealed(std::string_view json, const fb::Now& now) override {
    return device_.handle_sealed(json, now);
  }
  fb::Access access_of(std::string_view token) override {
    return tokens_.access_of(token, device_.identity().id.view());
  }
  bool guarded() const override { return tokens_.guarded(device_.identity().id.view()); }

 private:
  fb::Device& device_;
  fb::HttpTokens tokens_;
};

/// What a browser sees: the set-up page in the board's own network, else the HTTP API.
class Web final : public fb::esp32::WebAnswerer {
 public:
  Web(fb::HttpApi& api, fb::esp32::SetupPortal& portal) : api_(api), portal_(portal) {}
  fb::HttpAnswer answer(const fb::HttpRequest& request, bool by_own_network, const fb::Now& now) override {
    fb::HttpAnswer page;
    // In the network that the board joined, others than the person at the board could reach it.
    if (by_own_network && portal_.answer(request, now, page)) return page;
    return api_.answer(request, now);
  }
  fb::HttpPiece rest() override { return api_.rest(); }

 private:
  fb::HttpApi& api_;
  fb::esp32::SetupPortal& portal_;
};

/// All that the board is. Static, so that what it needs is known when it is linked and not when it runs.
struct Node {
  fb::esp32::SerialCable cable;
  fb::esp32::NvsStorage storage;
  fb::esp32::ChipRng rng;
  fb::esp32::Heap heap;
  fb::esp32::EspLog log;
  fb::esp32::ChipThermometer thermometer;
  fb::esp32::LedcLamp lamp;
  fb::esp32::I2cMaster i2c;
  fb::esp32::RmtCapture one_wire;
  fb::esp32::AdcPin adc;
  fb::esp32::Rs485Port rs485;
  fb::esp32::GpioOut relay_pins[fb::RelayOutputs::kMost];
  fb::RelayOutputs relays;
  fb::esp32::MqttSession mqtt{storage};
  BoardNetwork network;
  fb::esp32::ChipTimer timer;
  fb::esp32::ChipPower power;
  fb::MbedtlsCrypto crypto;
  fb::esp32::PartitionRegion telemetry;
  fb::esp32::OtaSlots slots;
  fb::Hal hal{storage, rng, mqtt, network, heap, log, timer, power, crypto, telemetry, slots};
  fb::SampleListeners listeners;
  fb::MakerKeys makers;
  fb::Device device{identity(), hal};
  fb::Board board{device, hal, {cable, network, mqtt}};
  fb::Sht3xFactory climate{i2c, device.samples()};
  fb::ChipHealthFactory chip{heap, thermometer, device.samples()};
  fb::LedFactory led{lamp};
  fb::Bme280Factory air{i2c, device.samples()};
  fb::Dht22Factory dht22{one_wire, device.samples()};
  fb::AdcInputFactory voltage{adc, device.samples()};
  fb::ModbusRtuFactory modbus{rs485, device.samples()};
  fb::RelayFactory relay{relays};
  fb::DeviceRuleActor rule_actor{device};
  fb::RulesServiceFactory rules{rule_actor, listeners};
  fb::ModelServiceFactory model{device.samples(), listeners, timer};
  fb::FlowDevice flow_device{device, rng, listeners};
  fb::DeviceFlowFactory flow{flow_device};
  DeviceApi device_api{device, crypto, storage};
  fb::esp32::HttpServer http;
  fb::HttpApi http_api{device_api, rng, {}, http.buffer(), fb::esp32::HttpServer::kBuffer};
  fb::esp32::SetupPortal portal{network, device_api, rng};
  Web web{http_api, portal};
  fb::esp32::GpioButton button;
  fb::esp32::LightSleep light_sleep;
#if CONFIG_FIELDBENCH_NETWORK_WIFI
  fb::esp32::WifiAccessPoint own_network;
#endif

  void begin();
  void run();

 private:
  void begin_parts();
  void begin_services();
  void step_setup();
  void sleep_deeply(fb::Millis until);
};

/// A type is offered where its hardware is: what the person then makes of it is the configuration's.
void Node::begin_parts() {
  using fb::kPins;
#if CONFIG_FIELDBENCH_LED_ACTIVE_LOW
  constexpr bool kLampActiveLow = true;
#else
  constexpr bool kLampActiveLow = false;
#endif
  lamp.begin(kPins.led, kLampActiveLow);
  note(device.add_type(chip), "chip-health");
  note(device.add_type(led), "led");
  if constexpr (kPins.i2c_sda != fb::kNoPin) {
    note(i2c.begin(kPins.i2c_sda, kPins.i2c_scl), "I2C");
    note(device.add_type(climate), "sht3x");
    note(device.add_type(air), "bme280");
  }
  if constexpr (kPins.dht != fb::kNoPin) {
    note(one_wire.begin_on(kPins.dht), "the DHT22's line");
    note(device.add_type(dht22), "dht22");
  }
  if constexpr (kPins.adc != fb::kNoPin) {
    note(adc.begin(kPins.adc), "the analogue pin");
    note(device.add_type(voltage), "adc-input");
  }
  if constexpr (kPins.rs485_tx != fb::kNoPin) {
    note(rs485.begin(kPins.rs485_tx, kPins.rs485_rx, kPins.rs485_direction), "RS-485");
    note(device.add_type(modbus), "modbus-rtu");
  }
  for (const int pin : kPins.relays) {
    if (pin == fb::kNoPin) continue;
    fb::esp32::GpioOut& out = relay_pins[relays.count];
    note(out.begin(pin), "a relay");
    relays.channels[relays.count++] = &out;
  }
  if (relays.count > 0) note(device.add_type(relay), "relay");
}

/// What needs no hardware but hears what the rest measures.
void Node::begin_services() {
  note(device.add_type(rules), "rules");
  note(device.add_type(model), "model");
  note(device.add_type(flow), "inverter-flow");
  listeners.follow(device.orchestrator());
  note(device.telemetry().add_tap(listeners), "what hears samples");
}

void Node::begin() {
  note(cable.begin(), "the cable");
  if (storage.begin() != fb::Status::kOk) device.log().write(fb::LogLevel::kCritical, "storage", storage.reason());
  note(mqtt.begin(), "MQTT");
  telemetry.find("telemetry");
  slots.begin();
  thermometer.begin();
  begin_parts();
  begin_services();
  ESP_ERROR_CHECK(esp_netif_init());
  ESP_ERROR_CHECK(esp_event_loop_create_default());
  note(network.begin(), "the network");
  fb::esp32::start_sntp();
  const std::string_view keys(maker_keys_begin, static_cast<size_t>(maker_keys_end - maker_keys_begin));
  note(makers.read(keys), "maker_keys.pem");
  device.trust(makers.trust(CONFIG_IDF_FIRMWARE_CHIP_ID, "fieldbench-node"));
  note(board.start({}, kFactoryDefault, fb::esp32::now()), "the device");
#if CONFIG_FIELDBENCH_HTTP
  note(http.begin(), "HTTP");
#endif
#if CONFIG_FIELDBENCH_PORTAL
  button.begin(fb::kPins.boot_button);
  if (portal.is_needed(fb::esp32::now())) portal.open(true, fb::esp32::now());
#endif
  power.watch_this_task();
}

/// The board's own network is there as long as the set-up page is.
void Node::step_setup() {
#if CONFIG_FIELDBENCH_PORTAL
  const fb::Now now = fb::esp32::now();
  if (button.held(now.mono)) portal.open(portal.is_needed(now), now);
  portal.step(now);
  if (portal.is_open() == own_network.is_open()) return own_network.serve();
  if (!portal.is_open()) return own_network.close();
  char name[] = "Fieldbench-0000";
  const std::string_view id = device.identity().id.view();  // ends in the MAC
  id.substr(id.size() - std::min<size_t>(4, id.size())).copy(name + sizeof name - 5, 4);
  if (own_network.open(name) == fb::Status::kOk) return;
  note(fb::Status::kUnavailable, "the network for set-up");
  portal.close();
#endif
}

/// Comes back as after a restart, with the reason ResetReason::kDeepSleep.
void Node::sleep_deeply(fb::Millis until) {
  // "sleeping" is still on its way to the broker.
  for (int i = 0; i < 50 && !mqtt.idle(); i++) vTaskDelay(pdMS_TO_TICKS(20));
  vTaskDelay(pdMS_TO_TICKS(100));
  mqtt.close();
  network.leave();
  const fb::Millis now = fb::esp32::now().mono;
  if (until > now) esp_deep_sleep((until - now) * 1000);
}

void Node::run() {
  char bytes[512];
  fb::esp32::MqttSession::Message message;
  while (!device.restart_wanted()) {
    while (const size_t size = cable.read(bytes, sizeof bytes)) board.serial({bytes, size}, fb::esp32::now());
    while (mqtt.next(message)) (void)board.receive(message.topic, message.payload, fb::esp32::now());
    http.serve(web, fb::esp32::now());
    step_setup();
    const fb::Millis due = board.step(fb::esp32::now());
    const fb::SleepKind sleep = portal.is_open() ? fb::SleepKind::kNone : device.sleep_wish().kind;
    if (sleep == fb::SleepKind::kDeep) sleep_deeply(device.sleep_wish().until);
    light_sleep.allow(sleep == fb::SleepKind::kLight);
    const fb::Millis now = fb::esp32::now().mono;
    const fb::Millis longest = sleep == fb::SleepKind::kLight ? kSleepyPollMs : kPollMs;
    const fb::Millis wait = due <= now ? 0 : std::min(due - now, longest);
    // At least one tick, so that lower tasks run too.
    vTaskDelay(std::max<TickType_t>(1, pdMS_TO_TICKS(wait)));
  }
  // The answer to system.restart is still on its way out.
  vTaskDelay(pdMS_TO_TICKS(200));
  esp_restart();
}

}  // namespace

extern "C" void app_main() {
  // Made at the first call, after IDF's own start; constructors before app_main must not touch its drivers.
  static Node node;
  node.begin();
  node.run();
}
