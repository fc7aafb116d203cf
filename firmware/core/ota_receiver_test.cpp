#include "core/ota_receiver.h"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "ports/host/fake_slots.h"
#include "ports/host/test.h"
#include "ports/mbedtls/mbedtls_crypto.h"

namespace {

using Json = nlohmann::json;
using fb::OtaFault;
using fb::OtaReason;
using fb::OtaReceiver;
using fb::OtaStage;
using State = fb::OtaReceiver::State;

std::string from_base64(const std::string& text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return out;
}

std::string from_hex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return out;
}

/// Mbed TLS, but the same signature is checked once only: the tests of cuts begin some ten thousand times.
class CachedCrypto final : public fb::Crypto {
 public:
  void sha256_begin(fb::Sha256State& state) override { real_.sha256_begin(state); }
  void sha256_add(fb::Sha256State& state, std::string_view bytes) override { real_.sha256_add(state, bytes); }
  fb::Digest sha256_end(fb::Sha256State& state) override { return real_.sha256_end(state); }
  fb::Digest hmac_sha256(std::string_view key, std::string_view first, std::string_view second) override {
    return real_.hmac_sha256(key, first, second);
  }
  fb::Status aes256_cbc_decrypt(const uint8_t* key, const uint8_t* iv, uint8_t* bytes, size_t size) override {
    return real_.aes256_cbc_decrypt(key, iv, bytes, size);
  }
  fb::Status aes256_cbc_encrypt(const uint8_t* key, const uint8_t* iv, uint8_t* bytes, size_t size) override {
    return real_.aes256_cbc_encrypt(key, iv, bytes, size);
  }
  fb::Status rsa_pss_verify(std::string_view modulus, const fb::Digest& digest, std::string_view signature) override {
    std::string seen(digest.begin(), digest.end());
    seen.append(signature).append(modulus);
    if (good_.count(seen) > 0) return fb::Status::kOk;
    const fb::Status status = real_.rsa_pss_verify(modulus, digest, signature);
    if (status == fb::Status::kOk) good_.insert(seen);
    return status;
  }

 private:
  fb::MbedtlsCrypto real_;
  std::set<std::string> good_;
};

struct Package {
  std::string manifest;
  std::string key;
  std::string digests;
  std::vector<std::pair<std::string, std::string>> chunks;  ///< IV and bytes
  std::string image_sha256;
};

struct Vectors {
  Vectors() {
    std::ifstream file(std::string(FB_VECTORS) + "/ota.json");
    all = Json::parse(file);
    public_key = from_hex(all["public_key"]);
    device_key = from_hex(all["device"]["key"]);
    product = all["device"]["product"];
    version = all["device"]["version"];
  }
  static Package package(const Json& of) {
    Package made{from_base64(of["manifest"]), from_base64(of["key"]), {}, {}, {}};
    if (!of.contains("digests")) return made;
    made.digests = from_base64(of["digests"]);
    for (const Json& chunk : of["chunks"])
      made.chunks.emplace_back(from_base64(chunk["iv"]), from_base64(chunk["bytes"]));
    made.image_sha256 = of["image_sha256"];
    return made;
  }
  Package named(const std::string& name) const {
    for (const Json& of : all["cases"]) {
      if (of["name"] == name) return package(of);
    }
    fb_test::fail(__FILE__, __LINE__, "no vector " + name);
    return {};
  }
  Json all;
  std::string public_key;
  std::string device_key;
  std::string product;
  std::string version;
};

const Vectors& vectors() {
  static const Vectors read;
  return read;
}

CachedCrypto& crypto() {
  static CachedCrypto one;
  return one;
}

constexpr char kThreeChunks[] = "encrypted, three chunks";

