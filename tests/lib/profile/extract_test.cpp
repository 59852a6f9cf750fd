#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "constellation/document.hpp"
#include "crypto/digest.hpp"
#include "lib/profile/leaf_fixture.hpp"
#include "pem/pem.hpp"
#include "profile/constellation.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_intel.hpp"
#include "snp/cert_table.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
namespace cons = atls::profile::constellation;
namespace doc = atls::constellation;

namespace {

const Buffer kExtractNonce = crypto::sha256(as_bytes("a nonce"));
constexpr std::string_view kSnpOid = doc::kOidGcpSevSnp, kDummyOid = doc::kOidDummy, kTdxOid = doc::kOidQemuTdx;

struct ExtractCase {
  crypto::PkeyPtr key = tests::scalar_one_key();
  cons::LeafSpec spec = tests::leaf_spec({});
  std::optional<Buffer> nonce = kExtractNonce;
  bool peer_is_client = false;
  Report report;

  ExtractCase& with(std::string_view oid, Buffer document, bool critical = false) {
    spec.extensions.push_back({std::string(oid), std::move(document), critical});
    return *this;
  }
  cons::Extracted run() { return cons::extract({tests::leaf_der(*key, spec)}, nonce, peer_is_client, tests::kNow, report); }
  Buffer user_data() const { return cons::user_data(cons::spki_of(*key)); }
};

Buffer fake_report() {
  Buffer out(1184, 0);
  out[0] = 3;
  return out;
}
Buffer extract_snp_document(const ExtractCase& c) { return doc::encode_snp(fake_report(), {}, {}, c.user_data()); }
const Buffer kLeafQuote = intel::encode_quote(test::quote(4));
Buffer extract_tdx_document(const ExtractCase& c) { return doc::encode_tdx({kLeafQuote, c.user_data()}); }
Buffer dummy_document(const ExtractCase& c) { return doc::encode_dummy({c.user_data(), kExtractNonce}); }

std::set<std::string> extract_failed(const Report& report) {
  std::set<std::string> out;
  for (const CheckResult& check : report.checks)
    if (check.outcome == Outcome::fail) out.insert(std::string(check.spec->id));
  return out;
}
using Ids = std::set<std::string>;

}  // namespace

TEST_CASE("constellation extract: an honest SNP leaf gives evidence and the binding of its key and nonce") {
  ExtractCase c;
  c.with(kSnpOid, extract_snp_document(c));
  const auto out = c.run();
  CHECK(extract_failed(c.report).empty());
  for (const CheckSpec* spec : {&checks::kEvidencePresent, &checks::kEvidenceSingle, &checks::kEvidenceType, &checks::kDocumentDecode,
                                &checks::kLeafValidity, &checks::kLeafSignature, &checks::kLeafExtensions, &checks::kUserData}) {
    CAPTURE(spec->id);
    CHECK(c.report.outcome_of(*spec) == Outcome::pass);
  }
  REQUIRE(out.evidence);
  CHECK(out.evidence->format == "snp");
  CHECK(out.evidence->container == "constellation");
  CHECK(out.evidence->data == fake_report());
  CHECK(out.variant == "gcp-sev-snp");
  REQUIRE(out.binding);
  CHECK(out.binding->report_data == cons::report_data(cons::spki_of(*c.key), kExtractNonce));
  CHECK(out.binding->info.level == BindingLevel::key);
  CHECK(c.report.not_proven.size() == 1);   // no PCR was shown
}

TEST_CASE("constellation extract: an honest TDX leaf gives the quote and the binding of its key and nonce") {
  ExtractCase c;
  c.with(kTdxOid, extract_tdx_document(c));
  const auto out = c.run();
  CHECK(extract_failed(c.report).empty());
  CHECK(c.report.outcome_of(checks::kEvidenceType) == Outcome::pass);
  CHECK(c.report.outcome_of(checks::kUserData) == Outcome::pass);
  REQUIRE(out.evidence);
  CHECK(out.evidence->format == "tdx");
  CHECK(out.evidence->container == "constellation");
  CHECK(out.evidence->data == kLeafQuote);
  CHECK(out.variant == "qemu-tdx");
  REQUIRE(out.binding);
  CHECK(out.binding->report_data == cons::report_data(cons::spki_of(*c.key), kExtractNonce));
  CHECK(out.binding->info.level == BindingLevel::key);
}

