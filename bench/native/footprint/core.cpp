// A chip's core and nothing else, to be linked and looked at, never run: a board with its device, no component, and no body
// (the linker gives its interfaces an address). What it reaches is the core's code.
#include <new>

#include "core/board.h"
#include "core/device.h"

extern "C" {

/// What the core holds in RAM, for `nm`.
alignas(fb::Device) char footprint_device[sizeof(fb::Device)];
alignas(fb::Board) char footprint_board[sizeof(fb::Board)];

extern fb::Hal footprint_hal;
extern fb::BoardHal footprint_board_hal;
extern const fb::Identity footprint_identity;
extern fb::OtaTrust footprint_trust;
extern volatile fb::Millis footprint_now;
extern char footprint_text[64];

int main() {
  auto& device = *new (footprint_device) fb::Device(footprint_identity, footprint_hal);
  auto& board = *new (footprint_board) fb::Board(device, footprint_hal, footprint_board_hal);
  const std::string_view text(footprint_text, footprint_now);
  device.trust(footprint_trust);
  if (board.start(text, text, {footprint_now, 0}) != fb::Status::kOk) return 1;
  while (!device.restart_wanted()) {
    board.serial(text, {footprint_now, 0});
    board.receive(text, text, {footprint_now, 0});
    footprint_now = board.step({footprint_now, 0}) + static_cast<fb::Millis>(device.sleep_wish().kind);
  }
}
}