/// A board: what survives a restart, and the receiver of the present start.
struct Bench {
  explicit Bench(size_t sectors = 5) : slots(power, sectors * fb::FlashRegion::kSector), storage(power) {
    key.bytes = vectors().public_key;
    trust.keys = &key;
    trust.key_count = 1;
    trust.chip = vectors().all["device"]["chip"];
    trust.product = vectors().product;
    trust.version = vectors().version;
    trust.device_key = reinterpret_cast<const uint8_t*>(vectors().device_key.data());
    if (sectors > 0) slots.slots[0].bytes[0] = 0xe9;  // the image that came by cable
    restart();
  }
  void restart() {
    receiver.reset();
    (void)slots.restart();
    trust.version = slots.running == 0 ? std::string_view(vectors().version) : std::string_view("1.3.0");
    receiver = std::make_unique<OtaReceiver>(slots, storage, crypto(), trust);
    receiver->start(now);
  }
  OtaFault begin(const Package& of) { return receiver->begin(of.manifest, of.key); }
  OtaFault send(const Package& of, uint32_t index) {
    std::string bytes = of.chunks[index].second;
    return receiver->chunk(index, of.chunks[index].first, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  }
  OtaFault send_all(const Package& of) {
    OtaFault fault = begin(of);
    if (fault == OtaFault::kNone && receiver->state() == State::kListing) fault = receiver->digests(0, of.digests);
    while (fault == OtaFault::kNone && receiver->next() < of.chunks.size()) fault = send(of, receiver->next());
    return fault;
  }
  /// All of it, up to the restart; false where it did not get there.
  bool install(const Package& of) {
    if (send_all(of) != OtaFault::kNone || receiver->finish() != OtaFault::kNone) return false;
    for (int i = 0; i < 4 && receiver->state() == State::kVerifying; i++) (void)receiver->step({}, now);
    return receiver->restart_wanted();
  }
  Json status() const {
    char text[512];
    fb::JsonWriter out(text, sizeof text);
    receiver->write_status(out);
    return Json::parse(out.finish().value_or("null"));
  }
  /// Hex of the SHA-256 of the first bytes of a slot.
  std::string digest(int slot, size_t size) const {
    fb::Sha256State state;
    crypto().sha256_begin(state);
    crypto().sha256_add(state, {reinterpret_cast<const char*>(slots.slots[slot].bytes.data()), size});
    std::string hex;
    for (const uint8_t byte : crypto().sha256_end(state)) {
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
  }

  fb::FakePower power;
  fb::FakeSlots slots;
  fb::SlotStorage storage;
  fb::OtaKey key;
  fb::OtaTrust trust;
  fb::Now now{1000, 0};
  std::unique_ptr<OtaReceiver> receiver;
};

constexpr size_t kImageSize = 5000;

}  // namespace

FB_TEST("the shared vectors are taken or refused, each with its own reason, and nothing is touched before") {
  for (const Json& of : vectors().all["cases"]) {
    const std::string name = of["name"];
    const std::string expect = of["expect"];
    const Package package = Vectors::package(of);
    Bench bench;
    const OtaFault began = bench.begin(package);
    if (package.chunks.empty()) {
      EXPECT_IN(name, fb::ota_fault_word(began) == (expect == "ok" ? "" : expect));
      EXPECT_IN(name, bench.slots.slots[1].erases == (expect == "ok" ? 2u : 0u));
      EXPECT_IN(name, bench.slots.slots[1].writes == (expect == "ok" ? 1u : 0u));
      continue;
    }
    EXPECT_IN(name, began == OtaFault::kNone);
    const OtaFault sent = bench.send_all(package);
    EXPECT_IN(name, fb::ota_fault_word(sent) == (expect == "ok" ? "" : expect));
    if (expect != "ok") continue;
    EXPECT_IN(name, bench.install(package));
    EXPECT_IN(name, bench.digest(1, bench.status()["size"]) == package.image_sha256);
    EXPECT_IN(name, bench.slots.slots[1].unaligned == 0);
    EXPECT_IN(name, bench.slots.slots[0].erases + bench.slots.slots[0].writes == 0);
  }
}

FB_TEST("a device without a second slot, a key or trust refuses with its own reason") {
  const Package package = vectors().named(kThreeChunks);
  Bench none(0);
  EXPECT(none.begin(package) == OtaFault::kNoSlot);
  Bench keyless;
  keyless.trust.device_key = nullptr;
  EXPECT(keyless.begin(package) == OtaFault::kNoDeviceKey);
  EXPECT(keyless.begin(vectors().named("not encrypted")) == OtaFault::kNone);
  Bench trustless;
  trustless.trust.key_count = 0;
  EXPECT(trustless.begin(package) == OtaFault::kUnknownKey);
  Bench unversioned;
  unversioned.trust.version = "built-by-hand";
  EXPECT(unversioned.begin(vectors().named("an older version")) == OtaFault::kNone);
  Bench tight(4);
  EXPECT(tight.begin(package) == OtaFault::kTooLarge);
  EXPECT(tight.slots.slots[1].erases == 0);
}

FB_TEST("a manifest cut anywhere, or with a bit flipped anywhere, is refused and nothing is erased") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  for (size_t size = 0; size < package.manifest.size(); size += 13)
    EXPECT(bench.receiver->begin(package.manifest.substr(0, size), package.key) == OtaFault::kBadManifest);
  for (size_t at = 0; at < package.manifest.size(); at += at < fb::OtaManifest::kHeadSize ? 1 : 31) {
    Package bad = package;
    bad.manifest[at] = static_cast<char>(bad.manifest[at] ^ 1 << at % 8);
    EXPECT_IN(std::to_string(at), bench.begin(bad) != OtaFault::kNone);
  }
  for (size_t at = 0; at < package.key.size(); at++) {
    Package bad = package;
    bad.key[at] = static_cast<char>(bad.key[at] ^ 1 << at % 8);
    EXPECT_IN(std::to_string(at), bench.begin(bad) == OtaFault::kBadWrappedKey);
  }
  EXPECT(bench.receiver->begin(package.manifest, package.key.substr(1)) == OtaFault::kBadWrappedKey);
  EXPECT(bench.begin({vectors().named("not encrypted").manifest, "x", {}, {}, {}}) == OtaFault::kBadWrappedKey);
  EXPECT(bench.begin({package.manifest, vectors().named("encrypted, a downgrade that is allowed").key, {}, {}, {}}) ==
         OtaFault::kBadWrappedKey);
  EXPECT(bench.receiver->state() == State::kIdle);
  EXPECT(bench.slots.slots[1].erases + bench.slots.slots[1].writes == 0);
}

