#include "intel/quote.hpp"

#include <doctest/doctest.h>

#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::intel;

namespace {

struct Form { const char* name; std::uint16_t version, body_type; std::size_t body_offset, body_size; };
constexpr Form kForms[] = {
    {"v3", 3, 1, 48, 384}, {"v4 TDX", 4, 2, 48, 584}, {"v4 SGX", 4, 1, 48, 384}, {"v5 SGX", 5, 1, 54, 384}, {"v5 TD 1.0", 5, 2, 54, 584}, {"v5 TD 1.5", 5, 3, 54, 648}, {"v5 extended", 5, 4, 54, 885},
};
constexpr std::size_t kV3Data = 436, kV4Data = 636;

Buffer quote_encoded(const Form& f) { return encode_quote(test::quote(f.version, f.body_type)); }
Buffer v4() { return encode_quote(test::quote(4)); }
void put(Buffer& b, std::size_t at, std::uint32_t v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) b[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
}

}  // namespace

TEST_CASE("quote: every form is read from its places and encodes to the same bytes") {
  for (const Form& f : kForms) {
    CAPTURE(f.name);
    const Buffer raw = quote_encoded(f);
    const auto q = parse_quote(raw);
    REQUIRE(q);
    CHECK(q->header.version == f.version);
    CHECK(q->header.qe_svn == 8);
    CHECK(q->header.pce_svn == 13);
    CHECK(q->header.qe_vendor_id == test::kVendor);
    CHECK(q->body_offset == f.body_offset);
    CHECK(q->signed_size == f.body_offset + f.body_size);
    CHECK(q->is_tdx() == (f.body_type != 1));
    CHECK(q->signature_data_offset == q->signed_size + 4);
    CHECK(q->signature_data_offset + q->signature_data_size == raw.size());
    CHECK(q->signed_bytes().size() == q->signed_size);
    CHECK(equal(Bytes(raw).subspan(q->signature_data_offset, 64), q->signature));
    CHECK(equal(Bytes(raw).subspan(q->signature_data_offset + 64, 64), q->attestation_key));
    const std::size_t qe = q->signature_data_offset + (f.version == 3 ? 128 : 134);
    CHECK(q->qe_report_offset == qe);
    CHECK(equal(Bytes(raw).subspan(qe, 384), q->qe_report.raw));
    CHECK(q->auth_data == test::pattern(32, 0));
    CHECK(q->auth_data_offset == qe + 450);
    CHECK(q->certification.type == 5);
    CHECK(q->certification_offset == qe + 450 + 32 + 6);
    CHECK(q->outer_type == (f.version == 3 ? 0 : 6));
    CHECK(q->unused_in_signature_data == 0);
    CHECK(q->trailing == 0);
    CHECK(encode_quote(*q) == raw);
    CHECK(looks_like_quote(raw));
  }
}

TEST_CASE("quote: every prefix is truncated, and says where") {
  for (const Form& f : kForms) {
    CAPTURE(f.name);
    const Buffer raw = quote_encoded(f);
    for (std::size_t n = 0; n < raw.size(); ++n) {
      const auto q = parse_quote(Bytes(raw).first(n));
      REQUIRE_MESSAGE(!q, n);
      if (q.error().code != Errc::truncated || q.error().offset > n) REQUIRE_MESSAGE(false, q.error().message());
    }
  }
}

TEST_CASE("quote: bytes behind it are counted and never signed") {
  for (const std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{7}}) {
    Buffer raw = v4();
    const std::size_t size = raw.size();
    raw.resize(size + 70, fill);
    const auto q = parse_quote(raw);
    REQUIRE(q);
    CHECK(q->trailing == 70);
    CHECK(q->trailing_nonzero == (fill != 0));
    CHECK(encode_quote(*q).size() == size);
  }
}

