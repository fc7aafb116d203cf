#include "core/message_auth.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/json_reader.h"
#include "ports/host/fake_hal.h"
#include "ports/host/test.h"

using Json = nlohmann::json;
using fb::Access;
using fb::OpenedSeal;
using fb::SealFault;
using fb::Status;

namespace {

const Json& auth_vectors() {
  static const Json vectors = Json::parse(std::ifstream(FB_VECTORS "/message-auth.json"));
  return vectors;
}

fb::Key auth_key(const std::string& hex) {
  fb::Key key{};
  for (size_t i = 0; i < key.size(); i++) key[i] = static_cast<uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return key;
}

/// A device with the vectors' secret.
struct Sealed {
  Sealed() : auth(body.crypto, body) {
    EXPECT(auth.load(id()) == Status::kOk);
    EXPECT(auth.set_secret(auth_key(auth_vectors()["secret"]), id()) == Status::kOk);
  }
  static std::string id() { return auth_vectors()["device_id"]; }

  fb::FakeBody body;
  fb::MessageAuth auth;
};

std::string seal_name(const OpenedSeal& seal) { return std::string(fb::seal_fault_name(seal.fault)); }

}  // namespace

FB_TEST("opens each sealed request of message-auth.json once, and seals its reply as it says") {
  for (const Json& c : auth_vectors()["sealed"]) {
    Sealed device;
    const std::string request = c["request"]["sealed"];
    const OpenedSeal seal = device.auth.open(request);
    EXPECT_IN(c["name"].get<std::string>() + " " + seal_name(seal), seal.fault == SealFault::kNone);
    const std::string kid = c["kid"];
    EXPECT_IN(c["name"], seal.access == (kid == "admin"      ? Access::kAdmin
                                         : kid == "operator" ? Access::kOperator
                                                             : Access::kViewer));
    EXPECT_IN(c["name"], c["n"] == std::to_string(seal.nonce.epoch) + "." + std::to_string(seal.nonce.number));
    const std::string reply = c["reply"]["body"];
    char out[512];
    EXPECT_IN(c["name"], device.auth.seal(seal, reply, out, sizeof out).value_or("") == c["reply"]["sealed"].get<std::string>());
    const OpenedSeal again = device.auth.open(request);
    EXPECT_IN(c["name"], again.fault == SealFault::kSeen && again.access == Access::kNone);
  }
}

FB_TEST("a sealed message reads as the message itself, with three members more") {
  for (const Json& c : auth_vectors()["sealed"]) {
    Json read = Json::parse(c["request"]["sealed"].get<std::string>());
    for (const char* name : {"kid", "n", "mac"}) EXPECT_IN(c["name"], read.erase(name) == 1);
    EXPECT_IN(c["name"], read == Json::parse(c["request"]["body"].get<std::string>()));
    fb::JsonToken tokens[64];
    fb::JsonDocument document(tokens, 64);
    EXPECT_IN(c["name"], document.parse(c["request"]["sealed"].get<std::string>()).ok());
  }
}

FB_TEST("refuses what message-auth.json refuses, each for its reason, and takes no nonce for it") {
  Sealed device;
  for (const Json& c : auth_vectors()["refused"]) {
    const std::string message = c["message"];
    const OpenedSeal seal = device.auth.open(message);
    EXPECT_IN(c["name"].get<std::string>() + " " + seal_name(seal), c["reason"] == seal_name(seal));
    EXPECT_IN(c["name"], seal.access == Access::kNone);
  }
  // Its only writes were those of the secret: no forger can wear the flash.
  EXPECT(device.body.writes == 2);
}

FB_TEST("a message with any bit flipped or cut anywhere is refused") {
  Sealed device;
  const std::string whole = auth_vectors()["sealed"][1]["request"]["sealed"];
  for (size_t bit = 0; bit < whole.size() * 8; bit++) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_IN(damaged, device.auth.open(damaged).fault != SealFault::kNone);
  }
  for (size_t size = 0; size < whole.size(); size++)
    EXPECT_IN(std::to_string(size), device.auth.open(whole.substr(0, size)).fault != SealFault::kNone);
  EXPECT(device.auth.open(whole).fault == SealFault::kNone);
}

FB_TEST("seals a reply where it lies, anywhere in the buffer") {
  const Json& c = auth_vectors()["sealed"][0];
  const std::string reply = c["reply"]["body"];
  const std::string wanted = c["reply"]["sealed"];
  Sealed device;
  const OpenedSeal seal = device.auth.open(c["request"]["sealed"].get<std::string>());
  for (size_t at = 0; at + reply.size() <= 512; at++) {
    char out[512];
    std::memcpy(out + at, reply.data(), reply.size());
    EXPECT(device.auth.seal(seal, {out + at, reply.size()}, out, sizeof out).value_or("") == wanted);
  }
}

