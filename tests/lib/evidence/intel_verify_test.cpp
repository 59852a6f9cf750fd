// The checks of Intel quotes from structure to collateral, each failed by what it alone is about.
#include "evidence/intel_verify.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "lib/evidence/appraise_fixture.hpp"
#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "crypto/ecdsa.hpp"
#include "evidence/intel_keys.hpp"
#include "pem/pem.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_intel.hpp"
#include "support/intel_samples.hpp"
#include "support/intel_hierarchy.hpp"

using namespace atls;
using namespace atls::checks;
using test::IntelHierarchy;
using test::Judge;
using test::raw;

namespace {

const std::set<std::string_view> kAreas{"Quote structure", "PCK certificates", "Intel revocation", "QE and quote signature", "Intel collateral"};

Time day(int year, unsigned month, unsigned d) { return test::at(year, month, d); }

Judge judge_of(const IntelHierarchy& w) {
  Judge judge;
  judge.trust = w.trust();
  judge.collateral = Collateral{};
  judge.now = day(2026, 1, 15);
  return judge;
}

Report judged(const IntelHierarchy& w, Judge judge) {
  evidence::Presented presented = raw(w.evidence());
  presented.with_it = w.collateral();
  return judge(presented);
}
Report judged(const IntelHierarchy& w) { return judged(w, judge_of(w)); }

// The checks of this file's areas with one of these outcomes, in table order.
std::string intel_verify_of(const Report& report, Outcome outcome) {
  std::string out;
  for (const CheckResult& r : report.checks)
    if (r.outcome == outcome && kAreas.contains(r.spec->area)) out += (out.empty() ? "" : " ") + std::string(r.spec->id);
  return out;
}

std::string edited(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

struct IntelVerifyCase {
  const char* name;
  std::function<void(IntelHierarchy&)> change;
  const char* failing;
  const char* warning = "";
  ExitCode code = ExitCode::rejected;
};

void run(const std::vector<IntelVerifyCase>& cases, unsigned version = 4) {
  for (const IntelVerifyCase& c : cases) {
    CAPTURE(c.name);
    IntelHierarchy w(version);
    c.change(w);
    const Report report = judged(w);
    CHECK(intel_verify_of(report, Outcome::fail) == c.failing);
    CHECK(intel_verify_of(report, Outcome::warn) == c.warning);
    CHECK(report.verdict->code != ExitCode::verified);
    const std::string first = std::string(c.failing).substr(0, std::string(c.failing).find(' '));
    if (const CheckResult* r = report.find(first)) {
      CHECK(r->on_fail == c.code);
      CHECK_FALSE(r->detail.empty());
    }
  }
}

}  // namespace

TEST_CASE("intel: a good quote passes every check from structure to collateral, whoever made it") {
  for (const unsigned version : {3u, 4u, 5u}) {
    CAPTURE(version);
    const IntelHierarchy w(version);
    const Report report = judged(w);
    CHECK(intel_verify_of(report, Outcome::fail) == "");
    CHECK(intel_verify_of(report, Outcome::error) == "");
    CHECK(intel_verify_of(report, Outcome::warn) == "");
    CHECK(intel_verify_of(report, Outcome::skip) == "");
    for (const CheckSpec* spec : kIntelChecks)
      if (kAreas.contains(spec->area) && spec != &kCollateralEvalNumber) CHECK_MESSAGE(report.outcome_of(*spec) == Outcome::pass, spec->id);
    REQUIRE(report.evidence.size() == 1);
    CHECK(report.evidence[0].platform == (version == 3 ? "Intel SGX, FMSPC 90c06f010203" : "Intel TDX, FMSPC 90c06f010203"));
    CHECK_FALSE(report.evidence[0].simulated);
    CHECK(report.collateral.size() == 9);   // three certificates, two lists, two documents, two signers (each signed anew)
    CHECK(report.find("quote-signature")->signed_by == "attestation key");
    CHECK(report.find("qe-report-signature")->signed_by == "PCK");
    CHECK(report.find("tcb-info-fmspc")->signed_by == "TCB signer");
  }
}

TEST_CASE("intel: structure") {
  run({
      {"vendor id", [](IntelHierarchy& w) { w.quote.header.qe_vendor_id[3] ^= 1; }, "quote-qe-vendor-id"},
      {"certification data of type 1", [](IntelHierarchy& w) { w.quote.certification = {1, 0, Buffer(36, 1)}; }, "quote-cert-data-type"},
      {"certification data of type 7", [](IntelHierarchy& w) { w.quote.certification = {7, 0, Buffer(36, 1)}; }, "quote-cert-data-type"},
      {"certification data of type 9", [](IntelHierarchy& w) { w.quote.certification = {9, 0, Buffer(36, 1)}; }, "quote-cert-data-type"},
  });
  IntelHierarchy short_auth;
  short_auth.quote.auth_data = Buffer(5, 1);
  CHECK(intel_verify_of(judged(short_auth), Outcome::warn) == "quote-auth-data-length");
  CHECK(intel_verify_of(judged(short_auth), Outcome::fail) == "");
}

TEST_CASE("intel: bytes behind a quote are told and judged by whether they are zero") {
  const IntelHierarchy w;
  for (const auto& [byte, outcome] : {std::pair{std::uint8_t{0}, Outcome::pass}, {std::uint8_t{7}, Outcome::warn}}) {
    evidence::Presented presented = raw(w.evidence());
    presented.raw->data.resize(presented.raw->data.size() + 9, byte);
    presented.with_it = w.collateral();
    const Report report = judge_of(w)(presented);
    CHECK(report.outcome_of(kQuoteTrailingBytes) == outcome);
    CHECK(intel_verify_of(report, Outcome::fail) == "");
  }
}

TEST_CASE("intel: a quote whose layout is not known fails by the field that says so, and nothing else is judged") {
  const IntelHierarchy w(5), sgx(3), four(4);
  struct Row { const char* name; const IntelHierarchy& world; std::size_t offset; std::uint8_t value; const char* reason; ExitCode code; };
  for (const Row& row : {Row{"version 6", w, 0, 6, "quote-version", ExitCode::malformed}, Row{"EPID", w, 2, 1, "quote-att-key-type", ExitCode::rejected},
                         Row{"P-384", w, 2, 3, "quote-att-key-type", ExitCode::rejected}, Row{"body type 9", w, 48, 9, "quote-body-type", ExitCode::rejected},
                         Row{"body of one byte more", w, 50, 0x89, "quote-body-type", ExitCode::rejected}, Row{"body for the other TEE", w, 4, 0, "quote-tee-type", ExitCode::rejected},
                         Row{"unknown TEE", four, 4, 0x82, "quote-tee-type", ExitCode::rejected}, Row{"outer type 5", four, 636 + 128, 5, "quote-cert-data-type", ExitCode::rejected},
                         Row{"outer size", four, 636 + 130, 0, "quote-size-consistency", ExitCode::rejected}}) {
    CAPTURE(row.name);
    evidence::Presented presented = raw(row.world.evidence());
    presented.raw->data[row.offset] = row.value;
    const Report report = judge_of(row.world)(presented);
    CHECK(report.verdict->code == row.code);
    CHECK(report.verdict->reason == row.reason);
    CHECK(intel_verify_of(report, Outcome::fail) == row.reason);
    CHECK(report.find("quote-signature") == nullptr);
  }
  evidence::Presented mismatch = raw(sgx.evidence());   // version 3 has SGX bodies only
  mismatch.raw->data[4] = 0x81;
  CHECK(judge_of(sgx)(mismatch).outcome_of(kQuoteTeeType) == Outcome::fail);
  evidence::Presented wrong_format = raw(sgx.evidence());
  wrong_format.raw->format = "tdx";
  const Report other = judge_of(sgx)(wrong_format);
  CHECK(other.outcome_of(kQuoteTeeType) == Outcome::fail);
  CHECK(other.verdict->code == ExitCode::rejected);
}

TEST_CASE("intel: every prefix of a quote is malformed") {
  const IntelHierarchy w;
  const evidence::Evidence whole = w.evidence();
  Judge judge = judge_of(w);
  for (std::size_t n = 0; n < whole.data.size(); n += n < 1400 ? 7 : 61) {
    CAPTURE(n);
    evidence::Evidence cut = whole;
    cut.data.resize(n);
    const Report report = judge(raw(cut));
    CHECK(report.verdict->code == ExitCode::malformed);
    CHECK(report.verdict->reason == "quote-parse");
  }
}

TEST_CASE("intel: PCK chain") {
  run({
      {"no root", [](IntelHierarchy& w) { w.chain = {"pck", "ca"}; }, "pck-chain-length"},
      {"no CA", [](IntelHierarchy& w) { w.chain = {"pck", "root"}; }, "pck-chain-length"},
      {"fourth certificate", [](IntelHierarchy& w) { w.chain = {"pck", "ca", "root", "signer"}; }, "pck-chain-length"},
      {"certificate twice", [](IntelHierarchy& w) { w.chain = {"pck", "ca", "root", "root"}; }, "pck-chain-length"},
      {"name of the leaf", [](IntelHierarchy& w) { w.pck.subject = evidence::intel_name_der("Intel SGX PCK Certificate 2"); }, "pck-chain-names"},
      {"name of another organisation", [](IntelHierarchy& w) { w.pck.subject = test::name("Intel SGX PCK Certificate"); }, "pck-chain-names"},
      {"version 1", [](IntelHierarchy& w) { w.pck.version = 2; }, "pck-chain-algorithms"},
      {"signed with SHA-384", [](IntelHierarchy& w) { w.pck.sign = test::Sign::ecdsa; }, "pck-chain-algorithms"},
      {"leaf signed by another key", [](IntelHierarchy& w) { w.pck_signer = w.foreign.get(); }, "pck-chain-signatures"},
      {"CA signed by another key", [](IntelHierarchy& w) { w.ca_signer = w.foreign.get(); }, "pck-chain-signatures"},
      {"root signed by another key", [](IntelHierarchy& w) { w.root_signer = w.foreign.get(); }, "pck-chain-signatures tcb-info-signer-chain qe-identity-signer-chain"},
      {"leaf is a CA", [](IntelHierarchy& w) { w.pck.ca = true; w.pck.extensions.resize(3); }, "pck-chain-signatures"},
      {"leaf expired", [](IntelHierarchy& w) { w.pck.not_after = day(2026, 1, 14); }, "pck-validity"},
      {"leaf not valid yet", [](IntelHierarchy& w) { w.pck.not_before = day(2026, 1, 16); }, "pck-validity"},
      {"CA expired", [](IntelHierarchy& w) { w.ca.not_after = day(2026, 1, 14); }, "pck-validity"},
      {"CA not valid yet", [](IntelHierarchy& w) { w.ca.not_before = day(2026, 1, 16); }, "pck-validity"},
      {"unknown critical extension", [](IntelHierarchy& w) { w.pck.extensions.push_back({"1.2.3.4", {0x05, 0x00}, true}); }, "pck-extensions"},
      {"CPUSVN", [](IntelHierarchy& w) { w.extension.cpu_svn[15] = 1; }, "pck-cpusvn-consistency"},
      {"PCK key is P-384", [](IntelHierarchy& w) { w.qe_signer = w.pck_key.get(); w.pck_key = test::ec_key("P-384"); w.qe_signer = w.foreign.get(); },
       "pck-chain-algorithms qe-report-signature"},
  });
  // What follows from the missing extension is not judged: no FMSPC, no TCB info.
  IntelHierarchy bare;
  bare.with_sgx_extension = false;
  const Report report = judged(bare);
  CHECK(intel_verify_of(report, Outcome::fail) == "pck-sgx-extension");
  CHECK(report.outcome_of(kPckCpusvnConsistency) == Outcome::error);
  CHECK(report.outcome_of(kTcbInfoFmspc) == Outcome::error);
  CHECK(report.verdict->code == ExitCode::rejected);
}

TEST_CASE("intel: a CA that may not sign, or whose root allows none below it, makes a bad chain") {
  IntelHierarchy no_ca;
  no_ca.ca.ca = false;
  no_ca.ca.extensions = {{"2.5.29.19", {0x30, 0x00}, true}};
  CHECK(judged(no_ca).verdict->code == ExitCode::rejected);
  CHECK(judged(no_ca).outcome_of(kPckChainSignatures) != Outcome::pass);
  IntelHierarchy short_path;
  short_path.root.ca = false;
  short_path.root.extensions = {{"2.5.29.19", {0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01, 0x00}, true}, {"2.5.29.15", {0x03, 0x02, 0x01, 0x06}, true}};
  CHECK(intel_verify_of(judged(short_path), Outcome::fail) == "pck-chain-signatures");
}

TEST_CASE("intel: order and number of entries are told, and accepted") {
  struct Row { const char* name; std::function<void(IntelHierarchy&)> change; const char* warning; };
  for (const Row& row : {Row{"root first", [](IntelHierarchy& w) { w.chain = {"root", "ca", "pck"}; }, "pck-chain-order"}, Row{"CA last", [](IntelHierarchy& w) { w.chain = {"pck", "root", "ca"}; }, "pck-chain-order"},
                         Row{"five entries under the Platform CA", [](IntelHierarchy& w) { w.extension = test::pck_extension(false); }, "pck-sgx-entry-count"},
                         Row{"another extension", [](IntelHierarchy& w) { w.pck.extensions.push_back({"1.2.3.4", {0x05, 0x00}}); }, "pck-extensions"},
                         Row{"no CRL distribution point", [](IntelHierarchy& w) { w.pck.extensions.erase(w.pck.extensions.begin() + 1); }, "pck-extensions"},
                         Row{"lists without a number", [](IntelHierarchy& w) { w.root_crl.extensions.erase(w.root_crl.extensions.begin()); }, "crl-extensions"}}) {
    CAPTURE(row.name);
    IntelHierarchy w;
    row.change(w);
    const Report report = judged(w);
    CHECK(intel_verify_of(report, Outcome::fail) == "");
    CHECK(intel_verify_of(report, Outcome::warn) == row.warning);
  }
}

TEST_CASE("intel: a certificate of the chain that does not decode fails the chain and the signature that its key should have made") {
  IntelHierarchy w;
  evidence::Presented presented = raw(w.evidence());
  const std::string_view text = as_text(presented.raw->data);
  const std::size_t body = text.find("-----BEGIN CERTIFICATE-----") + 60;
  presented.raw->data[body] = '!';
  presented.with_it = w.collateral();
  const Report report = judge_of(w)(presented);
  CHECK(report.outcome_of(kPckChainParse) == Outcome::fail);
  CHECK(report.outcome_of(kQeReportSignature) == Outcome::fail);
  CHECK(report.verdict->code == ExitCode::rejected);
}

TEST_CASE("intel: only a trusted root ends a chain, and names are no trust") {
  const IntelHierarchy w;
  Judge judge = judge_of(w);
  judge.trust = evidence::TrustStore::builtin();   // a pre-production platform under Intel's names
  const Report report = judged(w, judge);
  CHECK(report.verdict->code == ExitCode::rejected);
  CHECK(report.outcome_of(kPckRootTrusted) == Outcome::fail);
  CHECK(report.outcome_of(kPckChainSignatures) == Outcome::pass);
  CHECK(report.outcome_of(kTcbInfoSignerChain) == Outcome::fail);
  judge.trust = *evidence::TrustStore::from_pem(w.certificate("root"));
  // An AMD root with the same key would not do: the role counts.
  std::vector<evidence::CaKey> keys = judge.trust.keys();
  for (evidence::CaKey& key : keys) key.role = evidence::CaRole::ark;
  evidence::TrustStore amd;
  amd.add(keys);
  judge.trust = amd;
  CHECK(judged(w, judge).outcome_of(kPckRootTrusted) == Outcome::fail);
}

TEST_CASE("intel: signatures") {
  run({
      {"QE report signed by another key", [](IntelHierarchy& w) { w.qe_signer = w.foreign.get(); }, "qe-report-signature"},
      {"quote signed by another key", [](IntelHierarchy& w) { w.quote_signer = w.foreign.get(); }, "quote-signature"},
      {"padding", [](IntelHierarchy& w) { w.padding[31] = 1; }, "qe-report-data-padding"},
      {"attestation key off the curve", [](IntelHierarchy& w) { w.quote.attestation_key.fill(1); }, "att-key-valid quote-signature"},
      {"attestation key zero", [](IntelHierarchy& w) { w.quote.attestation_key.fill(0); }, "att-key-valid quote-signature"},
  });
  // After signing.
  const IntelHierarchy w;
  const evidence::Evidence good = w.evidence();
  const auto parsed = intel::parse_quote(good.data);
  struct Row { const char* name; std::size_t offset; const char* failing; };
  for (const Row& row : {Row{"body", 300, "quote-signature"}, Row{"header", 30, "quote-signature"}, Row{"signature", parsed->signature_data_offset + 3, "quote-signature"},
                         Row{"QE report", parsed->qe_report_offset + 64, "qe-report-signature"}, Row{"QE report data", parsed->qe_report_offset + 320, "qe-report-signature qe-report-data-binding"},
                         Row{"authentication data", parsed->auth_data_offset + 1, "qe-report-data-binding"}}) {
    CAPTURE(row.name);
    evidence::Presented presented = raw(good);
    presented.raw->data[row.offset] ^= 0x80;
    presented.with_it = w.collateral();
    const Report report = judge_of(w)(presented);
    CHECK(intel_verify_of(report, Outcome::fail) == row.failing);
    CHECK(report.verdict->code == ExitCode::rejected);
  }
  for (const std::uint8_t bad : {std::uint8_t{0}, std::uint8_t{0xFF}}) {   // r and s outside 1..n-1
    evidence::Presented presented = raw(good);
    std::fill_n(presented.raw->data.begin() + static_cast<long>(parsed->signature_data_offset), 64, bad);
    CHECK(judge_of(w)(presented).outcome_of(kQuoteSignature) == Outcome::fail);
  }
}

TEST_CASE("intel: revocation") {
  run({
      {"leaf", [](IntelHierarchy& w) { w.pck_crl.revoked = {"0A03"}; }, "pck-leaf-revoked"},
      {"CA", [](IntelHierarchy& w) { w.root_crl.revoked = {"01", "0A02"}; }, "pck-ca-revoked"},
      {"root", [](IntelHierarchy& w) { w.root_crl.revoked = {"0A01"}; }, "pck-ca-revoked"},
      {"TCB signer", [](IntelHierarchy& w) { w.root_crl.revoked = {"0A04"}; }, "tcb-signer-revoked"},
  });
  run({
      {"root's list of another issuer", [](IntelHierarchy& w) { w.root_crl.issuer = evidence::intel_name_der("Intel SGX Root CA 2"); }, "root-crl-issuer", "", ExitCode::undecided},
      {"PCK list of another issuer", [](IntelHierarchy& w) { w.pck_crl.issuer = evidence::intel_name_der("Intel SGX PCK Platform CA 2"); }, "pck-crl-issuer", "", ExitCode::undecided},
      {"root's list by another key", [](IntelHierarchy& w) { w.root_crl_signer = w.foreign.get(); }, "root-crl-signature", "", ExitCode::undecided},
      {"PCK list by another key", [](IntelHierarchy& w) { w.pck_crl_signer = w.foreign.get(); }, "pck-crl-signature", "", ExitCode::undecided},
      {"root's list expired", [](IntelHierarchy& w) { w.root_crl.next_update = day(2026, 1, 14); }, "root-crl-time", "", ExitCode::undecided},
      {"PCK list expired", [](IntelHierarchy& w) { w.pck_crl.next_update = day(2026, 1, 14); }, "pck-crl-time", "", ExitCode::undecided},
      {"PCK list of the future", [](IntelHierarchy& w) { w.pck_crl.this_update = day(2026, 1, 16); }, "pck-crl-time", "", ExitCode::undecided},
  });
  IntelHierarchy narrowed;
  narrowed.pck_crl.extensions.push_back({"2.5.29.28", {0x30, 0x00}, true});   // issuing distribution point
  CHECK(judged(narrowed).outcome_of(kCrlPresent) == Outcome::error);
  CHECK(judged(narrowed).outcome_of(kPckLeafRevoked) == Outcome::error);
}

TEST_CASE("intel: a list is current up to and including nextUpdate") {
  IntelHierarchy w;
  w.pck_crl.next_update = w.root_crl.next_update = day(2026, 1, 15);
  CHECK(intel_verify_of(judged(w), Outcome::fail) == "");
}

TEST_CASE("intel: revoked once is revoked, whatever newer list the peer prefers to show") {
  IntelHierarchy older, w;
  evidence::Presented presented = raw(w.evidence());
  presented.with_it = w.collateral();
  w.pck_crl.revoked = {"0A03"};
  w.pck_crl.this_update = day(2025, 6, 1);
  w.pck_crl.next_update = day(2025, 7, 1);
  presented.with_it.push_back({CollateralKind::intel_pck_crl, w.pck_crl_der(), CollateralSource::bundle, ""});
  const Report report = judge_of(w)(presented);
  CHECK(report.outcome_of(kPckLeafRevoked) == Outcome::fail);
  CHECK(report.outcome_of(kPckCrlTime) == Outcome::pass);
  CHECK(report.verdict->code == ExitCode::rejected);
  // One that the CA did not sign accuses nobody.
  presented.with_it.pop_back();
  w.pck_crl_signer = w.foreign.get();
  presented.with_it.push_back({CollateralKind::intel_pck_crl, w.pck_crl_der(), CollateralSource::bundle, ""});
  CHECK(judge_of(w)(presented).outcome_of(kPckLeafRevoked) == Outcome::pass);
}

TEST_CASE("intel: revocation is required unless the policy says otherwise") {
  const IntelHierarchy w;
  evidence::Presented presented = raw(w.evidence());
  presented.with_it = {w.tcb_info_item(), w.qe_identity_item()};
  struct Row { policy::CrlMode mode; Outcome present, revoked; };
  for (const Row& row : {Row{policy::CrlMode::require, Outcome::error, Outcome::error}, Row{policy::CrlMode::if_available, Outcome::warn, Outcome::skip},
                         Row{policy::CrlMode::off, Outcome::skip, Outcome::skip}}) {
    Judge judge = judge_of(w);
    judge.policy.crl = row.mode;
    const Report report = judge(presented);
    CHECK(report.outcome_of(kCrlPresent) == row.present);
    for (const CheckSpec* spec : {&kPckLeafRevoked, &kPckCaRevoked, &kTcbSignerRevoked}) CHECK(report.outcome_of(*spec) == row.revoked);
    const bool told = std::any_of(report.not_proven.begin(), report.not_proven.end(), [](const std::string& s) { return s.find("Revocation") != std::string::npos; });
    CHECK(told == (row.mode != policy::CrlMode::require));
  }
  // One of two is not both, and the one that is there is judged.
  IntelHierarchy half;
  half.pck_crl.revoked = {"0A03"};
  presented.with_it.push_back({CollateralKind::intel_pck_crl, half.pck_crl_der(), CollateralSource::bundle, ""});
  Judge judge = judge_of(w);
  judge.policy.crl = policy::CrlMode::if_available;
  CHECK(judge(presented).outcome_of(kCrlPresent) == Outcome::warn);
  judge.policy.crl = policy::CrlMode::require;
  CHECK(judge(presented).outcome_of(kCrlPresent) == Outcome::error);
}

TEST_CASE("intel: TCB info") {
  const auto text = [](const char* what, const char* with) { return [=](IntelHierarchy& w) { w.tcb_info = edited(w.tcb_info, what, with); }; };
  const auto undecided = ExitCode::undecided;
  run({
      {"no levels member", text("\"tcbLevels\":[{\"tcb\":{\"sgx", "\"tcbLevel\":[{\"tcb\":{\"sgx"), "tcb-info-parse", "", undecided},
      {"of the other TEE", [](IntelHierarchy& w) { w.tcb_info = edited(IntelHierarchy(3).tcb_info, "\"version\":2", "\"version\":2"); }, "tcb-info-id-version", "", undecided},
      {"another FMSPC", text("90C06F010203", "90C06F010204"), "tcb-info-fmspc", "", undecided},
      {"another PCE", text("\"pceId\":\"abcd\"", "\"pceId\":\"abce\""), "tcb-info-pceid", "", undecided},
      {"another type", text("\"tcbType\":0", "\"tcbType\":1"), "tcb-info-tcbtype", "", undecided},
      {"expired", text("2026-02-01T03:04:05Z", "2026-01-14T23:59:59Z"), "tcb-info-time", "", undecided},
      {"of the future", text("2026-01-02T03:04:05Z", "2026-01-15T00:00:01Z"), "tcb-info-time", "", undecided},
      {"by another key", [](IntelHierarchy& w) { w.tcb_info_signer = w.foreign.get(); }, "tcb-info-signature", "", undecided},
      {"changed after signing", [](IntelHierarchy& w) { w.tcb_info_sent = edited(w.tcb_info, "UpToDate", "OutOfDate"); }, "tcb-info-signature", "", undecided},
      {"formatted anew", [](IntelHierarchy& w) { w.tcb_info_sent = edited(w.tcb_info, ",\"version\"", ", \"version\""); }, "tcb-info-signature", "", undecided},
  });
  IntelHierarchy unknown;
  unknown.tcb_info.replace(unknown.tcb_info.size() - 1, 1, ",\"extra\":1}");
  CHECK(intel_verify_of(judged(unknown), Outcome::warn) == "collateral-unknown-members");
  IntelHierarchy white;
  white.tcb_info_sent = edited(white.tcb_info, ",\"version\"", ",\n\t\"version\"");
  CHECK(judged(white).find("tcb-info-signature")->detail.find("white space") != std::string::npos);
  IntelHierarchy other;
  other.tcb_info_sent = edited(other.tcb_info, "UpToDate", "UpToDatf");
  CHECK(judged(other).find("tcb-info-signature")->detail.find("white space") == std::string::npos);
}

TEST_CASE("intel: version 2 of the TCB info is accepted for SGX only") {
  CHECK(judged(IntelHierarchy(3)).outcome_of(kTcbInfoIdVersion) == Outcome::pass);
  IntelHierarchy v2;
  v2.tcb_info = edited(v2.tcb_info, "\"version\":3", "\"version\":4");
  CHECK(judged(v2).outcome_of(kTcbInfoIdVersion) != Outcome::pass);
}

TEST_CASE("intel: QE identity") {
  const auto text = [](const char* what, const char* with) { return [=](IntelHierarchy& w) { w.qe_identity = edited(w.qe_identity, what, with); }; };
  const auto undecided = ExitCode::undecided;
  run({
      {"mask missing", text("attributesMask", "attributesMusk"), "qe-identity-parse", "", undecided},
      {"of the SGX QE", text("TD_QE", "QE"), "qe-identity-id-version", "", undecided},
      {"of the QVE", text("TD_QE", "QVE"), "qe-identity-id-version", "", undecided},
      {"expired", text("2026-02-01T03:04:05Z", "2026-01-14T23:59:59Z"), "qe-identity-time", "", undecided},
      {"of the future", text("2026-01-02T03:04:05Z", "2026-01-15T00:00:01Z"), "qe-identity-time", "", undecided},
      {"by another key", [](IntelHierarchy& w) { w.qe_identity_signer = w.foreign.get(); }, "qe-identity-signature", "", undecided},
      {"changed after signing", [](IntelHierarchy& w) { w.qe_identity_sent = edited(w.qe_identity, "\"isvprodid\":2", "\"isvprodid\":3"); }, "qe-identity-signature", "", undecided},
  });
}

TEST_CASE("intel: the signer of collateral is Intel's TCB signer under a trusted root") {
  const auto undecided = ExitCode::undecided;
  const char* both = "tcb-info-signer-chain qe-identity-signer-chain";
  run({
      {"name", [](IntelHierarchy& w) { w.signer.subject = evidence::intel_name_der("Intel SGX TCB Signing 2"); }, both, "", undecided},
      {"name of a CA of the hierarchy", [](IntelHierarchy& w) { w.document_chain = {"ca", "root"}; w.tcb_info_signer = w.qe_identity_signer = w.ca_key.get(); }, both, "", undecided},
      {"the PCK certificate signs", [](IntelHierarchy& w) { w.document_chain = {"pck", "ca"}; w.tcb_info_signer = w.qe_identity_signer = w.pck_key.get(); }, both, "", undecided},
      {"signed by another key", [](IntelHierarchy& w) { w.tcb_signer = w.foreign.get(); }, both, "", undecided},
      {"expired", [](IntelHierarchy& w) { w.signer.not_after = day(2026, 1, 14); }, both, "", undecided},
      {"not valid yet", [](IntelHierarchy& w) { w.signer.not_before = day(2026, 1, 16); }, both, "", undecided},
      {"three certificates", [](IntelHierarchy& w) { w.document_chain = {"signer", "ca", "root"}; }, both, "", undecided},
      {"a CA", [](IntelHierarchy& w) { w.signer.ca = true; w.signer.extensions.clear(); }, both, "", undecided},
      {"signed with SHA-384", [](IntelHierarchy& w) { w.signer.sign = test::Sign::ecdsa; }, both, "", undecided},
  });
  IntelHierarchy alone;   // the trusted key stands in for the root
  alone.document_chain = {"signer"};
  CHECK(intel_verify_of(judged(alone), Outcome::fail) == "");
  IntelHierarchy unknown;
  unknown.document_chain = {};
  const Report report = judged(unknown);
  CHECK(report.outcome_of(kTcbInfoSignerChain) == Outcome::error);
  CHECK(report.outcome_of(kTcbInfoSignature) == Outcome::error);
  CHECK(report.verdict->code == ExitCode::undecided);
}

TEST_CASE("intel: without collateral the answer is undecided, whatever the signatures say") {
  const IntelHierarchy w;
  evidence::Presented presented = raw(w.evidence());
  presented.with_it = {{CollateralKind::intel_root_crl, w.root_crl_der(), CollateralSource::bundle, ""}, {CollateralKind::intel_pck_crl, w.pck_crl_der(), CollateralSource::bundle, ""}};
  Judge judge = judge_of(w);
  const Report report = judge(presented);
  CHECK(report.verdict->code == ExitCode::undecided);
  CHECK(report.outcome_of(kQuoteSignature) == Outcome::pass);
  CHECK(report.outcome_of(kCollateralPresent) == Outcome::error);
  CHECK(report.find("collateral-present")->detail.find("Next:") != std::string::npos);
  CHECK(report.outcome_of(kTcbInfoSignature) == Outcome::error);
  judge.policy.allow_missing_collateral = true;
  const Report allowed = judge(presented);
  CHECK(allowed.outcome_of(kCollateralPresent) == Outcome::warn);
  CHECK(allowed.outcome_of(kTcbInfoSignature) == Outcome::skip);
  CHECK(allowed.outcome_of(kQeIdentityTime) == Outcome::skip);
  // What is there is judged all the same.
  IntelHierarchy bad;
  presented = raw(w.evidence());
  presented.with_it = {[&] {
    CollateralItem item = w.tcb_info_item();
    item.data[40] ^= 1;
    return item;
  }()};
  CHECK(judge(presented).outcome_of(kCollateralPresent) == Outcome::warn);
  CHECK(judge(presented).verdict->code == ExitCode::undecided);
}

TEST_CASE("intel: expired collateral is a warning where that was allowed, and one of the future never") {
  struct Row { const char* name; std::function<void(IntelHierarchy&)> change; const CheckSpec& spec; Outcome outcome; };
  const auto text = [](const char* what, const char* with) { return [=](IntelHierarchy& w) { w.tcb_info = edited(w.tcb_info, what, with); }; };
  for (const Row& row : {Row{"TCB info", text("2026-02-01T03:04:05Z", "2026-01-14T23:59:59Z"), kTcbInfoTime, Outcome::warn}, Row{"TCB info of the future", text("2026-01-02T03:04:05Z", "2026-01-15T00:00:01Z"), kTcbInfoTime, Outcome::fail},
                         Row{"list", [](IntelHierarchy& w) { w.pck_crl.next_update = day(2026, 1, 14); }, kPckCrlTime, Outcome::warn}, Row{"list of the future", [](IntelHierarchy& w) { w.pck_crl.this_update = day(2026, 1, 16); }, kPckCrlTime, Outcome::fail},
                         Row{"signer", [](IntelHierarchy& w) { w.signer.not_after = day(2026, 1, 14); }, kTcbInfoSignerChain, Outcome::warn}, Row{"PCK certificate", [](IntelHierarchy& w) { w.pck.not_after = day(2026, 1, 14); }, kPckValidity, Outcome::fail}}) {
    CAPTURE(row.name);
    IntelHierarchy w;
    row.change(w);
    Judge judge = judge_of(w);
    judge.policy.allow_expired_collateral = true;
    const Report report = judged(w, judge);
    CHECK(report.outcome_of(row.spec) == row.outcome);
    if (row.outcome == Outcome::warn) CHECK(report.outcome_of(kPckLeafRevoked) == Outcome::pass);
  }
  IntelHierarchy revoked;   // and an expired list still revokes
  revoked.pck_crl.next_update = day(2026, 1, 14);
  revoked.pck_crl.revoked = {"0A03"};
  CHECK(judged(revoked).outcome_of(kPckLeafRevoked) == Outcome::fail);
}

TEST_CASE("intel: of several documents the newest valid one is used, so that a peer cannot choose an older one") {
  IntelHierarchy w;
  evidence::Presented presented = raw(w.evidence());
  presented.with_it = w.collateral();
  const std::string usual = w.tcb_info;
  w.tcb_info = edited(edited(usual, "\"tcbEvaluationDataNumber\":19", "\"tcbEvaluationDataNumber\":20"), "2026-01-02T03:04:05Z", "2026-01-01T00:00:00Z");
  const CollateralItem newer = w.tcb_info_item();
  w.tcb_info = edited(usual, "\"tcbEvaluationDataNumber\":19", "\"tcbEvaluationDataNumber\":30");
  w.tcb_info_signer = w.foreign.get();
  const CollateralItem forged = w.tcb_info_item();
  presented.with_it.push_back(newer);
  presented.with_it.push_back(forged);
  const Report report = judge_of(w)(presented);
  CHECK(intel_verify_of(report, Outcome::fail) == "");
  const std::string digest = hex(crypto::sha256(newer.data));
  CHECK(std::any_of(report.collateral.begin(), report.collateral.end(), [&](const CollateralInfo& info) { return info.sha256 == digest; }));
}

TEST_CASE("intel: a quote that only names its platform is judged with a PCK chain from elsewhere") {
  for (const std::uint16_t type : {std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{4}}) {
    CAPTURE(type);
    IntelHierarchy w;
    w.quote.certification = {type, 0, type == 4 ? to_buffer(pem::encode("CERTIFICATE", w.certificate("pck"))) : Buffer(type == 1 ? 36 : 404, 1)};
    evidence::Presented presented = raw(w.evidence());
    presented.with_it = w.collateral();
    if (type != 4) presented.with_it.push_back({CollateralKind::intel_pck, w.certificate("pck"), CollateralSource::bundle, ""});
    presented.with_it.push_back({CollateralKind::intel_pck_ca, w.certificate("ca"), CollateralSource::bundle, ""});
    const Report report = judge_of(w)(presented);   // the trusted key stands in for the root
    CHECK(intel_verify_of(report, Outcome::fail) == "");
    CHECK(report.outcome_of(kQeReportSignature) == Outcome::pass);
    CHECK(report.outcome_of(kPckRootTrusted) == Outcome::pass);
    // The PCK certificate of another platform signs nothing here. Where the quote names its platform in the clear (type 1) it is no candidate.
    IntelHierarchy other;
    presented = raw(w.evidence());
    presented.with_it = w.collateral();
    if (type == 4) continue;
    other.ca_key = std::move(w.ca_key);
    presented.with_it.push_back({CollateralKind::intel_pck, other.certificate("pck"), CollateralSource::bundle, ""});
    CHECK(judge_of(w)(presented).outcome_of(kQeReportSignature) == (type == 1 ? Outcome::error : Outcome::fail));
  }
}

TEST_CASE("intel: certificates and certification data as concatenated DER are read, too") {
  IntelHierarchy w;
  w.quote.certification.type = 5;
  intel::Quote q = *intel::parse_quote(w.quote_bytes());
  Buffer der;
  for (const char* role : {"root", "ca", "pck"}) {
    const Buffer one = w.certificate(role);
    der.insert(der.end(), one.begin(), one.end());
  }
  q.certification.data = der;   // nothing signs it but itself
  evidence::Presented presented = raw(w.evidence());
  presented.raw->data = intel::encode_quote(q);
  presented.with_it = w.collateral();
  const Report report = judge_of(w)(presented);
  CHECK(intel_verify_of(report, Outcome::fail) == "");
  CHECK(intel_verify_of(report, Outcome::warn) == "pck-chain-order");
}

TEST_CASE("intel: endorsements alone run their own checks and attest nothing") {
  const IntelHierarchy w;
  const auto judged_alone = [&](std::vector<CollateralItem> items, const evidence::TrustStore& trust) {
    Judge judge = judge_of(w);
    judge.trust = trust;
    judge.policy.crl = policy::CrlMode::if_available;
    evidence::Presented presented;
    presented.bare_endorsements = std::move(items);
    const Report report = judge(presented);
    CHECK(report.verdict->code == ExitCode::no_evidence);
    CHECK(report.verdict->reason == "atls-evidence-present");
    return report;
  };
  const auto item = [](CollateralKind kind, Buffer data) { return CollateralItem{kind, std::move(data), CollateralSource::bundle, "file"}; };
  const std::vector<CollateralItem> chain{item(CollateralKind::intel_pck, w.certificate("pck")), item(CollateralKind::intel_pck_ca, w.certificate("ca")), item(CollateralKind::intel_root, w.certificate("root"))};
  const Report good = judged_alone(chain, w.trust());
  for (const CheckSpec* spec : {&kPckChainNames, &kPckChainAlgorithms, &kPckChainSignatures, &kPckRootTrusted, &kPckValidity, &kPckSgxExtension, &kPckCpusvnConsistency}) CHECK_MESSAGE(good.outcome_of(*spec) == Outcome::pass, spec->id);
  CHECK(judged_alone(chain, evidence::TrustStore::builtin()).outcome_of(kPckRootTrusted) == Outcome::fail);

  const Report signer = judged_alone({item(CollateralKind::intel_tcb_signer, w.certificate("signer"))}, w.trust());
  CHECK(signer.outcome_of(kPckChainSignatures) == Outcome::pass);
  CHECK(signer.outcome_of(kPckSgxExtension) == Outcome::skip);
  CHECK(judged_alone({item(CollateralKind::intel_tcb_signer, w.certificate("signer"))}, evidence::TrustStore::builtin()).outcome_of(kPckChainSignatures) == Outcome::fail);
  const Report root_list = judged_alone({item(CollateralKind::intel_root_crl, w.root_crl_der())}, w.trust());
  CHECK(root_list.outcome_of(kRootCrlSignature) == Outcome::pass);
  CHECK(root_list.outcome_of(kPckCrlSignature) == Outcome::skip);
  CHECK(judged_alone({item(CollateralKind::intel_root_crl, w.root_crl_der())}, evidence::TrustStore::builtin()).outcome_of(kRootCrlSignature) == Outcome::fail);
  const Report pck_list = judged_alone({item(CollateralKind::intel_pck_crl, w.pck_crl_der()), chain[1]}, w.trust());
  CHECK(pck_list.outcome_of(kPckCrlSignature) == Outcome::pass);
  CHECK(judged_alone({item(CollateralKind::intel_pck_crl, w.pck_crl_der())}, w.trust()).outcome_of(kPckCrlSignature) == Outcome::error);
  const Report info = judged_alone({w.tcb_info_item()}, w.trust());
  CHECK(info.outcome_of(kTcbInfoSignature) == Outcome::pass);
  CHECK(info.outcome_of(kTcbInfoSignerChain) == Outcome::pass);
  CHECK(info.outcome_of(kTcbInfoFmspc) == Outcome::skip);
  CHECK(judged_alone({w.qe_identity_item()}, evidence::TrustStore::builtin()).outcome_of(kQeIdentitySignerChain) == Outcome::fail);
}

TEST_CASE("intel: a key is a point of P-256, and a signature is two numbers of the right size") {
  const auto key = test::ec_key("P-256");
  const Buffer spki = test::spki_of(*key), message = to_buffer("message");
  const Buffer point(spki.end() - 64, spki.end());
  REQUIRE(crypto::p256_key_from_point(point));
  const auto signature = test::sign_raw(*key, message);
  CHECK(*crypto::verify_ecdsa_p256_sha256(**crypto::p256_key_from_point(point), message, signature));
  CHECK_FALSE(*crypto::verify_ecdsa_p256_sha256(*key, as_bytes("another"), signature));
  CHECK_FALSE(*crypto::verify_ecdsa_p256_sha256(*key, message, Buffer(64)));
  CHECK_FALSE(*crypto::verify_ecdsa_p256_sha256(*key, message, Buffer(64, 0xFF)));
  CHECK_FALSE(crypto::verify_ecdsa_p256_sha256(*key, message, Bytes(signature).first(63)));
  CHECK_FALSE(crypto::verify_ecdsa_p256_sha256(*test::ec_key("P-384"), message, signature));   // an error, not an answer
  for (const Buffer& bad : {Buffer{}, Buffer(64), Buffer(64, 0xFF), Buffer(point.begin(), point.end() - 1), [&] { Buffer b = point; b[63] ^= 1; return b; }()}) CHECK_FALSE(crypto::p256_key_from_point(bad));
}
