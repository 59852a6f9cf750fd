#include "base/hex.hpp"

#include <doctest/doctest.h>

using namespace atls;

TEST_CASE("hex: digits of both cases are read, output is lower case") {
  const auto out = from_hex("00fFaB9c");
  REQUIRE(out);
  CHECK(hex(*out) == "00ffab9c");
  CHECK(from_hex("")->empty());
}

TEST_CASE("hex: odd length, prefixes, white space and foreign letters are refused") {
  for (const char* bad : {"0", "0x00", " 00", "00 ", "0g", "g0", "00:11", "é"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_hex(bad));
  }
}

TEST_CASE("hex: a wrong size names what was expected") {
  CHECK(from_hex_of_size("0011", 2, "nonce"));
  const auto out = from_hex_of_size("001122", 2, "nonce");
  REQUIRE_FALSE(out);
  CHECK(out.error().where == "nonce");
  CHECK(out.error().detail == "expected 2 bytes (4 hexadecimal digits), got 3 bytes");
}
