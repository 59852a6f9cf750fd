#include "profile/constellation.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "lib/profile/leaf_fixture.hpp"
#include "profile/registry.hpp"

using namespace atls;
namespace cons = atls::profile::constellation;
using tests::unhex;

// The golden values were computed with Python's hashlib from the formulas, for the P-256 key with private scalar 1 and the nonce
// 00 01 .. 1f.
TEST_CASE("constellation formulas give the golden values") {
  const Buffer spki = unhex(tests::kScalarOneSpki);
  Buffer nonce(32);
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(i);
  CHECK(hex(cons::user_data(spki)) == "5cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7e71aacb27cd3");
  CHECK(hex(cons::extra_data(cons::user_data(spki), nonce)) == "e86b775dcebee43b455853d2dbd14e2056fe24487acaf82bed6eca7821a6605e");
  CHECK(hex(cons::report_data(spki, nonce)) ==
        "e86b775dcebee43b455853d2dbd14e2056fe24487acaf82bed6eca7821a6605e0000000000000000000000000000000000000000000000000000000000000000");
  CHECK(cons::nonce_to_sni(nonce) == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  CHECK(hex(cons::spki_of(*tests::scalar_one_key())) == tests::kScalarOneSpki);
}

TEST_CASE("constellation nonce names: only the canonical base64 of 32 bytes is taken") {
  struct Row { const char* name; std::string sni; };
  const std::string good = cons::nonce_to_sni(Buffer(32, 0xFB));
  CHECK(good.find('+') != std::string::npos);   // the alphabet with + and /
  REQUIRE(cons::nonce_from_sni(good));
  CHECK(*cons::nonce_from_sni(good) == Buffer(32, 0xFB));
  const Row rows[] = {
      {"empty", ""},
      {"31 bytes", cons::nonce_to_sni(Buffer(31, 1))},
      {"33 bytes", cons::nonce_to_sni(Buffer(33, 1))},
      {"no padding", good.substr(0, 43)},
      {"url alphabet", "-" + good.substr(1)},
      {"a host name of 44 characters", std::string(40, 'a') + ".com"},
      {"white space", good.substr(0, 43) + " "},
      {"bits set in the padding", good.substr(0, 42) + "9="},
      {"NUL", good.substr(0, 43) + std::string(1, '\0')},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto nonce = cons::nonce_from_sni(row.sni);
    REQUIRE_FALSE(nonce);
    CHECK(nonce.error().code == Errc::bad_value);
  }
}

TEST_CASE("constellation CA name: byte for byte what the protocol's own servers send") {
  Buffer nonce(32);
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(i);
  const Buffer name = unhex("3037313530330603550403132c41414543417751464267634943516f4c4441304f4478415245684d554652595847426b61477877644868383d");
  const auto read = cons::nonce_from_ca_names({name});
  REQUIRE(read);
  CHECK(*read == nonce);
}

TEST_CASE("constellation CA names that are not one nonce are refused with the reason") {
  const Buffer good = unhex("3037313530330603550403132c41414543417751464267634943516f4c4441304f4478415245684d554652595847426b61477877644868383d");
  const Buffer utf8 = unhex("30373135303306035504030c2c41414543417751464267634943516f4c4441304f4478415245684d554652595847426b61477877644868383d");
  CHECK(cons::nonce_from_ca_names({utf8}));   // any string type is read
  struct Row { const char* name; std::vector<Buffer> names; };
  Buffer truncated = good;
  truncated.pop_back();
  Buffer short_cn = unhex("300f310d300b06035504030c0441414141");     // CN=AAAA
  Buffer no_cn = unhex("300f310d300b060355040a0c0441414141");        // O=AAAA
  const Row rows[] = {{"none", {}},
                      {"two", {good, good}},
                      {"truncated", {truncated}},
                      {"no CN", {no_cn}},
                      {"a name without attributes", {unhex("3000")}},
                      {"a nonce of 3 bytes", {short_cn}},
                      {"not a name", {Buffer{0x04, 0x01, 0x00}}}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto nonce = cons::nonce_from_ca_names(row.names);
    REQUIRE_FALSE(nonce);
    CHECK_FALSE(nonce.error().detail.empty());
  }
}

TEST_CASE("constellation leaf: the fields of the protocol and nothing else") {
  const auto key = tests::scalar_one_key();
  const auto leaf = tests::leaf_der(*key, tests::leaf_spec({{"1.3.9900.1.1", to_buffer("{}"), false}}));
  const auto certificate = crypto::Certificate::from_der(leaf);
  REQUIRE(certificate);
  CHECK(certificate->version() == 3);
  CHECK(certificate->subject_text() == "CN=Constellation");
  CHECK(certificate->subject_der() == certificate->issuer_der());
  CHECK(certificate->subject_der() == unhex("3018311630140603550403130d436f6e7374656c6c6174696f6e"));   // PrintableString as in Go
  CHECK(certificate->serial_hex().size() <= 32);
  CHECK(certificate->serial_hex() != "0");
  REQUIRE(certificate->extensions().size() == 1);
  CHECK(certificate->extensions()[0].oid == "1.3.9900.1.1");
  CHECK(certificate->extensions()[0].value == to_buffer("{}"));
  CHECK(certificate->signature_scheme() == crypto::SignatureScheme::ecdsa_sha256);
  const auto good = certificate->signed_by(*certificate->key());
  REQUIRE(good);
  CHECK(*good);
  CHECK(certificate->spki() == cons::spki_of(*key));
}

TEST_CASE("constellation leaf with a corrupted signature still decodes and does not verify") {
  const auto key = tests::scalar_one_key();
  auto spec = tests::leaf_spec({});
  spec.corrupt_signature = true;
  const auto certificate = crypto::Certificate::from_der(tests::leaf_der(*key, spec));
  REQUIRE(certificate);
  const auto good = certificate->signed_by(*certificate->key());
  REQUIRE(good);
  CHECK_FALSE(*good);
}

TEST_CASE("profiles by name") {
  REQUIRE(profile::find_profile("constellation") != nullptr);
  CHECK(profile::find_profile("auto") == profile::find_profile("constellation"));
  CHECK(profile::find_profile("contrast") == nullptr);
  CHECK(profile::find_profile("") == nullptr);
  for (const auto& p : profile::profiles()) CHECK(profile::find_profile(p.id) == &p);
}
