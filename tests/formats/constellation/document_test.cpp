#include "constellation/document.hpp"

#include <doctest/doctest.h>

#include "base/base64.hpp"

using namespace atls;
using namespace atls::constellation;

namespace {

Result<SnpDocument> snp_with_info(std::string_view info) {
  return parse_snp(as_bytes(R"({"Attestation":null,"InstanceInfo":")" + base64(as_bytes(info)) + R"(","UserData":"AA=="})"));
}

}  // namespace

TEST_CASE("constellation: a dummy document is written as the peers write it and read back") {
  const Buffer text = encode_dummy({Buffer(32, 0), Buffer{1, 2, 3}});
  CHECK(as_text(text) == R"({"UserData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","Nonce":"AQID"})");
  const auto d = parse_dummy(text);
  REQUIRE(d);
  CHECK(d->user_data == Buffer(32, 0));
  CHECK(d->nonce == Buffer{1, 2, 3});
}

TEST_CASE("constellation: an SNP document is written as the peers write it and read back") {
  const Buffer report(1184, 5), signer = to_buffer("PEM VCEK"), chain = to_buffer("PEM ASK"), user(32, 9);
  const auto d = parse_snp(encode_snp(report, signer, chain, user));
  REQUIRE(d);
  CHECK_FALSE(d->has_attestation);
  CHECK(d->user_data == user);
  REQUIRE(d->instance_info);
  CHECK(d->instance_info->attestation_report == report);
  CHECK(d->instance_info->report_signer_pem == signer);
  CHECK(d->instance_info->cert_chain_pem == chain);
  CHECK_FALSE(d->instance_info->has_azure);
  CHECK_FALSE(d->instance_info->has_gcp);
  CHECK(as_text(d->instance_info->raw).starts_with(R"({"ReportSigner":"UEVN)"));
  CHECK(as_text(d->instance_info->raw).ends_with(R"(","Azure":null,"GCP":null})"));

  const auto bare = parse_snp(encode_snp(report, {}, {}, user));
  REQUIRE(bare);
  CHECK(bare->instance_info->report_signer_pem.empty());
  CHECK(as_text(bare->instance_info->raw).find(R"("CertChain":null)") != std::string::npos);
}

TEST_CASE("constellation: a TDX document is written as the peers write it and read back") {
  const Buffer text = encode_tdx({Buffer{4, 0, 2, 0}, Buffer(32, 0)});
  CHECK(as_text(text) == R"({"RawQuote":"BAACAA==","UserData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})");
  const auto d = parse_tdx(text);
  REQUIRE(d);
  CHECK(d->raw_quote == Buffer{4, 0, 2, 0});
  CHECK(d->user_data == Buffer(32, 0));
  CHECK(parse_tdx(as_bytes(R"({"UserData":"AA==","New":{"a":[]},"RawQuote":""})")));   // other members and their order are not judged
}

TEST_CASE("constellation: a quote, cloud objects and unknown members are noticed and not judged") {
  const auto d = parse_snp(as_bytes(R"({"Attestation":{"ak_pub":"AA=="},"InstanceInfo":null,"UserData":"AA==","Extra":1})"));
  REQUIRE(d);
  CHECK(d->has_attestation);
  CHECK_FALSE(d->instance_info);
  const auto info = snp_with_info(R"({"ReportSigner":null,"AttestationReport":"AA==","GCP":{"zone":"z"},"More":[]})");
  REQUIRE(info);
  CHECK(info->instance_info->has_gcp);
  CHECK_FALSE(info->instance_info->has_azure);
}

