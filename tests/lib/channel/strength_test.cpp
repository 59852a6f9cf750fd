#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/hex.hpp"
#include "channel/handshake_choices.hpp"
#include "crypto/key_strength.hpp"

using namespace atls;

namespace {

std::string weakness_after(const std::string& message_hex) {
  const auto message = from_hex(message_hex);
  REQUIRE(message);
  channel::HandshakeChoices choices;
  choices.note(*message);
  return choices.weakness();
}

const std::string kZeroRandom(64, '0');

}  // namespace

TEST_CASE("strength: ciphers by their names") {
  for (const char* good : {"", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_8_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-SHA384",
                           "DHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"})
    CHECK_MESSAGE(crypto::cipher_weakness(good).empty(), good);
  struct Row { const char *name, *word; };
  for (const Row& row : {Row{"AES128-GCM-SHA256", "static RSA"}, Row{"TLS_RSA_WITH_AES_128_GCM_SHA256", "static RSA"}, Row{"NULL-SHA256", "encrypts nothing"},
                         Row{"ECDHE-ECDSA-NULL-SHA", "encrypts nothing"}, Row{"TLS_ECDHE_ECDSA_WITH_NULL_SHA", "encrypts nothing"}, Row{"ADH-AES128-SHA", "authenticates nobody"},
                         Row{"AECDH-AES128-SHA", "authenticates nobody"}, Row{"TLS_DH_anon_WITH_AES_128_CBC_SHA", "authenticates nobody"}, Row{"EXP-RC4-MD5", "export"},
                         Row{"TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", "export"}, Row{"TLS_SHA256_SHA256", "static RSA"}, Row{"no such", "static RSA"}})
    CHECK_MESSAGE(crypto::cipher_weakness(row.name).find(row.word) != std::string::npos, row.name);
}

TEST_CASE("strength: groups by their names") {
  for (const char* good : {"", "x25519", "x448", "secp256r1", "prime256v1", "secp384r1", "secp521r1", "P-256", "brainpoolP256r1", "ffdhe2048", "ffdhe8192", "X25519MLKEM768", "SecP256r1MLKEM768"})
    CHECK_MESSAGE(crypto::group_weakness(good).empty(), good);
  for (const char* weak : {"secp224r1", "P-224", "secp192r1", "prime192v1", "sect163k1", "secp160k1", "wap-wsg-idm-ecid-wtls1", "ffdhe1024", "unknown"})
    CHECK_FALSE_MESSAGE(crypto::group_weakness(weak).empty(), weak);
}

TEST_CASE("strength: what the messages of a handshake chose") {
  const std::string hello = "02000046" "0303" + kZeroRandom;
  CHECK(weakness_after(hello + "00c02b00").empty());
  CHECK(weakness_after(hello + "00000000").find("encrypts nothing") != std::string::npos);
  CHECK(weakness_after(hello + "04aabbccdd003400").find("authenticates nobody") != std::string::npos);
  CHECK(weakness_after(hello + "00000300").find("export") != std::string::npos);
  CHECK(weakness_after("0c00000a" "030017" "02aabb" "0203" "0000").find("SHA-1") != std::string::npos);
  CHECK(weakness_after("0c00000a" "030017" "02aabb" "0101" "0000").find("MD5") != std::string::npos);
  CHECK(weakness_after("0c00000a" "030017" "02aabb" "0403" "0000").empty());
  CHECK(weakness_after("0f000008" "0203" "0000").find("SHA-1") != std::string::npos);
  CHECK(weakness_after("0f000008" "0804" "0000").empty());
  // Nothing is made of what ends early or is another message.
  for (const char* cut : {"", "02", "020000", "02000046", "020000460303", "0c000000", "0c00000a030017", "0c00000a03001709aabb", "0f000000", "0f00000802", "0b0000020203", "0100000203030000"})
    CHECK_MESSAGE(weakness_after(cut).empty(), cut);
}

TEST_CASE("strength: the security level is never below 2") {
  const crypto::SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  for (const int given : {0, 1, 2, 3}) {
    SSL_CTX_set_security_level(context.get(), given);
    CHECK(channel::security_level(*context) == std::max(2, given));
  }
}
