#include "ports/mbedtls/maker_keys.h"

#include <cstdio>
#include <string>

#include "ports/host/test.h"

namespace {

/// By `openssl genrsa 2048 | openssl rsa -pubout`; the private half was thrown away.
constexpr char kRsa2048[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA23jWazNpYeXij53PM21l\n"
    "fKi7b6xGR7KSSdqoP+tmrG7sE1QzDAWoWdCCWI1VkOJNVYVPw/3zplj9enCP4tHT\n"
    "V7r9Nl8BCl6gLwUcXtaqM5/EHXOXXx5nsqqDSXXp2IQj9QV8AZOmlsFjTU3S14bU\n"
    "T9JdxZXtjwh9w0668eSO6z6NsOcX5rnSrBuWcD/mmCytxuEClmW4DpEHWmS3fIaj\n"
    "vmghl/3+ui9ZEjPr8mQqfO/OgXtzm72RVm9JoZZO64TnBseP8a7qOVUhVtp4dRl5\n"
    "1qwT0RTEu2ZxxL3qgVH7wnju7E+87pPAqJsLWWLDHEK2Sz2HCxUCJIeWa+2zAUt0\n"
    "YwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
/// What `openssl rsa -pubin -noout -modulus` says of it.
constexpr char kModulus[] =
    "db78d66b336961e5e28f9dcf336d657ca8bb6fac4647b29249daa83feb66ac6eec1354330c05a859d082588d5590e24d5585"
    "4fc3fdf3a658fd7a708fe2d1d357bafd365f010a5ea02f051c5ed6aa339fc41d73975f1e67b2aa834975e9d88423f5057c01"
    "93a696c1634d4dd2d786d44fd25dc595ed8f087dc34ebaf1e48eeb3e8db0e717e6b9d2ac1b96703fe6982cadc6e1029665b8"
    "0e91075a64b77c86a3be682197fdfeba2f591233ebf2642a7cefce817b739bbd91566f49a1964eeb84e706c78ff1aeea3955"
    "2156da78751979d6ac13d114c4bb6671c4bdea8151fbc278eeec4fbcee93c0a89b0b5962c31c42b64b3d870b15022487966b"
    "edb3014b7463";
constexpr char kRsa3072[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEA6HS+dPe4T1BtL8ooiimI\n"
    "LB+DM6epjsP1RlbmNR/w05kGK2mk9CA8XQIy3aLFvKkiRZ6OHsc3T4xrQi5OsDja\n"
    "Q4ee/pcy6x12gMF2zGX7AGltjDymtLm09yK2DM79fAU1wLzWY5CYC/plafQs8jOx\n"
    "q0hQM+bl0b7UqQ+fR2aIycQRwrqcHoE5jTWXTd5qGPA1aR+euiczd1CwTUxm8Uyn\n"
    "99EagN9GH0qndZPGLbDCQVYpnTqpv3i0JDL0U90GnJ7V1AKw9T15XVYcImw+NS9u\n"
    "WKfXWsDGWv7BuBmPwgjvJXFxozBoTIFojy7vcsTScRYoZ4NzLZ8YHONji/0/Z2Kr\n"
    "tTdbthZ0xxiETlfjyu6kmVNL6eAXF5amNX5ZOhDGimyX+9e/hVa5HcYE+DD68CA1\n"
    "2Q9UmFgTcUJZf/ETQQHF4W8y7r/5Dm1KhROZk41+EB4JHOX1W3lZj/CtJPaUWLN/\n"
    "M5Vmw1T5k28cZ/FH5vy+K/wjENZgveFZmD58NKBLkM7NAgMBAAE=\n"
    "-----END PUBLIC KEY-----\n";
constexpr char kExponent3[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEA0dCZYdG1My8qEqg1Gd8T\n"
    "xDwZzZ0OURtL45WLXdmdtIBfIWyDUYvZOqkBGmnJD3tsW4VJwTIMjaQtZUbCUmxe\n"
    "w6n9BYD8JStUUYrMR1gTksRX/VWWnvYgGWJwp+qfnw+4ANUyC2rDegXzUmoEge9M\n"
    "8tiXsedTDUjcPG6E6DPdAZO+MZLAwW+Cc0vgF4KuADZnEPq1UhaVN4rVDotw+pmn\n"
    "E+5p54U80xtqvkJyhw0R874pSpSjjZCxr7xZ56hl+auGbx0rvzpLsFBWMVUwgKZZ\n"
    "l1moscGtNdolBF5/iVXX/6vEMdFlrHyj8N1el/CrbKcMwgKk5EUYDRHz+KW2Cn2S\n"
    "RQIBAw==\n"
    "-----END PUBLIC KEY-----\n";
constexpr char kP256[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8WOi9wG+wT1sXPSlmywbCM39Bd5z\n"
    "pKIMq0QMAVkthvfnrKSg4sW7tbPKug+BQLP2Da+tpTfwGn0o+Q9ez5sXag==\n"
    "-----END PUBLIC KEY-----\n";

std::string hex_of(std::string_view bytes) {
  std::string out;
  char pair[3];
  for (const char c : bytes) {
    std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned>(static_cast<uint8_t>(c)));
    out += pair;
  }
  return out;
}

}  // namespace

FB_TEST("takes a maker's key from PEM, with words around it, for the chip and the product it is told") {
  fb::MakerKeys keys;
  const std::string pem = "our key\n" + std::string(kRsa2048) + "and no more\n";
  EXPECT(keys.read(pem) == fb::Status::kOk);
  const fb::OtaTrust trust = keys.trust(0xfb01, "pump");
  EXPECT(trust.key_count == 1);
  EXPECT(hex_of(trust.keys[0].bytes) == kModulus);
  EXPECT(trust.chip == 0xfb01);
  EXPECT(trust.product == "pump");
}

FB_TEST("trusts no maker where a text has no key") {
  fb::MakerKeys keys;
  EXPECT(keys.read("") == fb::Status::kOk);
  EXPECT(keys.count() == 0);
}

FB_TEST("takes four keys, and none of five") {
  fb::MakerKeys keys;
  std::string pem;
  for (int i = 0; i < 4; i++) pem += kRsa2048;
  EXPECT(keys.read(pem) == fb::Status::kOk);
  EXPECT(keys.count() == 4);
  EXPECT(keys.read(pem + kRsa2048) == fb::Status::kNoSpace);
  EXPECT(keys.count() == 0);
}

FB_TEST("takes none where one is of another kind, damaged or cut") {
  const std::string right = kRsa2048;
  std::string damaged = right;
  damaged[60] = '!';
  const std::string wrong[] = {kRsa3072,
                               kExponent3,
                               kP256,
                               damaged,
                               right.substr(0, 300),
                               right.substr(0, 300) + "\n-----END PUBLIC KEY-----\n",
                               "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                               "-----BEGIN PUBLIC KEY-----" + std::string(2000, 'A') + "-----END PUBLIC KEY-----"};
  for (const std::string& pem : wrong) {
    fb::MakerKeys keys;
    EXPECT_IN(pem, keys.read(right + pem) == fb::Status::kInvalid);
    EXPECT_IN(pem, keys.count() == 0);
  }
}
