#pragma once

#include "esp_adc/adc_oneshot.h"
#include "hal/adc.h"

namespace fb::esp32 {

/// One analogue pin by the one-shot driver, 0 to about 3.1 V (12 dB), in mV by the calibration that the chip was made with:
/// curve fitting where it has one (S3, C3, C6), line fitting on the ESP32.
class AdcPin final : public AdcIn {
 public:
  /// kInvalid: no analogue pin; kUnavailable: its converter is taken.
  Status begin(int gpio);
  /// kUnavailable: no conversion just now (Wi-Fi holds ADC2), or a chip without a calibration.
  Expected<double> millivolts() override;

 private:
  adc_oneshot_unit_handle_t unit_ = nullptr;
  adc_cali_handle_t calibration_ = nullptr;
  adc_channel_t channel_ = ADC_CHANNEL_0;
};

}  // namespace fb::esp32