TEST_CASE("constellation: documents that deviate are refused and the member is named") {
  struct Row { const char* text; const char* where; };
  for (const Row& row : {Row{R"([])", "constellation.dummy"}, Row{R"({"UserData":"AA=="})", "constellation.dummy.Nonce"}, Row{R"({"Nonce":"AA=="})", "constellation.dummy.UserData"},
                         Row{R"({"UserData":"AA==","nonce":"AA=="})", "constellation.dummy.Nonce"}, Row{R"({"UserData":"AA","Nonce":"AA=="})", "constellation.dummy.UserData"},
                         Row{R"({"UserData":"AA==","Nonce":null})", "constellation.dummy.Nonce"}, Row{R"({"UserData":"AA==","Nonce":1})", "constellation.dummy.Nonce"},
                         Row{R"({"UserData":"AA==","Nonce":"A\nA=="})", "constellation.dummy.Nonce"}, Row{R"({"UserData":"AA==","Nonce":"AA=="}x)", "constellation.dummy"},
                         Row{R"({"UserData":"AA==","UserData":"AA==","Nonce":"AA=="})", "constellation.dummy"}}) {
    CAPTURE(row.text);
    const auto d = parse_dummy(as_bytes(row.text));
    REQUIRE_FALSE(d);
    CHECK(d.error().where == row.where);
  }
  for (const Row& row : {Row{R"([])", "constellation.document"}, Row{"", "constellation.document"}, Row{R"("RawQuote")", "constellation.document"},
                         Row{R"({"UserData":"AA=="})", "constellation.document.RawQuote"}, Row{R"({"RawQuote":"AA=="})", "constellation.document.UserData"},
                         Row{R"({"rawquote":"AA==","UserData":"AA=="})", "constellation.document.RawQuote"}, Row{R"({"RawQuote":"AA==","userData":"AA=="})", "constellation.document.UserData"},
                         Row{R"({"RawQuote":null,"UserData":"AA=="})", "constellation.document.RawQuote"}, Row{R"({"RawQuote":"AA==","UserData":null})", "constellation.document.UserData"},
                         Row{R"({"RawQuote":["AA=="],"UserData":"AA=="})", "constellation.document.RawQuote"}, Row{R"({"RawQuote":4,"UserData":"AA=="})", "constellation.document.RawQuote"},
                         Row{R"({"RawQuote":"AA","UserData":"AA=="})", "constellation.document.RawQuote"}, Row{R"({"RawQuote":"AB==","UserData":"AA=="})", "constellation.document.RawQuote"},
                         Row{R"({"RawQuote":"A_==","UserData":"AA=="})", "constellation.document.RawQuote"}, Row{R"({"RawQuote":"AA==\n","UserData":"AA=="})", "constellation.document.RawQuote"},
                         Row{R"({"RawQuote":"AA==","UserData":"AA=="} {})", "constellation.document"}, Row{R"({"RawQuote":"AA==","RawQuote":"AA==","UserData":"AA=="})", "constellation.document"},
                         Row{R"({"RawQuote":"AA==","UserData":"AA==")", "constellation.document"}}) {
    CAPTURE(row.text);
    const auto d = parse_tdx(as_bytes(row.text));
    REQUIRE_FALSE(d);
    CHECK(d.error().where == row.where);
  }
  for (const Row& row : {Row{R"({"InstanceInfo":null,"UserData":"AA=="})", "constellation.document.Attestation"}, Row{R"({"Attestation":[],"InstanceInfo":null,"UserData":"AA=="})", "constellation.document.Attestation"},
                         Row{R"({"Attestation":null,"UserData":"AA=="})", "constellation.document.InstanceInfo"}, Row{R"({"Attestation":null,"InstanceInfo":{},"UserData":"AA=="})", "constellation.document.InstanceInfo"},
                         Row{R"({"Attestation":null,"InstanceInfo":"","UserData":"AA=="})", "constellation.instance_info"}, Row{R"({"Attestation":null,"InstanceInfo":null})", "constellation.document.UserData"},
                         Row{R"({"Attestation":null,"InstanceInfo":null,"UserData":null})", "constellation.document.UserData"}}) {
    CAPTURE(row.text);
    const auto d = parse_snp(as_bytes(row.text));
    REQUIRE_FALSE(d);
    CHECK(d.error().where == row.where);
  }
  for (const Row& row : {Row{R"({"ReportSigner":null})", "constellation.instance_info.AttestationReport"}, Row{R"({"ReportSigner":null,"AttestationReport":null})", "constellation.instance_info.AttestationReport"},
                         Row{R"({"AttestationReport":"AA=="})", "constellation.instance_info.ReportSigner"}, Row{R"({"ReportSigner":[],"AttestationReport":"AA=="})", "constellation.instance_info.ReportSigner"},
                         Row{R"({"ReportSigner":null,"AttestationReport":"AA==","Azure":1})", "constellation.instance_info.Azure"}, Row{R"({"ReportSigner":null,"AttestationReport":"AA==","CertChain":7})", "constellation.instance_info.CertChain"},
                         Row{"x", "constellation.instance_info"}}) {
    CAPTURE(row.text);
    const auto d = snp_with_info(row.text);
    REQUIRE_FALSE(d);
    CHECK(d.error().where == row.where);
  }
}

TEST_CASE("constellation: the members decide what a document is") {
  CHECK(sniff(as_bytes(R"({"UserData":"","Nonce":""})")) == DocumentKind::dummy);
  CHECK(sniff(as_bytes(R"({"Attestation":null,"InstanceInfo":null,"UserData":""})")) == DocumentKind::vtpm);
  CHECK(sniff(as_bytes(R"({"RawQuote":"","UserData":""})")) == DocumentKind::tdx);
  for (const char* other : {"", "[]", "{}", " {\"UserData\":\"\",\"Nonce\":\"\"}", R"({"Nonce":""})", R"({"UserData":"")", R"({"UserData":""})"}) CHECK(sniff(as_bytes(other)) == DocumentKind::unknown);
}

TEST_CASE("constellation: every variant is found by its OID") {
  CHECK(variants().size() == 10);
  for (const Variant& v : variants()) CHECK(variant_by_oid(v.oid) == &v);
  CHECK(variant_by_oid(kOidGcpSevSnp)->name == "gcp-sev-snp");
  CHECK(variant_by_oid(kOidDummy)->document == Variant::Document::dummy);
  CHECK(variant_by_oid("1.3.9900.9") == nullptr);
}
