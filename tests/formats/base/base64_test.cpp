#include "base/base64.hpp"

#include <doctest/doctest.h>

using namespace atls;

TEST_CASE("base64: RFC 4648 section 10 vectors encode and decode") {
  struct Row { const char* plain; const char* coded; };
  for (const Row& row : {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"}, Row{"foob", "Zm9vYg=="}, Row{"fooba", "Zm9vYmE="}, Row{"foobar", "Zm9vYmFy"}}) {
    CAPTURE(row.plain);
    CHECK(base64(as_bytes(row.plain)) == row.coded);
    const auto back = from_base64(row.coded);
    REQUIRE(back);
    CHECK(as_text(*back) == row.plain);
  }
}

TEST_CASE("base64: padding, white space, foreign letters and loose bits are refused") {
  for (const char* bad : {"Zg", "Zg=", "Zg===", "Z g=", "Zm9v\n", "Zm9-", "Zh==", "====", "Zm=v"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_base64(bad));
  }
}