FB_TEST("no chunk is taken before the whole list, and a list with a flipped bit starts anew") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  EXPECT(bench.receiver->digests(0, package.digests) == OtaFault::kNoSession);
  EXPECT(bench.begin(package) == OtaFault::kNone);
  EXPECT(bench.send(package, 0) == OtaFault::kOutOfOrder);
  EXPECT(bench.receiver->digests(1, package.digests.substr(32)) == OtaFault::kOutOfOrder);
  EXPECT(bench.receiver->digests(0, package.digests.substr(0, 33)) == OtaFault::kBadLength);
  EXPECT(bench.receiver->digests(0, "") == OtaFault::kBadLength);
  EXPECT(bench.receiver->digests(0, package.digests + package.digests) == OtaFault::kBadLength);
  EXPECT(bench.receiver->digests(0xffffffff, package.digests) == OtaFault::kBadLength);
  for (size_t at = 0; at < package.digests.size(); at += 7) {
    std::string bad = package.digests;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT(bench.receiver->digests(0, bad) == OtaFault::kBadDigestList);
    EXPECT(bench.status()["listed"] == 0);
  }
  EXPECT(bench.receiver->digests(0, package.digests.substr(0, 32)) == OtaFault::kNone);
  EXPECT(bench.receiver->digests(0, package.digests.substr(0, 32)) == OtaFault::kNone);
  EXPECT(bench.send(package, 0) == OtaFault::kOutOfOrder);
  EXPECT(bench.receiver->digests(1, package.digests.substr(32)) == OtaFault::kNone);
  EXPECT(bench.send(package, 0) == OtaFault::kNone);
}

