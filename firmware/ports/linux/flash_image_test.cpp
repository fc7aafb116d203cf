#include "ports/linux/flash_image.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "ports/host/test.h"
#include "ports/linux/file_storage.h"

using fb::FlashRegion;
using fb::ImageState;
using fb::Status;
using fb::posix::FileStorage;
using fb::posix::FlashImage;
using fb::posix::ImageRegion;
using fb::posix::ImageSlots;
using fb::posix::MemoryRegion;

namespace {

/// A folder that goes with the test.
struct TestFolder {
  TestFolder() { EXPECT(::mkdtemp(path) != nullptr); }
  ~TestFolder() { EXPECT(std::system((std::string("rm -r ") + path).c_str()) == 0); }
  std::string at(const char* name) const { return std::string(path) + "/" + name; }
  char path[32] = "/tmp/fieldbench-test-XXXXXX";
};

std::string record(FileStorage& storage, std::string_view key) {
  char bytes[4096];
  const fb::Expected<size_t> size = storage.read(key, bytes, sizeof bytes);
  if (!size.ok()) return size.status() == Status::kNotFound ? "none" : "fault";
  return {bytes, size.value()};
}

/// All that hal/flash_region.h asks of a region of two sectors or more.
void expect_nor_flash(const std::string& what, FlashRegion& region) {
  uint8_t bytes[4] = {};
  EXPECT_IN(what, region.erase_sector(0) == Status::kOk && region.erase_sector(FlashRegion::kSector) == Status::kOk);
  EXPECT_IN(what, region.write(FlashRegion::kSector - 2, "\xf0\x0f\x55\xaa", 4) == Status::kOk);
  EXPECT_IN(what, region.write(FlashRegion::kSector - 2, "\x3c\xff\xff\x00", 4) == Status::kOk);
  EXPECT_IN(what, region.read(FlashRegion::kSector - 2, bytes, 4) == Status::kOk);
  EXPECT_IN(what, std::memcmp(bytes, "\x30\x0f\x55\x00", 4) == 0);
  EXPECT_IN(what, region.erase_sector(FlashRegion::kSector) == Status::kOk);
  EXPECT_IN(what, region.read(FlashRegion::kSector - 2, bytes, 4) == Status::kOk);
  EXPECT_IN(what, std::memcmp(bytes, "\x30\x0f\xff\xff", 4) == 0);
  EXPECT_IN(what, region.size() % FlashRegion::kSector == 0);
  EXPECT_IN(what, region.erase_sector(1) == Status::kInvalid && region.erase_sector(region.size()) == Status::kInvalid);
  EXPECT_IN(what, region.read(region.size() - 3, bytes, 4) == Status::kInvalid);
  EXPECT_IN(what, region.write(region.size() - 3, bytes, 4) == Status::kInvalid);
  EXPECT_IN(what, region.read(SIZE_MAX, bytes, 4) == Status::kInvalid);
  EXPECT_IN(what, region.read(region.size(), bytes, 0) == Status::kOk);
}

}  // namespace

FB_TEST("an image and memory behave as NOR flash does") {
  const TestFolder folder;
  FlashImage image;
  EXPECT(image.open(folder.at("flash")) == Status::kOk);
  ImageRegion telemetry(image, FlashImage::kTelemetryAt, FlashImage::kTelemetrySize);
  expect_nor_flash("image", telemetry);
  MemoryRegion memory(4);
  expect_nor_flash("memory", memory);
}

