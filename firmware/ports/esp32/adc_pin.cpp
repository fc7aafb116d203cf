#include "ports/esp32/adc_pin.h"

namespace fb::esp32 {
namespace {

/// 12 dB, the widest range. Its name is ADC_ATTEN_DB_11 in ESP-IDF 5.1 and ADC_ATTEN_DB_12 later; the number stays.
constexpr auto kAttenuation = static_cast<adc_atten_t>(3);

adc_cali_handle_t calibrate(adc_unit_t unit) {
  adc_cali_handle_t calibration = nullptr;
#if ADC_CALI_SCHEME_CURVE_FITTING_SUPPORTED
  adc_cali_curve_fitting_config_t config{};
  config.unit_id = unit;
  config.atten = kAttenuation;
  config.bitwidth = ADC_BITWIDTH_DEFAULT;
  if (adc_cali_create_scheme_curve_fitting(&config, &calibration) != ESP_OK) return nullptr;
#elif ADC_CALI_SCHEME_LINE_FITTING_SUPPORTED
  adc_cali_line_fitting_config_t config{};
  config.unit_id = unit;
  config.atten = kAttenuation;
  config.bitwidth = ADC_BITWIDTH_DEFAULT;
#if CONFIG_IDF_TARGET_ESP32
  config.default_vref = 1100;  // chips of before 2018 have none burnt in: their nominal one
#endif
  if (adc_cali_create_scheme_line_fitting(&config, &calibration) != ESP_OK) return nullptr;
#else
  (void)unit;
#endif
  return calibration;
}

}  // namespace

Status AdcPin::begin(int gpio) {
  adc_unit_t unit = ADC_UNIT_1;
  if (gpio < 0 || adc_oneshot_io_to_channel(gpio, &unit, &channel_) != ESP_OK) return Status::kInvalid;
  adc_oneshot_unit_init_cfg_t config{};
  config.unit_id = unit;
  config.ulp_mode = ADC_ULP_MODE_DISABLE;
  if (adc_oneshot_new_unit(&config, &unit_) != ESP_OK) return Status::kUnavailable;
  adc_oneshot_chan_cfg_t channel{};
  channel.atten = kAttenuation;
  channel.bitwidth = ADC_BITWIDTH_DEFAULT;
  if (adc_oneshot_config_channel(unit_, channel_, &channel) != ESP_OK) return Status::kUnavailable;
  calibration_ = calibrate(unit);
  return calibration_ == nullptr ? Status::kUnavailable : Status::kOk;
}

Expected<double> AdcPin::millivolts() {
  int raw = 0;
  int millivolts = 0;
  if (calibration_ == nullptr || adc_oneshot_read(unit_, channel_, &raw) != ESP_OK ||
      adc_cali_raw_to_voltage(calibration_, raw, &millivolts) != ESP_OK)
    return Status::kUnavailable;
  return static_cast<double>(millivolts);
}

}  // namespace fb::esp32
