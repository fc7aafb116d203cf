// How much memory one component of each type takes on a chip, for `nm`: an array of its size each. Compiled, never linked.
#include "components/adc_input/adc_input.h"
#include "components/bme280/bme280.h"
#include "components/chip_health/chip_health.h"
#include "components/dht22/dht22.h"
#include "components/inverter_flow/inverter_flow.h"
#include "components/led/led.h"
#include "components/modbus_rtu/modbus_rtu.h"
#include "components/model_service/model_service.h"
#include "components/relay/relay.h"
#include "components/rules_service/rules_service.h"
#include "components/sht3x/sht3x.h"
#include "components/sim_climate/sim_climate.h"
#include "core/registry.h"

extern "C" {
/// What the registry keeps of each besides.
char footprint_entry[sizeof(fb::Registry::Entry)];

// Named as their folders.
char component_adc_input[sizeof(fb::AdcInput)];
char component_bme280[sizeof(fb::Bme280)];
char component_chip_health[sizeof(fb::ChipHealth)];
char component_dht22[sizeof(fb::Dht22)];
char component_inverter_flow[sizeof(fb::InverterFlow)];
char component_led[sizeof(fb::Led)];
char component_modbus_rtu[sizeof(fb::ModbusRtu)];
char component_model_service[sizeof(fb::ModelService)];
char component_relay[sizeof(fb::Relay)];
char component_rules_service[sizeof(fb::RulesService)];
char component_sht3x[sizeof(fb::Sht3x)];
char component_sim_climate[sizeof(fb::SimClimate)];
}