FB_TEST("a partition of an image lies where a chip has it, and reaches into no other") {
  const TestFolder folder;
  FlashImage image;
  EXPECT(image.open(folder.at("flash")) == Status::kOk);
  ImageRegion telemetry(image, FlashImage::kTelemetryAt, FlashImage::kTelemetrySize);
  const std::string zeros(FlashImage::kTelemetrySize, '\0');
  EXPECT(telemetry.write(0, zeros.data(), zeros.size()) == Status::kOk);
  std::ifstream file(folder.at("flash"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT(bytes.size() == FlashImage::kSize);
  size_t wrong = 0;
  for (size_t i = 0; i < bytes.size(); i++) {
    const bool inside = i >= 0x310000 && i < 0x310000 + 0xd0000;
    wrong += bytes[i] != (inside ? '\0' : '\xff');
  }
  EXPECT(wrong == 0);
}

FB_TEST("an image is kept, one owner has it at a time, and another file is left alone") {
  const TestFolder folder;
  {
    FlashImage first;
    EXPECT(first.open(folder.at("flash")) == Status::kOk);
    EXPECT(first.write(5, "a", 1) == Status::kOk);
    FlashImage second;
    EXPECT(second.open(folder.at("flash")) == Status::kUnavailable);
  }
  FlashImage again;
  char byte = 0;
  EXPECT(again.open(folder.at("flash")) == Status::kOk && again.read(5, &byte, 1) == Status::kOk && byte == 'a');
  std::ofstream(folder.at("diary")) << "dear";
  FlashImage diary;
  EXPECT(diary.open(folder.at("diary")) == Status::kCorrupt);
  EXPECT(FlashImage().open(folder.at("nowhere/flash")) == Status::kStorage);
}

FB_TEST("an update changes the slot that runs, on trial, and comes back unless it is confirmed") {
  const TestFolder folder;
  FlashImage image;
  EXPECT(image.open(folder.at("flash")) == Status::kOk);
  ImageSlots slots(image);
  EXPECT(slots.start() == Status::kOk && slots.running_state() == ImageState::kConfirmed);
  EXPECT(slots.boot_other() == Status::kCorrupt);
  EXPECT(slots.other().write(0, "\xe9", 1) == Status::kOk);
  uint8_t magic = 0;
  EXPECT(image.read(FlashImage::kSlotAt[1], &magic, 1) == Status::kOk && magic == 0xe9);
  EXPECT(slots.boot_other() == Status::kOk);
  EXPECT(slots.start() == Status::kOk && slots.running_state() == ImageState::kOnTrial);
  // The first slot is the other one now: an update never writes what runs.
  EXPECT(slots.other().write(0, "\xe9", 1) == Status::kOk);
  EXPECT(image.read(FlashImage::kSlotAt[0], &magic, 1) == Status::kOk && magic == 0xe9);
  EXPECT(slots.confirm_running() == Status::kOk);
  EXPECT(slots.start() == Status::kOk && slots.running_state() == ImageState::kConfirmed);

  EXPECT(slots.boot_other() == Status::kOk);
  EXPECT(slots.start() == Status::kOk && slots.running_state() == ImageState::kOnTrial);
  EXPECT(!slots.restart_wanted() && slots.roll_back() == Status::kOk && slots.restart_wanted());
  EXPECT(slots.start() == Status::kOk && slots.running_state() == ImageState::kConfirmed && !slots.restart_wanted());
}

FB_TEST("records are files, and a key is no way out of their folder") {
  const TestFolder folder;
  FileStorage storage;
  EXPECT(storage.open(folder.at("records")) == Status::kOk);
  EXPECT(record(storage, "cfg.0") == "none");
  EXPECT(storage.write("cfg.0", "one") == Status::kOk && record(storage, "cfg.0") == "one");
  EXPECT(storage.write("cfg.0", "") == Status::kOk && record(storage, "cfg.0").empty());
  char small[2];
  EXPECT(storage.write("cfg.0", "one") == Status::kOk);
  EXPECT(storage.read("cfg.0", small, sizeof small).status() == Status::kNoSpace);
  for (const char* key : {"", "..", "../out", "/etc/passwd", ".hidden", "a b", "a\nb"}) {
    EXPECT_IN(key, storage.write(key, "x") == Status::kInvalid);
    EXPECT_IN(key, storage.read(key, small, sizeof small).status() == Status::kInvalid);
  }
  FileStorage again;
  EXPECT(again.open(folder.at("records")) == Status::kOk && record(again, "cfg.0") == "one");
  EXPECT(again.open(folder.at("records/cfg.0")) == Status::kStorage);
  EXPECT(again.open(folder.at("no/where")) == Status::kStorage);
}

FB_TEST("a process that is killed while it writes leaves the old record or the new one") {
  const TestFolder folder;
  const std::string old_record(4000, 'o');
  const std::string new_record(3000, 'n');
  int before = 0;
  int after = 0;
  for (int round = 0; round < 40; round++) {
    FileStorage storage;
    EXPECT(storage.open(folder.at("records")) == Status::kOk);
    EXPECT(storage.write("cfg.0", old_record) == Status::kOk);
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        (void)storage.write("cfg.0", new_record);
        (void)storage.write("cfg.0", old_record);
      }
    }
    ::usleep(static_cast<useconds_t>(200 + 137 * round));
    EXPECT(::kill(child, SIGKILL) == 0 && ::waitpid(child, nullptr, 0) == child);
    const std::string kept = record(storage, "cfg.0");
    EXPECT_IN(std::to_string(kept.size()), kept == old_record || kept == new_record);
    before += kept == old_record;
    after += kept == new_record;
  }
  // Else the kill never came between two writes.
  EXPECT(before > 0 && after > 0);
}
