#include "core/base64.h"

#include <string>

#include "ports/host/test.h"

namespace {

std::string encoded(const std::string& bytes) {
  std::string out(fb::base64_size(bytes.size()), 0);
  EXPECT(fb::base64_encode(bytes, out.data()) == out.size());
  return out;
}

}  // namespace

FB_TEST("base64 is that of RFC 4648, both ways") {
  const char* cases[][2] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& c : cases) {
    EXPECT_IN(c[0], encoded(c[0]) == c[1]);
    uint8_t out[8];
    const fb::Expected<size_t> size = fb::base64_decode(c[1], out, sizeof out);
    EXPECT_IN(c[0], size.ok() && std::string(out, out + size.value()) == c[0]);
  }
}

FB_TEST("what is not base64 is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "Zh==", "Zm9=", "Zg=A", "Z g=", "====", "Zm9\n"}) {
    uint8_t out[8];
    EXPECT_IN(text, fb::base64_decode(text, out, sizeof out).status() == fb::Status::kInvalid);
  }
  uint8_t out[2];
  EXPECT(fb::base64_decode("Zm9v", out, 2).status() == fb::Status::kNoSpace);
}
