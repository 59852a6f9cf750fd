#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "crypto/digest.hpp"

using namespace atls;

TEST_CASE("digests agree with FIPS 180-4 for \"abc\"") {
  CHECK(hex(crypto::sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(crypto::sha384(as_bytes("abc"))) ==
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  CHECK(hex(crypto::sha512(as_bytes("abc"))).substr(0, 32) == "ddaf35a193617abacc417349ae204131");
}

TEST_CASE("a digest of parts is the digest of the concatenation") {
  CHECK(crypto::sha256_of({as_bytes("a"), as_bytes(""), as_bytes("bc")}) == crypto::sha256(as_bytes("abc")));
  CHECK(crypto::sha256_of({}) == crypto::sha256({}));
}

TEST_CASE("HKDF agrees with RFC 5869 test case 3, which has no salt and no info") {
  const Buffer secret(22, 0x0b);
  CHECK(hex(crypto::hkdf_sha256(secret, "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  CHECK(crypto::hkdf_sha256(secret, "a", 32) != crypto::hkdf_sha256(secret, "b", 32));
  CHECK(crypto::hkdf_sha256(secret, "a", 0).empty());
  CHECK_THROWS(crypto::hkdf_sha256(secret, "a", 255 * 32 + 1));
}

TEST_CASE("random bytes have the length asked for and do not repeat") {
  CHECK(crypto::random_bytes(0).empty());
  CHECK(crypto::random_bytes(32).size() == 32);
  CHECK(crypto::random_bytes(32) != crypto::random_bytes(32));
}