TEST_CASE("constellation extract: a dummy document is bound to nothing") {
  ExtractCase c;
  c.with(kDummyOid, dummy_document(c));
  const auto out = c.run();
  CHECK(extract_failed(c.report).empty());
  CHECK(c.report.outcome_of(checks::kDummyNonce) == Outcome::pass);
  REQUIRE(out.evidence);
  CHECK(out.evidence->format == "dummy");
  REQUIRE(out.binding);
  CHECK(out.binding->info.level == BindingLevel::none);
  CHECK(out.binding->report_data.empty());
}

TEST_CASE("constellation extract: each deviation fails its own check and no other") {
  struct Row { const char* name; void (*change)(ExtractCase&); Ids ids; };
  const Row rows[] = {
      {"no evidence", [](ExtractCase&) {}, {"atls-evidence-present"}},
      {"an OID of the arc that names no variant", [](ExtractCase& c) { c.with("1.3.9900.7.7", extract_snp_document(c)); }, {"atls-evidence-present"}},
      {"InstanceInfo null",
       [](ExtractCase& c) { c.with(kSnpOid, to_buffer("{\"Attestation\":null,\"InstanceInfo\":null,\"UserData\":\"XNJS+wzokyQ2+vjM0QQJgbie5K1rn+niorfnGqyyfNM=\"}")); },
       {"atls-evidence-present"}},
      {"two evidence extensions", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with(kSnpOid, extract_snp_document(c)); }, {"atls-evidence-single"}},
      {"two variants", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with(kDummyOid, dummy_document(c)); }, {"atls-evidence-single"}},
      {"SNP document under the TDX OID", [](ExtractCase& c) { c.with(kTdxOid, extract_snp_document(c)); }, {"atls-evidence-type"}},
      {"TDX document under the SNP OID", [](ExtractCase& c) { c.with(kSnpOid, extract_tdx_document(c)); }, {"atls-evidence-type"}},
      {"TDX document under the OID of Azure's TDX", [](ExtractCase& c) { c.with("1.3.9900.4.3", extract_tdx_document(c)); }, {"atls-evidence-type"}},
      {"dummy document under the TDX OID", [](ExtractCase& c) { c.with(kTdxOid, dummy_document(c)); }, {"atls-evidence-type"}},
      {"TDX and SNP", [](ExtractCase& c) { c.with(kTdxOid, extract_tdx_document(c)).with(kSnpOid, extract_snp_document(c)); }, {"atls-evidence-single"}},
      {"two TDX documents", [](ExtractCase& c) { c.with(kTdxOid, extract_tdx_document(c)).with(kTdxOid, extract_tdx_document(c)); }, {"atls-evidence-single"}},
      {"empty quote", [](ExtractCase& c) { c.with(kTdxOid, doc::encode_tdx({{}, c.user_data()})); }, {"atls-evidence-present"}},
      {"TDX document truncated",
       [](ExtractCase& c) { Buffer d = extract_tdx_document(c); d.pop_back(); c.with(kTdxOid, d); }, {"atls-document-decode"}},
      {"quote that is a number",
       [](ExtractCase& c) { c.with(kTdxOid, to_buffer("{\"RawQuote\":4,\"UserData\":\"XNJS+wzokyQ2+vjM0QQJgbie5K1rn+niorfnGqyyfNM=\"}")); },
       {"atls-document-decode"}},
      {"TDX UserData of another key", [](ExtractCase& c) { c.with(kTdxOid, doc::encode_tdx({kLeafQuote, Buffer(32, 7)})); }, {"atls-user-data"}},
      {"empty TDX UserData", [](ExtractCase& c) { c.with(kTdxOid, doc::encode_tdx({kLeafQuote, {}})); }, {"atls-user-data"}},
      {"nonce of no bytes, TDX", [](ExtractCase& c) { c.with(kTdxOid, extract_tdx_document(c)).nonce = Buffer{}; }, {"report-data-binding"}},
      {"nonce of 31 bytes, TDX", [](ExtractCase& c) { c.with(kTdxOid, extract_tdx_document(c)).nonce = Buffer(31, 1); }, {"report-data-binding"}},
      {"SNP document under the dummy OID", [](ExtractCase& c) { c.with(kDummyOid, extract_snp_document(c)); }, {"atls-evidence-type"}},
      {"dummy document under the SNP OID", [](ExtractCase& c) { c.with(kSnpOid, dummy_document(c)); }, {"atls-evidence-type"}},
      {"SNP document under a vTPM-only OID", [](ExtractCase& c) { c.with("1.3.9900.3.1", extract_snp_document(c)); }, {"atls-evidence-type"}},
      {"SNP document without runtime data under the Azure OID", [](ExtractCase& c) { c.with("1.3.9900.4.1", extract_snp_document(c)); }, {"atls-evidence-type"}},
      {"document truncated",
       [](ExtractCase& c) { Buffer d = extract_snp_document(c); d.pop_back(); c.with(kSnpOid, d); }, {"atls-document-decode"}},
      {"document with a trailing byte", [](ExtractCase& c) { Buffer d = extract_snp_document(c); d.push_back('x'); c.with(kSnpOid, d); }, {"atls-document-decode"}},
      {"dummy document truncated", [](ExtractCase& c) { Buffer d = dummy_document(c); d.pop_back(); c.with(kDummyOid, d); }, {"atls-document-decode"}},
      {"empty document", [](ExtractCase& c) { c.with(kSnpOid, {}); }, {"atls-document-decode"}},
      {"not an object", [](ExtractCase& c) { c.with(kSnpOid, to_buffer("[1]")); }, {"atls-document-decode"}},
      {"ReportSigner is not PEM", [](ExtractCase& c) { c.with(kSnpOid, doc::encode_snp(fake_report(), as_bytes("certificate"), {}, c.user_data())); }, {"atls-document-decode"}},
      {"ReportSigner is a key",
       [](ExtractCase& c) { c.with(kSnpOid, doc::encode_snp(fake_report(), as_bytes(pem::encode("PUBLIC KEY", Buffer(40, 1))), {}, c.user_data())); },
       {"atls-document-decode"}},
      {"two signers",
       [](ExtractCase& c) {
         const std::string one = pem::encode("CERTIFICATE", Buffer(40, 1));
         c.with(kSnpOid, doc::encode_snp(fake_report(), as_bytes(one + one), {}, c.user_data()));
       },
       {"atls-document-decode"}},
      {"expired", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).spec.not_after = tests::kNow - std::chrono::seconds(1); }, {"atls-leaf-validity"}},
      {"not valid yet", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).spec.not_before = tests::kNow + std::chrono::seconds(1); }, {"atls-leaf-validity"}},
      {"self-signature altered", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).spec.corrupt_signature = true; }, {"atls-leaf-signature"}},
      {"critical evidence extension", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c), true); }, {"atls-leaf-extensions"}},
      {"unknown critical extension", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("1.2.3.4", {0x05, 0x00}, true); }, {"atls-leaf-extensions"}},
      {"EKU clientAuth on a server",   // SEQUENCE { OID 1.3.6.1.5.5.7.3.2 }
       [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("2.5.29.37", tests::unhex("300a06082b06010505070302")); }, {"atls-leaf-extensions"}},
      {"EKU codeSigning on a client",
       [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("2.5.29.37", tests::unhex("300a06082b06010505070303")).peer_is_client = true; },
       {"atls-leaf-extensions"}},
      {"UserData of another key", [](ExtractCase& c) { c.with(kSnpOid, doc::encode_snp(fake_report(), {}, {}, Buffer(32, 7))); }, {"atls-user-data"}},
      {"UserData too long",
       [](ExtractCase& c) { Buffer u = c.user_data(); u.push_back(0); c.with(kSnpOid, doc::encode_snp(fake_report(), {}, {}, u)); }, {"atls-user-data"}},
      {"empty UserData", [](ExtractCase& c) { c.with(kDummyOid, doc::encode_dummy({{}, kExtractNonce})); }, {"atls-user-data"}},
      {"dummy nonce of another handshake", [](ExtractCase& c) { c.with(kDummyOid, doc::encode_dummy({c.user_data(), Buffer(32, 9)})); }, {"dummy-nonce"}},
      {"dummy nonce cut", [](ExtractCase& c) { c.with(kDummyOid, doc::encode_dummy({c.user_data(), Buffer(kExtractNonce.begin(), kExtractNonce.end() - 1)})); }, {"dummy-nonce"}},
      {"nonce of no bytes, dummy", [](ExtractCase& c) { c.with(kDummyOid, doc::encode_dummy({c.user_data(), {}})).nonce = Buffer{}; }, {"dummy-nonce"}},
      {"nonce of no bytes, SNP", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).nonce = Buffer{}; }, {"snp-report-data-binding"}},
      {"nonce of 33 bytes", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).nonce = Buffer(33, 1); }, {"snp-report-data-binding"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ExtractCase c;
    row.change(c);
    const auto out = c.run();
    CHECK(extract_failed(c.report) == row.ids);
    for (const CheckResult& check : c.report.checks)
      if (check.outcome == Outcome::fail) CHECK_FALSE((check.detail.empty() && check.expected.empty()));
  }
}

