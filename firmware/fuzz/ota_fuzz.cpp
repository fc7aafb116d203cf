// Any calls of the OTA receiver in any order, with any bytes, cuts of power and restarts between them. The primitives
// are toys, so that what would take a signature is reached: a digest is a checksum, a cipher the identity, every signature
// but one holds. What it asserts is that an image is chosen only if it is, as it lies in flash, what its head says.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "core/ota_receiver.h"
#include "fuzz/fuzz_input.h"
#include "ports/host/fake_slots.h"

namespace {

class ToyCrypto final : public fb::Crypto {
 public:
  void sha256_begin(fb::Sha256State& state) override { put(state, 14695981039346656037u); }
  void sha256_add(fb::Sha256State& state, std::string_view bytes) override {
    uint64_t sum;
    std::memcpy(&sum, state.bytes, sizeof sum);
    for (const char c : bytes) sum = (sum ^ static_cast<uint8_t>(c)) * 1099511628211u;
    put(state, sum);
  }
  fb::Digest sha256_end(fb::Sha256State& state) override {
    fb::Digest digest{};
    std::memcpy(digest.data(), state.bytes, 8);
    return digest;
  }
  fb::Digest hmac_sha256(std::string_view key, std::string_view first, std::string_view second) override {
    fb::Sha256State state;
    sha256_begin(state);
    sha256_add(state, key);
    sha256_add(state, first);
    sha256_add(state, second);
    return sha256_end(state);
  }
  fb::Status aes256_cbc_decrypt(const uint8_t*, const uint8_t*, uint8_t*, size_t size) override { return of(size); }
  fb::Status aes256_cbc_encrypt(const uint8_t*, const uint8_t*, uint8_t*, size_t size) override { return of(size); }
  fb::Status rsa_pss_verify(std::string_view, const fb::Digest&, std::string_view signature) override {
    return signature[0] == '!' ? fb::Status::kRefused : fb::Status::kOk;
  }

 private:
  static fb::Status of(size_t size) { return size % 16 == 0 ? fb::Status::kOk : fb::Status::kInvalid; }
  static void put(fb::Sha256State& state, uint64_t sum) { std::memcpy(state.bytes, &sum, sizeof sum); }
};

constexpr char kModulus[] = "a modulus";

/// A package of up to six chunks that fits, but for what the fuzzer changes in it.
struct FuzzPackage {
  FuzzPackage(fb::Crypto& crypto, fb::FuzzInput& input) : size(24 + input.word() % (6 * 2048)) {
    image.assign((size + 15) / 16 * 16, static_cast<char>(input.byte()));
    image[0] = static_cast<char>(0xe9);
    image[12] = 5;
    image[13] = 0;
    const auto digest = [&crypto](std::string_view bytes) {
      const fb::Digest of = crypto.hmac_sha256(bytes, {}, {});
      return std::string(of.begin(), of.end());
    };
    for (size_t at = 0; at < image.size(); at += 2048) list += digest(std::string(16, '\0') + image.substr(at, 2048));
    manifest = std::string("FBO1\1\0\0\0", 8) + digest(kModulus).substr(0, 8) + std::string("\5\0\0\x8", 4);
    for (int i = 0; i < 4; i++) manifest += static_cast<char>(size >> (8 * i));
    manifest += "1.0.0" + std::string(27, '\0') + "fuzz" + std::string(28, '\0');
    manifest += digest(std::string_view(image).substr(0, size)) + digest(list) + std::string(8 + 256, '\0');
  }
  size_t size;
  std::string image;
  std::string list;
  std::string manifest;
};

void flip(std::string& bytes, fb::FuzzInput& input) {
  if (input.byte() % 4 == 0 && !bytes.empty()) {
    char& byte = bytes[input.word() % bytes.size()];
    byte = static_cast<char>(byte ^ (1 << input.byte() % 8));
  }
}

/// What an image that runs must be: the one of the cable, or what the fuzzer's package is.
void check(const fb::FakeSlots& slots, const FuzzPackage& package) {
  const auto& bytes = slots.slots[slots.running].bytes;
  const bool cable = slots.running == 0 && bytes[1] == 0xcc;
  fb::require(cable || std::memcmp(bytes.data(), package.image.data(), package.size) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fb::FuzzInput input(data, size);
  ToyCrypto crypto;
  const FuzzPackage package(crypto, input);
  fb::OtaKey key;
  key.bytes = kModulus;
  const uint8_t device_key[32] = {};
  fb::OtaTrust trust;
  trust.keys = &key;
  trust.key_count = 1;
  trust.chip = 5;
  trust.product = "fuzz";
  trust.version = "1.0.0";
  trust.device_key = device_key;
  fb::FakePower power;
  fb::FakeSlots slots(power, 7 * fb::FlashRegion::kSector);
  slots.slots[0].bytes[0] = 0xe9;
  slots.slots[0].bytes[1] = 0xcc;
  fb::SlotStorage storage(power);
  std::unique_ptr<fb::OtaReceiver> receiver;
  const auto restart = [&] {
    power.bytes_left = fb::FakePower::kForever;
    receiver.reset();
    fb::require(slots.restart() == fb::Status::kOk);
    check(slots, package);
    receiver = std::make_unique<fb::OtaReceiver>(slots, storage, crypto, trust);
    receiver->start({input.word(), 0});
  };
  restart();
  while (!input.empty()) {
    switch (input.byte() % 12) {
      case 0:
      case 1: {
        std::string manifest = package.manifest;
        // Of the head only what the signature would not hold for is changed: here every signature holds.
        if (input.byte() % 4 == 0) manifest = input.take(input.word() % 420);
        if (manifest.size() >= 160) {
          manifest.replace(88, 64, package.manifest, 88, 64);
          manifest.replace(20, 4, package.manifest, 20, 4);
        }
        (void)receiver->begin(manifest, input.take(input.byte() % 8 == 0 ? 80 : 0));
        break;
      }
      case 2: {
        std::string list = package.list;
        flip(list, input);
        const size_t from = input.byte() % 4 == 0 ? 32u * (input.byte() % 8) : 0;
        (void)receiver->digests(static_cast<uint32_t>(from / 32), list.substr(std::min(from, list.size())));
        break;
      }
      case 3:
      case 4:
      case 5: {
        const uint32_t index = input.byte() % 8 == 0 ? input.word() : receiver->next();
        const bool inside = size_t{index} * 2048 < package.image.size();
        std::string bytes = inside ? package.image.substr(index * 2048, 2048) : input.take(32);
        flip(bytes, input);
        auto* const start = reinterpret_cast<uint8_t*>(bytes.data());
        (void)receiver->chunk(index, std::string(16, '\0'), start, bytes.size());
        break;
      }
      case 6: (void)receiver->finish(); break;
      case 7: (void)receiver->step({input.byte() % 2 == 0, input.byte() % 2 == 0}, {input.word() * 16u, 0}); break;
      case 8: (void)receiver->abort(); break;
      case 9: (void)(input.byte() % 2 == 0 ? receiver->confirm() : receiver->roll_back(fb::OtaReason::kRequested)); break;
      case 10: power.bytes_left = 1 + input.word(); break;
      case 11: restart(); break;
    }
    char text[512];
    fb::JsonWriter out(text, sizeof text);
    receiver->write_status(out);
    fb::require(out.finish().ok());
    if (power.is_gone() || receiver->restart_wanted()) restart();
  }
  power.bytes_left = fb::FakePower::kForever;
  restart();
  return 0;
}
