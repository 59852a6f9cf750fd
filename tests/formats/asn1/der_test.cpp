#include "asn1/der.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"

using namespace atls;

namespace {

Buffer bytes(const char* text) { return *from_hex(text); }

}  // namespace

TEST_CASE("der: one value is read at an offset") {
  const Buffer in = bytes("ff0403aabbcc00");
  const auto tlv = asn1::read(in, 1);
  REQUIRE(tlv);
  CHECK(tlv->tag == 4);
  CHECK(tlv->header == 2);
  CHECK(tlv->offset == 1);
  CHECK(hex(tlv->content) == "aabbcc");
  CHECK_FALSE(asn1::read(in, 8));
}

TEST_CASE("der: long lengths are read in their shortest form only") {
  Buffer in = bytes("048180");
  in.resize(3 + 0x80);
  CHECK(asn1::read_exactly(in));
  for (const char* bad : {"", "04", "0401", "0480", "048100", "04817f", "04820080", "0483000100", "048400010000", "0485000000000100", "04ff", "1f0100", "3f8101", "0484ffffffff00"}) {
    CAPTURE(bad);
    CHECK_FALSE(asn1::read(bytes(bad)));
  }
}

TEST_CASE("der: bytes after a whole value are refused") {
  CHECK(asn1::read_exactly(bytes("0500")));
  CHECK_FALSE(asn1::read_exactly(bytes("050000")));
}

TEST_CASE("der: integers are non-negative, shortest and at most 64 bits") {
  struct Row { const char* text; std::uint64_t value; };
  for (const Row& row : {Row{"020100", 0}, Row{"02017f", 127}, Row{"02020080", 128}, Row{"020200d9", 217}, Row{"0208" "7fffffffffffffff", INT64_MAX},
                         Row{"0209" "00ffffffffffffffff", UINT64_MAX}})
    CHECK(*asn1::unsigned_integer(bytes(row.text)) == row.value);
  for (const char* bad : {"0200", "020180", "0202ffff", "02020000", "0202007f", "0209010000000000000000", "020a00ffffffffffffffffff", "040100", "02010000", "0202"}) {
    CAPTURE(bad);
    CHECK_FALSE(asn1::unsigned_integer(bytes(bad)));
  }
}

TEST_CASE("der: text of three string types is read") {
  CHECK(*asn1::ia5_or_utf8_text(bytes("16054d696c616e")) == "Milan");
  CHECK(*asn1::ia5_or_utf8_text(bytes("0c02c3a9")) == "é");
  CHECK(*asn1::ia5_or_utf8_text(bytes("130141")) == "A");
  for (const char* bad : {"1602c3a9", "1302c3a9", "040141", "1e020041", "16014100"}) CHECK_FALSE(asn1::ia5_or_utf8_text(bytes(bad)));
}

TEST_CASE("der: object identifiers become dotted text") {
  struct Row { const char* contents; const char* text; };
  for (const Row& row : {Row{"2bcd2c0302", "1.3.9900.3.2"}, Row{"2b060104019c780101", "1.3.6.1.4.1.3704.1.1"}, Row{"550403", "2.5.4.3"}, Row{"883703", "2.999.3"}, Row{"00", "0.0"}})
    CHECK(*asn1::oid_text(bytes(row.contents)) == row.text);
  for (const char* bad : {"", "80", "2b80", "2b8001", "8001", "2bffffffffffffffffffff7f"}) {
    CAPTURE(bad);
    CHECK_FALSE(asn1::oid_text(bytes(bad)));
  }
}