FB_TEST("a chunk with a flipped bit in its bytes or its IV is refused, and nothing of it is written") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  EXPECT(bench.begin(package) == OtaFault::kNone);
  EXPECT(bench.receiver->digests(0, package.digests) == OtaFault::kNone);
  const std::vector<uint8_t> before = bench.slots.slots[1].bytes;
  for (size_t at = 0; at < 16 + 2048; at += at < 16 ? 1 : 97) {
    Package bad = package;
    char& byte = at < 16 ? bad.chunks[0].first[at] : bad.chunks[0].second[at - 16];
    byte = static_cast<char>(byte ^ 0x80);
    EXPECT(bench.send(bad, 0) == OtaFault::kBadChunk);
  }
  Package swapped = package;
  std::swap(swapped.chunks[0], swapped.chunks[1]);
  EXPECT(bench.send(swapped, 0) == OtaFault::kBadChunk);
  EXPECT(bench.send(package, 1) == OtaFault::kOutOfOrder);
  Package shorter = package;
  shorter.chunks[0].second.resize(2032);
  EXPECT(bench.send(shorter, 0) == OtaFault::kBadLength);
  shorter.chunks[0].first.resize(15);
  EXPECT(bench.send(shorter, 0) == OtaFault::kBadLength);
  EXPECT(bench.receiver->chunk(3, package.chunks[0].first, nullptr, 0) == OtaFault::kBadLength);
  EXPECT(bench.slots.slots[1].bytes == before);
  EXPECT(bench.receiver->finish() == OtaFault::kIncomplete);
}

FB_TEST("a chunk that comes again is acknowledged without a write, unless it is not the same") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  EXPECT(bench.send_all(package) == OtaFault::kNone);
  const size_t writes = bench.slots.slots[1].writes;
  for (uint32_t i = 0; i < 3; i++) EXPECT(bench.send(package, i) == OtaFault::kNone);
  Package bad = package;
  bad.chunks[1].second[5] = static_cast<char>(bad.chunks[1].second[5] ^ 1);
  EXPECT(bench.send(bad, 1) == OtaFault::kBadChunk);
  EXPECT(bench.slots.slots[1].writes == writes);
}

FB_TEST("what decays in flash after it was written is found before the image is chosen") {
  const Package package = vectors().named(kThreeChunks);
  for (const size_t at : {size_t{0}, size_t{2048}, kImageSize - 1}) {
    Bench bench;
    EXPECT(bench.send_all(package) == OtaFault::kNone);
    bench.slots.slots[1].bytes[at] ^= 1;
    EXPECT(!bench.install(package));
    EXPECT(bench.status()["fault"] == "bad-image");
    EXPECT(bench.status()["state"] == "idle");
    bench.restart();
    EXPECT(bench.slots.running == 0);
    EXPECT(bench.status()["state"] == "idle");
    EXPECT(bench.install(package));
  }
}