TEST_CASE("constellation extract: harmless oddities are accepted") {
  struct Row { const char* name; void (*change)(ExtractCase&); };
  const Row rows[] = {
      {"white space in the document", [](ExtractCase& c) { Buffer d = extract_snp_document(c); d.insert(d.end() - 1, 120 * 1024, ' '); c.with(kSnpOid, d); }},
      {"EKU serverAuth", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("2.5.29.37", tests::unhex("300a06082b06010505070301")); }},
      {"EKU any", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("2.5.29.37", tests::unhex("30060604551d2500")); }},
      {"EKU clientAuth on a client",
       [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("2.5.29.37", tests::unhex("300a06082b06010505070302")).peer_is_client = true; }},
      {"unknown extension, not critical", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).with("1.2.3.4", {0x05, 0x00}); }},
      {"another common name", [](ExtractCase& c) { c.with(kSnpOid, extract_snp_document(c)).spec.common_name = "someone else"; }},
      {"unknown members",
       [](ExtractCase& c) { Buffer d = extract_snp_document(c); const std::string extra = ",\"New\":1"; d.insert(d.end() - 1, extra.begin(), extra.end()); c.with(kSnpOid, d); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ExtractCase c;
    row.change(c);
    const auto out = c.run();
    CHECK(extract_failed(c.report).empty());
    CHECK(out.evidence);
    CHECK(out.binding);
  }
}

