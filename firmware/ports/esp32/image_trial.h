#pragma once

namespace fb::esp32 {

/// An image that was written over the air runs on trial: unless it says that it works, the next restart, for whatever
/// reason, returns to the one before. One that came over the cable is not on trial.
bool image_on_trial();
/// It works: it stays.
void keep_image();

}  // namespace fb::esp32