TEST_CASE("quote: layouts that cannot be determined are refused") {
  struct Case { const char* name; std::uint16_t version, body_type; std::size_t at; std::uint32_t value; std::size_t bytes; Errc code; const char* where; };
  const Case cases[] = {
      {"version 2", 4, 2, 0, 2, 2, Errc::unsupported, "quote.VERSION"},
      {"version 6", 4, 2, 0, 6, 2, Errc::unsupported, "quote.VERSION"},
      {"version 0x0104", 4, 2, 0, 0x104, 2, Errc::unsupported, "quote.VERSION"},
      {"EPID unlinkable", 4, 2, 2, 0, 2, Errc::unsupported, "quote.ATT_KEY_TYPE"},
      {"EPID linkable", 3, 1, 2, 1, 2, Errc::unsupported, "quote.ATT_KEY_TYPE"},
      {"P-384", 5, 3, 2, 3, 2, Errc::unsupported, "quote.ATT_KEY_TYPE"},
      {"version 4, other TEE", 4, 2, 4, 0x82, 4, Errc::unsupported, "quote.TEE_TYPE"},
      {"body type 0", 5, 2, 48, 0, 2, Errc::unsupported, "quote.BODY_TYPE"},
      {"body type 5", 5, 2, 48, 5, 2, Errc::unsupported, "quote.BODY_TYPE"},
      {"body size of another type", 5, 2, 50, 648, 4, Errc::bad_value, "quote.BODY_SIZE"},
      {"body size huge", 5, 3, 50, 0xFFFFFFFF, 4, Errc::bad_value, "quote.BODY_SIZE"},
      {"SGX body in a TDX quote", 5, 1, 4, 0x81, 4, Errc::bad_value, "quote.TEE_TYPE"},
      {"TD body in an SGX quote", 5, 3, 4, 0, 4, Errc::bad_value, "quote.TEE_TYPE"},
      {"signature data of 4 GiB", 4, 2, 632, 0xFFFFFFFF, 4, Errc::too_large, "quote.SIGNATURE_DATA_SIZE"},
      {"signature data over the limit", 4, 2, 632, kMaxSignedData + 1, 4, Errc::too_large, "quote.SIGNATURE_DATA_SIZE"},
      {"signature data longer than the input", 4, 2, 632, 5000, 4, Errc::truncated, "quote.SIGNATURE_DATA"},
      {"no signature data", 4, 2, 632, 0, 4, Errc::bad_value, "quote.SIGNATURE"},
      {"signature data ends in the key", 3, 1, 432, 100, 4, Errc::bad_value, "quote.ATTESTATION_KEY"},
      {"signature data ends in the QE report", 3, 1, 432, 130, 4, Errc::bad_value, "quote.QE_REPORT"},
      {"outer type 5", 4, 2, kV4Data + 128, 5, 2, Errc::bad_value, "quote.OUTER_CERTIFICATION_DATA_TYPE"},
      {"outer size huge", 4, 2, kV4Data + 130, 0xFFFFFFFF, 4, Errc::bad_value, "quote.OUTER_CERTIFICATION_DATA_SIZE"},
      {"outer size too small for its fields", 4, 2, kV4Data + 130, 500, 4, Errc::bad_value, "quote.OUTER_CERTIFICATION_DATA_SIZE"},
      {"outer size 0", 4, 2, kV4Data + 130, 0, 4, Errc::bad_value, "quote.OUTER_CERTIFICATION_DATA_SIZE"},
      {"authentication data longer than the rest", 4, 2, kV4Data + 582, 0xFFFF, 2, Errc::bad_value, "quote.QE_AUTH_DATA"},
      {"certification data longer than the rest", 3, 1, kV3Data + 580 + 32, 0xFFFFFFF0, 4, Errc::bad_value, "quote.CERTIFICATION_DATA"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Buffer raw = encode_quote(test::quote(c.version, c.body_type));
    put(raw, c.at, c.value, c.bytes);
    const auto q = parse_quote(raw);
    REQUIRE(!q);
    CHECK(q.error().code == c.code);
    CHECK(q.error().where == c.where);
  }
}

TEST_CASE("quote: odd values are kept for whoever judges") {
  Buffer raw = v4();
  put(raw, kV4Data + 584 + 32, 9, 2);   // certification data type
  put(raw, 2, 7, 2);                    // key type
  raw[12] ^= 1;                         // vendor
  const auto q = parse_quote(raw);
  REQUIRE(q);
  CHECK(q->certification.type == 9);
  CHECK(q->header.att_key_type == 7);
  CHECK_FALSE(looks_like_quote(raw));
}

TEST_CASE("quote: bytes of the signature data that no field covers are counted") {
  Buffer raw = v4();
  raw.resize(raw.size() + 3, 0xEE);
  put(raw, 632, static_cast<std::uint32_t>(raw.size() - kV4Data), 4);
  const auto q = parse_quote(raw);
  REQUIRE(q);
  CHECK(q->unused_in_signature_data == 3);
  CHECK(q->trailing == 0);
}

TEST_CASE("quote: other structures are not taken for one") {
  CHECK_FALSE(looks_like_quote({}));
  CHECK_FALSE(looks_like_quote(Buffer(2000)));
  CHECK_FALSE(looks_like_quote(test::td_report_struct()));
  Buffer snp(1184);   // a SEV-SNP report of version 3 has zeros where the key type is
  snp[0] = 3;
  CHECK_FALSE(looks_like_quote(snp));
  CHECK(looks_like_quote(Bytes(v4()).first(kHeaderSize)));   // Intel's vendor id is enough for a cut one
}

TEST_CASE("quote: certification data of types 1 to 3") {
  struct Case { std::uint16_t type; std::size_t size; bool ok, pce_id; };
  for (const Case& c : {Case{1, 36, true, true}, Case{1, 34, true, false}, Case{1, 35, false, false}, Case{1, 37, false, false}, Case{1, 0, false, false}, Case{2, 276, true, true},
                        Case{2, 36, false, false}, Case{3, 404, true, true}, Case{3, 402, true, false}, Case{3, 405, false, false}, Case{4, 36, false, false}, Case{0, 36, false, false}}) {
    CAPTURE(c.type);
    CAPTURE(c.size);
    const Buffer data = test::pattern(c.size, 3);
    const auto p = parse_ppid_data({c.type, 0, data});
    REQUIRE(bool(p) == c.ok);
    if (!p) continue;
    CHECK(p->pce_id.has_value() == c.pce_id);
    CHECK(equal(p->ppid, Bytes(data).first(p->ppid.size())));
    CHECK(equal(p->cpu_svn, Bytes(data).subspan(p->ppid.size(), 16)));
  }
}

TEST_CASE("quote: attribute bits have names, and unnamed ones are not lost") {
  CHECK(td_attribute_names(0x8000000050000001) == std::vector<std::string>{"DEBUG", "SEPT_VE_DISABLE", "PKS", "PERFMON"});
  CHECK(td_attribute_names(0x102) == std::vector<std::string>{"bit 1", "bit 8"});
  CHECK(xfam_names(0x602E7).size() == 9);
  CHECK(xfam_names(std::uint64_t{1} << 40) == std::vector<std::string>{"bit 40"});
  CHECK(sgx_flag_names(0x15) == std::vector<std::string>{"INIT", "MODE64BIT", "PROVISION_KEY"});
  CHECK(certification_type_name(5) == "PCK_CERT_CHAIN");
  CHECK(certification_type_name(8).empty());
}