TEST_CASE("constellation extract: an unknown nonce is an error of the binding, never a pass") {
  ExtractCase snp;
  snp.with(kSnpOid, extract_snp_document(snp)).nonce.reset();
  const auto out = snp.run();
  CHECK(out.evidence);
  CHECK_FALSE(out.binding);
  CHECK(snp.report.outcome_of(checks::kReportDataBinding) == Outcome::error);
  ExtractCase tdx;
  tdx.with(kTdxOid, extract_tdx_document(tdx)).nonce.reset();
  const auto quote = tdx.run();
  CHECK(quote.evidence);
  CHECK_FALSE(quote.binding);
  CHECK(tdx.report.outcome_of(checks::kIntelReportDataBinding) == Outcome::error);
  ExtractCase dummy;
  dummy.with(kDummyOid, dummy_document(dummy)).nonce.reset();
  CHECK_FALSE(dummy.run().binding);
  CHECK(dummy.report.outcome_of(checks::kDummyNonce) == Outcome::error);
}

TEST_CASE("constellation extract: variants that are not supported stay undecided") {
  for (const doc::Variant& variant : doc::variants()) {
    if (variant.oid == kSnpOid || variant.oid == kDummyOid || variant.oid == kTdxOid) continue;
    CAPTURE(variant.name);
    ExtractCase c;
    const std::string user_data = "\"UserData\":\"XNJS+wzokyQ2+vjM0QQJgbie5K1rn+niorfnGqyyfNM=\"}";
    c.with(variant.oid, to_buffer("{\"Attestation\":{},\"InstanceInfo\":null," + user_data));
    const auto out = c.run();
    CHECK(extract_failed(c.report).empty());
    CHECK_FALSE(out.evidence);
    CHECK(c.report.outcome_of(checks::kUserData) == Outcome::pass);
    CHECK(c.report.outcome_of(checks::kHardwareRoot) == Outcome::error);
    c.report.finish({}, false);
    CHECK(c.report.verdict->code == ExitCode::undecided);
  }
}

TEST_CASE("constellation extract: a vTPM quote is accepted and reported as not checked") {
  ExtractCase c;
  Buffer d = extract_snp_document(c);
  std::string text(as_text(d));
  text.replace(text.find("null"), 4, "{\"ak_pub\":\"AAAA\"}");
  c.with(kSnpOid, to_buffer(text));
  const auto out = c.run();
  CHECK(extract_failed(c.report).empty());
  CHECK(out.evidence);
  REQUIRE(c.report.not_proven.size() == 1);
  CHECK(c.report.not_proven[0].find("quote") != std::string::npos);
}