FB_TEST("says where a reply cannot be sealed, and writes nothing past the buffer") {
  const Json& c = auth_vectors()["sealed"][0];
  const std::string reply = c["reply"]["body"];
  const std::string wanted = c["reply"]["sealed"];
  Sealed device;
  char out[512];
  EXPECT(device.auth.seal({}, reply, out, sizeof out).status() == Status::kInvalid);
  const OpenedSeal seal = device.auth.open(c["request"]["sealed"].get<std::string>());
  for (const char* none : {"", "{}", "{ }", "[1]", "null"})
    EXPECT_IN(none, device.auth.seal(seal, none, out, sizeof out).status() == Status::kInvalid);
  for (size_t size = 0; size < wanted.size(); size++) {
    std::string room(size, '~');
    EXPECT(device.auth.seal(seal, reply, room.data(), size).status() == Status::kNoSpace);
  }
  std::string room(wanted.size() + 1, '~');
  EXPECT(device.auth.seal(seal, reply, room.data(), wanted.size()).value_or("") == wanted);
  EXPECT(room.back() == '~');
  EXPECT(wanted.size() - reply.size() < fb::MessageAuth::kMaxSeal);
}

FB_TEST("a stale sender is told so in an answer that it can believe, with the floor it must be above") {
  const Json& c = auth_vectors()["sealed"][0];
  Sealed device;
  EXPECT(device.auth.open(c["request"]["sealed"].get<std::string>()).fault == SealFault::kNone);
  fb::MessageAuth restarted(device.body.crypto, device.body);
  EXPECT(restarted.load(Sealed::id()) == Status::kOk && restarted.on());
  const OpenedSeal seal = restarted.open(c["request"]["sealed"].get<std::string>());
  EXPECT(seal.fault == SealFault::kStale && seal.access == Access::kNone);
  EXPECT(restarted.epoch_floor(seal.role) == seal.nonce.epoch + fb::NonceLedger::kAhead);
  char out[512];
  EXPECT(restarted.seal(seal, c["reply"]["body"].get<std::string>(), out, sizeof out).value_or("") ==
         c["reply"]["sealed"].get<std::string>());
}

FB_TEST("without a secret it is off, and so it is again once the secret is forgotten") {
  fb::FakeBody body;
  fb::MessageAuth auth(body.crypto, body);
  EXPECT(auth.load("x") == Status::kOk && !auth.on());
  EXPECT(auth.set_secret(fb::Key{}, "x") == Status::kOk && auth.on());
  EXPECT(auth.forget_secret() == Status::kOk && !auth.on());
  fb::MessageAuth restarted(body.crypto, body);
  EXPECT(restarted.load("x") == Status::kOk && !restarted.on());
}

FB_TEST("another secret ends what the one before could do") {
  const std::string request = auth_vectors()["sealed"][1]["request"]["sealed"];
  Sealed device;
  EXPECT(device.auth.set_secret(fb::Key{}, Sealed::id()) == Status::kOk);
  EXPECT(device.auth.open(request).fault == SealFault::kForged);
}

FB_TEST("the same secret set again forgets nothing of what was taken") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  Sealed device;
  EXPECT(device.auth.open(request).fault == SealFault::kNone);
  EXPECT(device.auth.set_secret(auth_key(auth_vectors()["secret"]), Sealed::id()) == Status::kOk);
  EXPECT(device.auth.open(request).fault == SealFault::kSeen);
}

FB_TEST("a slot of the flash that decays brings nothing back that was taken, nor an older secret") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  const auto restarted_fault = [&](fb::FakeBody body, const char* slot) {
    body.records[slot].back() = static_cast<char>(body.records[slot].back() ^ 1);
    fb::MessageAuth auth(body.crypto, body);
    EXPECT(auth.load(Sealed::id()) == Status::kOk);
    return auth.on() ? auth.open(request).fault : SealFault::kUnsealed;
  };
  for (const char* slot : {"key.0", "key.1"}) {
    Sealed device;
    EXPECT_IN(slot, restarted_fault(device.body, slot) == SealFault::kNone);
    EXPECT_IN(slot, device.auth.open(request).fault == SealFault::kNone);
    EXPECT_IN(slot, restarted_fault(device.body, slot) == SealFault::kStale);
    EXPECT_IN(slot, device.auth.set_secret(fb::Key{}, Sealed::id()) == Status::kOk);
    EXPECT_IN(slot, restarted_fault(device.body, slot) == SealFault::kForged);
    EXPECT_IN(slot, device.auth.forget_secret() == Status::kOk);
    EXPECT_IN(slot, restarted_fault(device.body, slot) == SealFault::kUnsealed);
  }
}

