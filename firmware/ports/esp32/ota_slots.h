#pragma once

#include "hal/firmware_slots.h"
#include "ports/esp32/partition_region.h"

namespace fb::esp32 {

/// The two app partitions and ESP-IDF's otadata. An image that was written over the air runs on trial: unless it says that
/// it works, the bootloader returns to the one before at the next restart, for whatever reason. One that came over the
/// cable is not on trial.
class OtaSlots final : public FirmwareSlots {
 public:
  /// Once, before the rest.
  void begin();
  FlashRegion& other() override { return other_; }
  Status boot_other() override;
  ImageState running_state() override;
  Status confirm_running() override;
  /// Restarts at once where there is an image to go back to.
  Status roll_back() override;

 private:
  PartitionRegion other_;
  const esp_partition_t* next_ = nullptr;
};

}  // namespace fb::esp32