TEST_CASE("constellation extract: no certificate, and bytes that are none") {
  Report none;
  CHECK_FALSE(cons::extract({}, kExtractNonce, false, tests::kNow, none).evidence);
  CHECK(extract_failed(none) == Ids{"atls-evidence-present"});
  Report garbage;
  CHECK_FALSE(cons::extract({Buffer(100, 0x30)}, kExtractNonce, false, tests::kNow, garbage).evidence);
  CHECK(extract_failed(garbage) == Ids{"atls-document-decode"});
}

TEST_CASE("constellation extract: a leaf signed by another key is refused") {
  ExtractCase c;
  c.with(kSnpOid, extract_snp_document(c));
  const auto leaf = cons::make_leaf(*c.key, c.spec);
  REQUIRE(leaf);
  const auto other = cons::make_leaf_key();
  REQUIRE(other);
  SUBCASE("same names") { REQUIRE(X509_sign(leaf->get(), other->get(), EVP_sha256()) > 0); }
  SUBCASE("another issuer") {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf->get()), "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("x"), -1, -1, 0);
    REQUIRE(X509_sign(leaf->get(), c.key.get(), EVP_sha256()) > 0);
  }
  cons::extract({tests::der_of(**leaf)}, kExtractNonce, false, tests::kNow, c.report);
  CHECK(extract_failed(c.report) == Ids{"atls-leaf-signature"});
}

TEST_CASE("constellation document: certificates of the table come back as endorsements") {
  using EntryKind = snp::TableEntryKind;
  evidence::Evidence evidence;
  evidence.format = "snp";
  evidence.data = fake_report();
  const Buffer pem_blob = to_buffer(pem::encode("CERTIFICATE", Buffer(30, 3)));   // some hosts store PEM
  evidence.aux = snp::encode_cert_table({{snp::guid_of(EntryKind::vcek), Buffer(40, 1)}, {snp::guid_of(EntryKind::ask), Buffer(50, 2)}, {snp::guid_of(EntryKind::ark), pem_blob}});
  ExtractCase c;
  const auto document = cons::make_document(evidence, c.user_data(), kExtractNonce);
  REQUIRE(document);
  CHECK(document->oid == kSnpOid);
  const auto out = c.with(document->oid, document->json).run();
  CHECK(extract_failed(c.report).empty());
  REQUIRE(out.evidence);
  const auto& items = out.evidence->endorsements;
  REQUIRE(items.size() == 3);   // damaged certificates travel too: the checks of the evidence say what is wrong with them
  CHECK(items[0].kind == CollateralKind::amd_vcek);
  CHECK(items[0].data == Buffer(40, 1));
  CHECK(items[1].data == Buffer(50, 2));
  CHECK(items[2].data == Buffer(30, 3));
  for (const auto& item : items) CHECK(item.source == CollateralSource::handshake);
}

TEST_CASE("constellation document: a quote travels as the attester gave it, trailing bytes and all") {
  evidence::Evidence evidence;
  evidence.format = "tdx";
  evidence.data = kLeafQuote;
  evidence.data.resize(8000, 0);   // the buffer that some hosts return
  evidence.event_log = Buffer(100, 1);   // has no place in this document
  ExtractCase c;
  const auto document = cons::make_document(evidence, c.user_data(), kExtractNonce);
  REQUIRE(document);
  CHECK(document->oid == kTdxOid);
  const auto out = c.with(document->oid, document->json).run();
  CHECK(extract_failed(c.report).empty());
  REQUIRE(out.evidence);
  CHECK(out.evidence->data == evidence.data);
  CHECK_FALSE(out.evidence->event_log);
}

TEST_CASE("constellation document: evidence without a document form is an error") {
  evidence::Evidence evidence;
  evidence.format = "sgx";
  CHECK_FALSE(cons::make_document(evidence, Buffer(32), kExtractNonce));
  evidence.format = "dummy";
  const auto document = cons::make_document(evidence, Buffer(32, 1), kExtractNonce);
  REQUIRE(document);
  CHECK(document->oid == kDummyOid);
  const auto parsed = doc::parse_dummy(document->json);
  REQUIRE(parsed);
  CHECK(parsed->nonce == kExtractNonce);
}
