#include "azure/hcl.hpp"

#include <doctest/doctest.h>

using namespace atls;
using namespace atls::azure;

namespace {

constexpr std::string_view kClaims = R"({"keys":[{"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":"AQAB","n":"qqo"}],"vm-configuration":{},"user-data":"00"})";

HclReport sample() {
  HclReport r;
  r.version = 2;
  r.request_type = 2;
  r.hardware_report = Buffer(1184, 7);
  r.claims = to_buffer(kClaims);
  r.claims_size = static_cast<std::uint32_t>(kClaims.size());
  r.runtime_data_size = r.claims_size + 20;
  r.runtime_version = 1;
  r.report_type = 2;
  r.hash_type = 1;
  r.report_size = 32 + 1184 + r.runtime_data_size;
  return r;
}

}  // namespace

TEST_CASE("hcl: what was encoded is parsed back, with padding kept out of the claims") {
  const Buffer bytes = encode_hcl(sample(), 2600);
  CHECK(bytes.size() == 2600);
  CHECK(looks_like_hcl(bytes));
  const auto r = parse_hcl(bytes);
  REQUIRE(r);
  CHECK(r->raw == bytes);
  CHECK(r->version == 2);
  CHECK(r->hardware_report == Buffer(1184, 7));
  CHECK(as_text(r->claims) == kClaims);
  CHECK(r->claims_complete);
  CHECK(encode_hcl(*r, 2600) == bytes);
}

TEST_CASE("hcl: every input that ends before the claims is truncated, later ends keep what is there") {
  const Buffer bytes = encode_hcl(sample(), 0);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    const auto r = parse_hcl(Bytes(bytes).first(n));
    if (n < kClaimsOffset) {
      REQUIRE_FALSE(r);
      CHECK(r.error().code == Errc::truncated);
    } else {
      REQUIRE(r);
      CHECK_FALSE(r->claims_complete);
      CHECK(r->claims.size() == n - kClaimsOffset);
    }
  }
}

TEST_CASE("hcl: wrong magic, types, hash and size are refused and named") {
  struct Row { std::size_t offset; std::uint8_t value; const char* field; };
  for (const Row& row : {Row{0x000, 'X', "hcl.SIGNATURE"}, Row{0x4C8, 0, "hcl.REPORT_TYPE"}, Row{0x4C8, 1, "hcl.REPORT_TYPE"}, Row{0x4C8, 5, "hcl.REPORT_TYPE"},
                         Row{0x4C9, 1, "hcl.REPORT_TYPE"}, Row{0x4CC, 0, "hcl.HASH_TYPE"}, Row{0x4CC, 4, "hcl.HASH_TYPE"}, Row{0x00B, 1, "hcl.REPORT_SIZE"},
                         Row{0x4C3, 1, "hcl.REPORT_SIZE"}, Row{0x4C2, 0xFF, "hcl.REPORT_SIZE"}}) {
    Buffer bytes = encode_hcl(sample(), 2600);
    bytes[row.offset] = row.value;
    const auto r = parse_hcl(bytes);
    CAPTURE(row.offset);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::bad_value);
    CHECK(r.error().where == row.field);
  }
}

TEST_CASE("hcl: a runtime data size of four gigabytes does not wrap") {
  HclReport r = sample();
  r.runtime_data_size = 0xFFFFFFFF;
  r.report_size = 32 + 1184 - 1;  // the 32-bit sum
  CHECK_FALSE(parse_hcl(encode_hcl(r, 0)));
  r = sample();
  r.claims_size = 0xFFFFFFFF;
  const auto cut = parse_hcl(encode_hcl(r, 0));
  REQUIRE(cut);
  CHECK_FALSE(cut->claims_complete);
  CHECK(cut->claims.size() == kClaims.size());
}

TEST_CASE("hcl: all three report types are recognised") {
  for (const std::uint32_t type : {2U, 3U, 4U}) {
    HclReport r = sample();
    r.report_type = type;
    CHECK(parse_hcl(encode_hcl(r, 0))->report_type == type);
  }
}

TEST_CASE("hcl claims: keys and user data are read") {
  const auto c = parse_hcl_claims(as_bytes(kClaims));
  REQUIRE(c);
  REQUIRE(c->keys.size() == 1);
  CHECK(c->keys[0].kid == "HCLAkPub");
  CHECK(c->keys[0].kty == "RSA");
  CHECK(c->keys[0].n_hex == "aaaa");
  CHECK(c->keys[0].e_hex == "010001");
  CHECK(c->user_data_hex == "00");
  CHECK(c->members == std::vector<std::string>{"keys", "user-data", "vm-configuration"});
}

TEST_CASE("hcl claims: wrong types, padded base64 and duplicates are refused") {
  std::string many = R"({"keys":[)";
  for (int i = 0; i < 17; ++i) many += i == 0 ? "{}" : ",{}";
  many += "]}";
  for (const std::string& bad : {std::string("[]"), std::string("null"), std::string(R"({"keys":{}})"), std::string(R"({"keys":[1]})"),
                                 std::string(R"({"keys":[{"kid":1}]})"), std::string(R"({"keys":[{"n":"qqo="}]})"), std::string(R"({"keys":[{"e":"+/"}]})"),
                                 std::string(R"({"user-data":1})"), std::string(R"({"keys":[],"keys":[]})"), std::string(R"({"keys":[]} )") + '\0', many}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_hcl_claims(as_bytes(bad)));
  }
}
