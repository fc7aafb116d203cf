#include "core/fragments.h"

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <vector>

#include "ports/host/test.h"

using Json = nlohmann::json;

namespace {

std::string bytes_of(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

std::vector<Json> vectors(const std::string& op) {
  std::ifstream in(FB_VECTORS "/fragments.json");
  std::vector<Json> out;
  for (const Json& c : Json::parse(in))
    if (c["op"] == op) out.push_back(c);
  EXPECT_IN(op, !out.empty());
  return out;
}

std::vector<std::string> cut(std::string_view message, uint8_t number, size_t piece_size) {
  fb::FragmentWriter writer(message, number, piece_size);
  std::vector<std::string> pieces;
  std::unique_ptr<char[]> out(new char[piece_size]);
  while (const size_t size = writer.next(out.get())) pieces.emplace_back(out.get(), size);
  EXPECT(writer.done());
  return pieces;
}

struct Reader {
  std::string take(std::string_view piece, fb::Millis at = 0) {
    // In memory of just that size, so that the sanitizer sees what is read past it.
    std::unique_ptr<char[]> copy(new char[piece.size()]);
    piece.copy(copy.get(), piece.size());
    step = reader.take({copy.get(), piece.size()}, {at, 0});
    return std::string(step.message);
  }
  uint32_t faults() const {
    uint32_t all = 0;
    for (size_t i = 1; i < fb::kFragmentFaults; i++) all += reader.count(static_cast<fb::FragmentFault>(i));
    return all;
  }
  std::unique_ptr<char[]> buffer{new char[fb::kFragmentMaxMessage]};
  fb::FragmentReader reader{buffer.get(), fb::kFragmentMaxMessage};
  fb::FragmentStep step;
};

std::string some_message(std::mt19937& random, size_t most) {
  std::string message(1 + random() % most, 0);
  for (char& c : message) c = static_cast<char>(random());
  return message;
}

}  // namespace

FB_TEST("messages are cut as in fragments.json") {
  for (const Json& c : vectors("cut")) {
    const auto pieces = cut(bytes_of(c["message"]), c["number"], c["piece_size"]);
    EXPECT_IN(c["name"], pieces.size() == c["pieces"].size());
    for (size_t i = 0; i < pieces.size(); i++) EXPECT_IN(c["name"], pieces[i] == bytes_of(c["pieces"][i]));
  }
}

FB_TEST("pieces are joined, and faults told, as in fragments.json") {
  for (const Json& c : vectors("join")) {
    Reader reader;
    for (size_t i = 0; i < c["steps"].size(); i++) {
      const Json& step = c["steps"][i];
      const std::string name = c["name"].get<std::string>() + ", piece " + std::to_string(i);
      EXPECT_IN(name, reader.take(bytes_of(step["piece"]), step["at_ms"]) == bytes_of(step.value("message", "")));
      EXPECT_IN(name, fb::fragment_fault_name(reader.step.fault) == step.value("fault", "none"));
    }
    for (size_t i = 1; i < fb::kFragmentFaults; i++) {
      const auto fault = static_cast<fb::FragmentFault>(i);
      EXPECT_IN(c["name"], reader.reader.count(fault) == c["counts"].value(std::string(fb::fragment_fault_name(fault)), 0u));
    }
  }
}

FB_TEST("messages of every size come back through every size of pieces") {
  std::mt19937 random(1);
  for (const size_t piece_size : {20, 21, 64, 185, 244, 512}) {
    Reader reader;
    uint8_t number = static_cast<uint8_t>(random());
    for (int i = 0; i < 400; i++, number++) {
      const std::string message = some_message(random, i % 10 == 0 ? 4096 : 80);
      std::string got;
      for (const std::string& piece : cut(message, number, piece_size)) {
        EXPECT(got.empty() && piece.size() <= piece_size);
        got = reader.take(piece);
      }
      EXPECT(got == message);
    }
    EXPECT(reader.faults() == 0);
  }
}

FB_TEST("what is no message or no size of pieces gives no pieces") {
  EXPECT(cut("", 0, 20).empty());
  EXPECT(cut(std::string(4097, 'x'), 0, 20).empty());
  EXPECT(cut("x", 0, 19).empty());
  EXPECT(cut("x", 0, 513).empty());
  char piece[20];
  EXPECT(fb::FragmentWriter().next(piece) == 0);
}

FB_TEST("a piece cut at any byte is a fault that is counted, and the next message comes through") {
  const std::string message(40, 'm'), other(40, 'o');
  const auto pieces = cut(message, 1, 20);
  for (size_t damaged = 0; damaged < pieces.size(); damaged++)
    for (size_t size = 0; size < pieces[damaged].size(); size++) {
      Reader reader;
      for (size_t i = 0; i < pieces.size(); i++)
        EXPECT(reader.take(i == damaged ? pieces[i].substr(0, size) : pieces[i]).empty());
      EXPECT(reader.faults() >= 1);
      std::string got;
      for (const std::string& piece : cut(other, 2, 20)) got = reader.take(piece);
      EXPECT(got == other);
    }
}

FB_TEST("a flipped bit anywhere gives no message but one that was sent") {
  const std::string message = "one message that is cut into four pieces of twenty bytes";
  const auto pieces = cut(message, 1, 20);
  for (size_t damaged = 0; damaged < pieces.size(); damaged++)
    for (size_t bit = 0; bit < pieces[damaged].size() * 8; bit++) {
      Reader reader;
      for (size_t i = 0; i < pieces.size(); i++) {
        std::string piece = pieces[i];
        if (i == damaged) piece[bit / 8] = static_cast<char>(piece[bit / 8] ^ (1 << bit % 8));
        const std::string got = reader.take(piece);
        EXPECT(got.empty() || got == message);
      }
      // The end's mark may be what was lost; then the reader waits for the next piece, and in the end no longer.
      EXPECT(reader.faults() >= 1 || reader.reader.expire({0, 0}) == fb::kFragmentPatienceMs);
    }
}

FB_TEST("loss, repeats, other orders and noise in any mixture give only messages that were sent, each once") {
  std::mt19937 random(4);
  for (int round = 0; round < 300; round++) {
    std::vector<std::string> link;
    std::set<std::string> sent;
    const int harm = 1 + static_cast<int>(random() % 40);
    const int messages = 60;
    for (int i = 0; i < messages; i++) {
      const std::string message = some_message(random, 200);
      sent.insert(message);
      if (i == 0 || i == messages - 1) {
        // The first and the last come whole, so that what is lost lies between.
        for (const std::string& piece : cut(message, static_cast<uint8_t>(round + i), 20)) link.push_back(piece);
        continue;
      }
      for (std::string& piece : cut(message, static_cast<uint8_t>(round + i), 20 + random() % 30)) {
        switch (random() % static_cast<unsigned>(20 * harm)) {
          case 0: break;
          case 1: link.push_back(piece); [[fallthrough]];
          case 2: link.push_back(piece); break;
          case 3: link.push_back(some_message(random, 20)); [[fallthrough]];
          default:
            link.push_back(piece);
            if (link.size() > 1 && random() % static_cast<unsigned>(4 * harm) == 0) std::swap(link.back(), link[link.size() - 2]);
        }
      }
    }
    Reader reader;
    for (const std::string& piece : link) {
      const std::string got = reader.take(piece);
      if (!got.empty()) EXPECT(sent.erase(got) == 1);
    }
    // Whatever did not come was counted.
    EXPECT(sent.empty() || reader.faults() > 0);
  }
}

FB_TEST("a message whose next piece never comes is given up after 5 s") {
  Reader reader;
  EXPECT(reader.reader.expire({0, 0}) == fb::kNever);
  reader.take(cut(std::string(40, 'x'), 1, 20)[0], 1000);
  EXPECT(reader.reader.expire({5999, 0}) == 6000);
  EXPECT(reader.faults() == 0);
  EXPECT(reader.reader.expire({6000, 0}) == fb::kNever);
  EXPECT(reader.reader.count(fb::FragmentFault::kLost) == 1);
  EXPECT(reader.reader.expire({9000, 0}) == fb::kNever);
  EXPECT(reader.faults() == 1);
}

FB_TEST("after a link came up anew the same message is taken again, and what was under way is counted") {
  Reader reader;
  const auto pieces = cut("hello", 1, 20);
  EXPECT(reader.take(pieces[0]) == "hello");
  EXPECT(reader.take(pieces[0]).empty());
  reader.reader.reset();
  EXPECT(reader.take(pieces[0]) == "hello");
  EXPECT(reader.reader.count(fb::FragmentFault::kLost) == 0);
  reader.take(cut(std::string(40, 'x'), 2, 20)[0]);
  reader.reader.reset();
  EXPECT(reader.reader.count(fb::FragmentFault::kLost) == 1);
}

FB_TEST("after a link came up anew any number is the first, and nothing is passed over") {
  for (const uint8_t number : {0, 90}) {
    Reader reader;
    EXPECT(reader.take(cut("hello", 5, 20)[0]) == "hello");
    reader.reader.reset();
    EXPECT(reader.take(cut("hello", number, 20)[0]) == "hello" && reader.faults() == 0);
  }
  Reader reader;
  const auto pieces = cut(std::string(60, 'x'), 5, 20);
  reader.take(pieces[1]);
  reader.reader.reset();
  reader.take(pieces[2]);
  EXPECT(reader.reader.count(fb::FragmentFault::kLost) == 2);
}

FB_TEST("a reader with less room refuses longer messages") {
  std::unique_ptr<char[]> buffer(new char[10]);
  fb::FragmentReader reader(buffer.get(), 10);
  EXPECT(reader.take(cut(std::string(10, 'x'), 1, 20)[0], {}).message.size() == 10);
  EXPECT(reader.take(cut(std::string(11, 'x'), 2, 20)[0], {}).fault == fb::FragmentFault::kMalformed);
}

FB_TEST("no room makes a message longer than 4,096 bytes") {
  std::unique_ptr<char[]> buffer(new char[5000]);
  fb::FragmentReader reader(buffer.get(), 5000);
  EXPECT(reader.take(std::string_view("\x01\0\x01\x10\0\0\0\0x", 9), {}).fault == fb::FragmentFault::kMalformed);
  EXPECT(reader.take(std::string_view("\x01\0\0\x10\0\0\0\0x", 9), {}).fault == fb::FragmentFault::kNone);
}