FB_TEST("a new image that gets a network and a broker stays") {
  Bench bench;
  EXPECT(bench.install(vectors().named(kThreeChunks)));
  EXPECT(bench.receiver->finish() == OtaFault::kNone);
  EXPECT(bench.begin(vectors().named(kThreeChunks)) == OtaFault::kBusy);
  EXPECT(bench.receiver->abort() == OtaFault::kBusy);
  bench.restart();
  EXPECT(bench.slots.running == 1);
  EXPECT(bench.receiver->on_trial());
  EXPECT(bench.status()["last"]["stage"] == "trial");
  EXPECT(bench.begin(vectors().named(kThreeChunks)) == OtaFault::kOnTrial);
  EXPECT(bench.receiver->step({true, false}, {2000, 0}) == 301'000);
  EXPECT(bench.receiver->on_trial());
  EXPECT(bench.receiver->step({true, true}, {3000, 0}) == fb::kNever);
  EXPECT(!bench.receiver->on_trial());
  const Json last = bench.status()["last"];
  EXPECT(last == Json::parse(R"({"stage":"confirmed","from":"1.2.3","to":"1.3.0"})"));
  bench.restart();
  EXPECT(bench.slots.running == 1);
  EXPECT(bench.status()["last"] == last);
  EXPECT(bench.receiver->confirm() == OtaFault::kNotOnTrial);
}

FB_TEST("a new image that fails its test goes, and the image before says why") {
  struct Case {
    fb::OtaHealth health;
    const char* reason;
  };
  for (const Case& of : {Case{{false, false}, "no-network"}, Case{{true, false}, "no-broker"}}) {
    Bench bench;
    EXPECT(bench.install(vectors().named(kThreeChunks)));
    bench.restart();
    EXPECT(bench.receiver->step(of.health, {300'999, 0}) == 301'000);
    (void)bench.receiver->step(of.health, {301'000, 0});
    EXPECT(bench.receiver->restart_wanted());
    EXPECT(bench.receiver->step({true, true}, {301'001, 0}) == fb::kNever);
    EXPECT(bench.receiver->confirm() == OtaFault::kBusy);
    for (int i = 0; i < 2; i++) {
      bench.restart();
      EXPECT(bench.slots.running == 0);
      EXPECT(!bench.receiver->on_trial());
      EXPECT(bench.status()["last"]["stage"] == "rolled-back");
      EXPECT(bench.status()["last"]["reason"] == of.reason);
    }
    // What lies in the other slot need not be sent again.
    EXPECT(bench.begin(vectors().named(kThreeChunks)) == OtaFault::kNone);
    EXPECT(bench.receiver->next() == 3);
  }
}

FB_TEST("a new image that crashes is given up, and how far it got is told") {
  Bench early;
  EXPECT(early.install(vectors().named(kThreeChunks)));
  EXPECT(early.slots.restart() == fb::Status::kOk);  // it starts, and dies before it could say so
  EXPECT(early.slots.running == 1);
  early.restart();
  EXPECT(early.slots.running == 0);
  EXPECT(early.status()["last"]["reason"] == "never-started");
  Bench late;
  EXPECT(late.install(vectors().named(kThreeChunks)));
  late.restart();
  EXPECT(late.slots.running == 1);
  late.restart();
  EXPECT(late.slots.running == 0);
  EXPECT(late.status()["last"]["stage"] == "rolled-back");
  EXPECT(late.status()["last"]["reason"] == "restarted");
}

FB_TEST("an image with nothing before it stays on trial, and says that it is stuck") {
  Bench bench;
  EXPECT(bench.install(vectors().named(kThreeChunks)));
  bench.restart();
  std::fill_n(bench.slots.otadata_flash.bytes.begin(), 32, uint8_t{0xff});  // the record of the image before
  EXPECT(bench.receiver->roll_back(OtaReason::kRequested) == OtaFault::kNoImageBefore);
  EXPECT(bench.status()["last"]["stage"] == "stuck");
  EXPECT(bench.receiver->step({false, false}, {900'000, 0}) == fb::kNever);
  EXPECT(bench.receiver->step({true, true}, {900'000, 0}) == fb::kNever);
  EXPECT(bench.status()["last"]["stage"] == "confirmed");
}

FB_TEST("an image that the body will not start is not restarted into") {
  Bench bench;
  bench.slots.refuses_to_boot = true;
  EXPECT(!bench.install(vectors().named(kThreeChunks)));
  EXPECT(bench.status()["fault"] == "not-bootable");
  EXPECT(bench.status()["last"]["reason"] == "not-bootable");
  bench.restart();
  EXPECT(bench.slots.running == 0);
}

FB_TEST("a second update goes to the slot of the first image, whose own session is nobody's") {
  Bench bench;
  EXPECT(bench.install(vectors().named(kThreeChunks)));
  bench.restart();
  EXPECT(bench.receiver->confirm() == OtaFault::kNone);
  bench.restart();
  EXPECT(bench.install(vectors().named(kThreeChunks)));
  bench.restart();
  EXPECT(bench.slots.running == 0);
  EXPECT(bench.status()["state"] == "idle");
  EXPECT(bench.receiver->confirm() == OtaFault::kNone);
  bench.restart();
  EXPECT(bench.slots.running == 0);
  EXPECT(bench.status()["state"] == "idle");
  EXPECT(bench.status()["last"]["stage"] == "confirmed");
}

FB_TEST("an aborted session is gone after a restart, and another package needs the abort first") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  EXPECT(bench.receiver->abort() == OtaFault::kNoSession);
  EXPECT(bench.begin(package) == OtaFault::kNone);
  EXPECT(bench.begin(vectors().named("not encrypted")) == OtaFault::kBusy);
  EXPECT(bench.begin(package) == OtaFault::kNone);
  EXPECT(bench.receiver->digests(0, package.digests) == OtaFault::kNone);
  EXPECT(bench.send(package, 0) == OtaFault::kNone);
  EXPECT(bench.receiver->abort() == OtaFault::kNone);
  EXPECT(bench.send(package, 1) == OtaFault::kNoSession);
  bench.restart();
  EXPECT(bench.status()["state"] == "idle");
  EXPECT(bench.send_all(package) == OtaFault::kNone);
  bench.restart();
  EXPECT(bench.status()["state"] == "interrupted");
  EXPECT(bench.status()["next"] == 3);
  EXPECT(bench.send(package, 0) == OtaFault::kNoSession);
  EXPECT(bench.install(vectors().named("not encrypted")));
}

FB_TEST("a sector that does not keep what was written is written again from its first chunk") {
  const Package package = vectors().named(kThreeChunks);
  for (const uint32_t weak : {0u, 1u, 2u}) {
    Bench bench;
    EXPECT(bench.begin(package) == OtaFault::kNone);
    EXPECT(bench.receiver->digests(0, package.digests) == OtaFault::kNone);
    for (uint32_t i = 0; i < weak; i++) EXPECT(bench.send(package, i) == OtaFault::kNone);
    bench.slots.slots[1].weak_at = weak * 2048 + 700;
    EXPECT(bench.send(package, weak) == OtaFault::kFlash);
    EXPECT(bench.receiver->next() == weak / 2 * 2);
    EXPECT(bench.install(package));
    EXPECT(bench.digest(1, kImageSize) == package.image_sha256);
  }
}

FB_TEST("a session with a flipped bit is no session") {
  const Package package = vectors().named(kThreeChunks);
  for (size_t at = 0; at < 208; at++) {
    Bench bench;
    EXPECT(bench.begin(package) == OtaFault::kNone);
    bench.slots.slots[1].bytes[4 * fb::FlashRegion::kSector + at] ^= 4;
    bench.restart();
    EXPECT_IN(std::to_string(at), bench.status()["state"] == "idle");
  }
}

FB_TEST("why an image did not stay is kept before what tells it is erased") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  EXPECT(bench.install(package));
  bench.restart();
  (void)bench.slots.restart();  // the trial ends in a crash
  bench.trust.version = vectors().version;
  class Full final : public fb::Storage {
   public:
    explicit Full(fb::Storage& records) : records_(records) {}
    fb::Expected<size_t> read(std::string_view key, char* out, size_t capacity) override {
      return records_.read(key, out, capacity);
    }
    fb::Status write(std::string_view, std::string_view) override { return fb::Status::kStorage; }

   private:
    fb::Storage& records_;
  } full(bench.storage);
  OtaReceiver receiver(bench.slots, full, crypto(), bench.trust);
  receiver.start(bench.now);
  EXPECT(receiver.last().reason == OtaReason::kRestarted);
  const Package other = vectors().named("not encrypted");
  EXPECT(receiver.begin(other.manifest, other.key) == OtaFault::kStorage);
  EXPECT(receiver.abort() == OtaFault::kStorage);
  bench.restart();
  EXPECT(bench.status()["last"]["reason"] == "restarted");
  EXPECT(bench.begin(other) == OtaFault::kNone);
}

FB_TEST("an image of hundreds of chunks crosses every sector of its marks") {
  // Marks of 600 chunks fill three sectors. Without a signature that fits, the staging is asked directly.
  fb::FakePower power;
  fb::SlotFlash flash(power, (300 + 5 + 3 + 1) * fb::FlashRegion::kSector);
  Package package = vectors().named(kThreeChunks);
  std::string head = package.manifest.substr(0, fb::OtaManifest::kHeadSize);
  head[20] = head[23] = 0;
  head[21] = static_cast<char>(600 * 2048 >> 8 & 0xff);
  head[22] = static_cast<char>(600 * 2048 >> 16);
  fb::OtaStaging staging(flash, crypto());
  EXPECT(staging.fits(600));
  EXPECT(!staging.fits(602));
  std::fill(flash.bytes.begin(), flash.bytes.end(), uint8_t{0});
  EXPECT(staging.open(7, head, 600) == fb::Status::kOk);
  std::vector<uint8_t> chunk(2048, 0xa5);
  for (uint32_t i = 0; i < 600; i++) {
    EXPECT(staging.marked().value_or(9999) == i);
    EXPECT(staging.write_chunk(i, chunk.data(), chunk.size()) == fb::Status::kOk);
    EXPECT(staging.mark_chunk(i) == fb::Status::kOk);
  }
  // Another session of the same image counts none of these marks, not even where they stand again.
  const std::vector<uint8_t> marked = flash.bytes;
  EXPECT(staging.open(8, head, 600) == fb::Status::kOk);
  const auto marks = static_cast<std::ptrdiff_t>(300 * fb::FlashRegion::kSector);
  std::copy_n(marked.begin() + marks, 3 * fb::FlashRegion::kSector, flash.bytes.begin() + marks);
  EXPECT(staging.marked().value_or(9999) == 0);
  EXPECT(staging.open(8, head, 600) == fb::Status::kOk);
  EXPECT(staging.marked().value_or(9999) == 0);
  for (uint32_t i = 0; i < 256; i++) EXPECT(staging.mark_chunk(i) == fb::Status::kOk);
  EXPECT(staging.marked().value_or(9999) == 256);
}

FB_TEST("the power may go at every byte: only a whole image is started, and nothing acknowledged is lost") {
  const Package package = vectors().named(kThreeChunks);
  // Once through without a cut, to know what there is to cut.
  Bench whole;
  const size_t before = whole.power.bytes_used;
  EXPECT(whole.install(package));
  whole.restart();
  EXPECT(whole.receiver->confirm() == OtaFault::kNone);
  const size_t total = whole.power.bytes_used - before;
  int rolled_back = 0;
  for (size_t cut = 0; cut < total; cut++) {
    const std::string at = "cut after " + std::to_string(cut);
    Bench bench;
    bench.power.bytes_left = cut;
    uint32_t acknowledged = 0;
    bool listed = false;
    OtaFault fault = bench.begin(package);
    if (fault == OtaFault::kNone) {
      fault = bench.receiver->digests(0, package.digests);
      listed = fault == OtaFault::kNone;
    }
    while (fault == OtaFault::kNone && acknowledged < 3) {
      fault = bench.send(package, acknowledged);
      if (fault == OtaFault::kNone) acknowledged++;
    }
    const bool wanted = acknowledged == 3 && bench.install(package);
    if (wanted) {
      bench.restart();
      (void)bench.receiver->confirm();
    }
    bench.power.bytes_left = fb::FakePower::kForever;
    bench.restart();
    // Whatever runs is the image of the cable, or one that is whole.
    if (bench.slots.running == 1) {
      EXPECT_IN(at, bench.digest(1, kImageSize) == package.image_sha256);
      EXPECT_IN(at, acknowledged == 3);
      if (bench.receiver->on_trial()) EXPECT_IN(at, bench.receiver->confirm() == OtaFault::kNone);
    } else {
      EXPECT_IN(at, !bench.receiver->on_trial());
      EXPECT_IN(at, bench.begin(package) == OtaFault::kNone);
      EXPECT_IN(at, bench.receiver->next() >= acknowledged);
      EXPECT_IN(at, !listed || bench.receiver->state() == State::kReceiving);
      const OtaStage stage = bench.receiver->last().stage;
      EXPECT_IN(at, stage == OtaStage::kNone || stage == OtaStage::kRolledBack);
      rolled_back += stage == OtaStage::kRolledBack;
      EXPECT_IN(at, bench.install(package));
      bench.restart();
      EXPECT_IN(at, bench.slots.running == 1);
      EXPECT_IN(at, bench.receiver->confirm() == OtaFault::kNone);
    }
    EXPECT_IN(at, bench.receiver->last().stage == OtaStage::kConfirmed);
    bench.restart();
    EXPECT_IN(at, bench.slots.running == 1);
    EXPECT_IN(at, bench.receiver->last().stage == OtaStage::kConfirmed);
  }
  EXPECT(total > 20'000);
  EXPECT(rolled_back > 0);
}

FB_TEST("the power may go at every byte of a rollback: the image before runs and gives a reason") {
  const Package package = vectors().named(kThreeChunks);
  Bench bench;
  EXPECT(bench.install(package));
  bench.restart();
  const auto flash = bench.slots.slots[1].bytes;
  const auto otadata = bench.slots.otadata_flash.bytes;
  const auto records = bench.storage.records;
  size_t with_reason = 0;
  for (size_t cut = 0; cut < 5000; cut++) {
    const std::string at = "cut after " + std::to_string(cut);
    bench.slots.slots[1].bytes = flash;
    bench.slots.otadata_flash.bytes = otadata;
    bench.storage.records = records;
    bench.slots.running = 1;
    bench.receiver = std::make_unique<OtaReceiver>(bench.slots, bench.storage, crypto(), bench.trust);
    bench.receiver->start(bench.now);
    bench.power.bytes_left = cut;
    (void)bench.receiver->roll_back(OtaReason::kNoBroker);
    bench.power.bytes_left = fb::FakePower::kForever;
    bench.restart();
    EXPECT_IN(at, bench.slots.running == 0);
    EXPECT_IN(at, bench.receiver->last().stage == OtaStage::kRolledBack);
    const OtaReason reason = bench.receiver->last().reason;
    EXPECT_IN(at, reason == OtaReason::kNoBroker || reason == OtaReason::kRestarted);
    with_reason += reason == OtaReason::kNoBroker;
  }
  EXPECT(with_reason > 4096);
}

FB_TEST("any calls in any order, with cuts and faults between, leave a device that can be updated") {
  const Package package = vectors().named(kThreeChunks);
  const Package other = vectors().named("not encrypted");
  uint32_t seed = 1;
  const auto random = [&seed](uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
  };
  int started = 0;
  for (int round = 0; round < 300; round++) {
    const std::string at = "round " + std::to_string(round);
    Bench bench;
    const std::string of_the_cable = bench.digest(0, kImageSize);
    for (int call = 0; call < 150; call++) {
      const Package& of = random(16) == 0 ? other : package;
      const bool spoilt = random(8) == 0;
      if (random(40) == 0) bench.power.bytes_left = 1 + random(20'000);
      bench.slots.slots[0].fails = bench.slots.slots[1].fails = random(30) == 0;
      bench.storage.fails = random(30) == 0;
      const auto most = static_cast<uint32_t>(of.chunks.size()) - 1;
      const uint32_t next = std::min(bench.receiver->next() + (spoilt ? 1u : 0u), most);
      switch (random(14)) {
        case 0:
        case 1: (void)bench.begin(of); break;
        case 2:
        case 3: (void)bench.receiver->digests(random(4) / 3, spoilt ? std::string(96, 'x') : of.digests); break;
        case 4:
        case 5:
        case 6: (void)bench.send(of, next); break;
        case 7:
        case 8: (void)bench.receiver->finish(); break;
        case 9:
        case 10:
        case 11: (void)bench.receiver->step({random(2) == 0, random(2) == 0}, {random(400'000), 0}); break;
        case 12: (void)(spoilt ? bench.receiver->abort() : bench.receiver->confirm()); break;
        case 13: (void)(spoilt ? bench.receiver->roll_back(OtaReason::kRequested) : OtaFault::kNone); break;
      }
      EXPECT_IN(at, bench.status().is_object());
      if (!bench.power.is_gone() && !bench.receiver->restart_wanted() && random(30) > 0) continue;
      bench.power.bytes_left = fb::FakePower::kForever;
      bench.slots.slots[0].fails = bench.slots.slots[1].fails = bench.storage.fails = false;
      const int before = bench.slots.running;
      bench.restart();
      started += bench.slots.running != before;
      const std::string running = bench.digest(bench.slots.running, kImageSize);
      EXPECT_IN(at, running == package.image_sha256 || (bench.slots.running == 0 && running == of_the_cable) ||
                        bench.digest(bench.slots.running, 4096) == other.image_sha256);
    }
    // And then it can be updated as ever.
    bench.slots.slots[0].fails = bench.slots.slots[1].fails = bench.storage.fails = false;
    bench.power.bytes_left = fb::FakePower::kForever;
    bench.restart();
    if (bench.receiver->on_trial()) EXPECT_IN(at, bench.receiver->confirm() == OtaFault::kNone);
    const int before = bench.slots.running;
    EXPECT_IN(at, bench.install(package));
    bench.restart();
    EXPECT_IN(at, bench.slots.running != before && bench.receiver->on_trial());
  }
  EXPECT(started > 100);
}

FB_TEST("the receiver keeps within its memory") { EXPECT(sizeof(OtaReceiver) <= 1024); }