FB_TEST("a secret that cannot be read lets nobody in, until there is a new one") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  Sealed device;
  for (auto& [key, record] : device.body.records)
    if (!record.empty()) record.back() = static_cast<char>(record.back() ^ 1);
  fb::MessageAuth restarted(device.body.crypto, device.body);
  EXPECT(restarted.load(Sealed::id()) == Status::kCorrupt && restarted.on());
  EXPECT(restarted.open(request).fault == SealFault::kStorage);
  EXPECT(restarted.open(R"({"jsonrpc":"2.0"})").fault == SealFault::kUnsealed);
  EXPECT(restarted.set_secret(auth_key(auth_vectors()["secret"]), Sealed::id()) == Status::kOk);
  EXPECT(restarted.open(request).fault == SealFault::kNone);
}

FB_TEST("wherever the power is cut while a secret is set, the old or the new one is in use") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  for (const bool second : {false, true}) {
    for (size_t cut_bytes = 0; cut_bytes <= 72; cut_bytes++) {
      fb::FakeBody body;
      {
        fb::MessageAuth auth(body.crypto, body);
        EXPECT(auth.load(Sealed::id()) == Status::kOk);
        EXPECT(auth.set_secret(fb::Key{}, Sealed::id()) == Status::kOk);
        body.cut_write = body.writes + second;
        body.cut_bytes = cut_bytes;
        EXPECT((auth.set_secret(auth_key(auth_vectors()["secret"]), Sealed::id()) == Status::kOk) == second);
        // The new one is in use, and nothing can be kept; or the old one is.
        EXPECT(auth.open(request).fault == (second ? SealFault::kStorage : SealFault::kForged));
      }
      body.power_back();
      fb::MessageAuth auth(body.crypto, body);
      EXPECT(auth.load(Sealed::id()) == Status::kOk && auth.on());
      EXPECT(auth.open(request).fault == (second || cut_bytes == 72 ? SealFault::kNone : SealFault::kForged));
    }
  }
}

FB_TEST("a first secret that was cut lets nobody in, until it is set again") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  for (size_t cut_bytes = 0; cut_bytes < 72; cut_bytes++) {
    fb::FakeBody body;
    {
      fb::MessageAuth auth(body.crypto, body);
      EXPECT(auth.load(Sealed::id()) == Status::kOk);
      body.cut_write = 0;
      body.cut_bytes = cut_bytes;
      EXPECT(auth.set_secret(auth_key(auth_vectors()["secret"]), Sealed::id()) == Status::kStorage && !auth.on());
    }
    body.power_back();
    fb::MessageAuth auth(body.crypto, body);
    EXPECT(auth.load(Sealed::id()) == Status::kCorrupt && auth.on());
    EXPECT(auth.open(request).fault == SealFault::kStorage);
    EXPECT(auth.set_secret(auth_key(auth_vectors()["secret"]), Sealed::id()) == Status::kOk);
    EXPECT(auth.open(request).fault == SealFault::kNone);
  }
}

FB_TEST("wherever the power is cut while a message is taken, it is taken once or not at all") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  for (const bool second : {false, true}) {
    for (size_t cut_bytes = 0; cut_bytes <= 72; cut_bytes++) {
      Sealed device;
      device.body.cut_write = device.body.writes + second;
      device.body.cut_bytes = cut_bytes;
      EXPECT(device.auth.open(request).fault == (second ? SealFault::kNone : SealFault::kStorage));
      EXPECT(device.auth.open(request).fault == (second ? SealFault::kSeen : SealFault::kStorage));
      device.body.power_back();
      fb::MessageAuth auth(device.body.crypto, device.body);
      EXPECT(auth.load(Sealed::id()) == Status::kOk && auth.on());
      EXPECT(auth.open(request).fault == (second || cut_bytes == 72 ? SealFault::kStale : SealFault::kNone));
      EXPECT(auth.open(request).fault != SealFault::kNone);
    }
  }
}

FB_TEST("takes nothing while the storage refuses, and goes on when it works again") {
  const std::string request = auth_vectors()["sealed"][0]["request"]["sealed"];
  Sealed device;
  device.body.cut_write = 0;
  EXPECT(device.auth.open(request).fault == SealFault::kStorage);
  device.body.power_back();
  EXPECT(device.auth.open(request).fault == SealFault::kNone);
}
