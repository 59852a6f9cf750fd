#include "sim/faults.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "crypto/certificate.hpp"
#include "report/check.hpp"
#include "sim/platform.hpp"

using namespace atls;
using sim::Fault;
using sim::FaultLayer;

namespace {

std::unique_ptr<sim::SnpPlatform> faults_with(std::vector<std::string> faults, sim::SnpOptions options = {}) {
  options.faults = std::move(faults);
  auto platform = sim::SnpPlatform::create(std::move(options));
  REQUIRE(platform);
  return *std::move(platform);
}

crypto::Certificate faults_certificate(Bytes der) {
  auto out = crypto::Certificate::from_der(der);
  REQUIRE(out);
  return *std::move(out);
}

bool signs(const crypto::Certificate& issuer, const crypto::Certificate& subject) {
  const auto verified = subject.signed_by(*issuer.key());
  REQUIRE(verified);
  return *verified;
}

bool report_verifies(Bytes raw, const crypto::Certificate& vek) {
  const auto report = snp::parse_report(raw);
  REQUIRE(report);
  Buffer r(report->signature_r.begin(), report->signature_r.begin() + 48), s(report->signature_s.begin(), report->signature_s.begin() + 48);
  std::reverse(r.begin(), r.end());
  std::reverse(s.begin(), s.end());
  const auto verified = crypto::verify_ecdsa_p384_sha384(*vek.key(), report->signed_bytes(), r, s);
  return verified && *verified;
}

Buffer unsigned_part(Bytes der, std::size_t signature = 512) { return to_buffer(der.first(der.size() - signature)); }

}  // namespace

TEST_CASE("faults: every name that users know is in the table, once") {
  std::set<std::string_view> expected{
      "sig-bitflip", "body-bitflip", "sig-big-endian", "sig-zero", "algo-zero", "version-1", "version-6", "reserved-nonzero", "mitvec-in-v3",
      "policy-bit17", "debug", "vmpl-1", "vmpl-host", "host-data", "measurement", "report-data", "tcb-rollback", "tcb-cert-higher", "tcb-layout-swap",
      "tcb-layout-rewritten", "vcek-of-other-chip", "vcek-of-other-tcb", "report-as-text",
      "committed-gt-current", "provisional", "provisional-forbidden", "chip-id-mismatch", "chip-id-zero", "other-chip", "vlek-as-vcek", "signing-key-none",
      "wrong-ask", "wrong-ark", "self-made-root", "vcek-expired", "vcek-future", "vcek-extra-ext", "vcek-spl-missing", "vcek-hwid-octet",
      "product-mismatch", "ask-revoked", "crl-expired", "crl-wrong-issuer", "table-no-terminator", "table-oob", "table-wrap", "table-dup",
      "table-mixed-endian-guid", "hcl-hash", "extra-data",
      "no-evidence", "stale-nonce", "empty-nonce", "foreign-key", "zero-report-data", "nonce-only-report-data", "user-data-foreign", "two-evidence",
      "wrong-oid", "document-truncated", "document-trailing", "leaf-expired", "leaf-future", "leaf-bad-signature", "leaf-critical",
      "no-nonce-request", "two-nonce-requests", "tickets", "large-certificate", "rsa-1024-key", "ec-224-key", "static-rsa", "p224-exchange"};
  const std::set<std::string_view> of_intel{
      "quote-signature-bitflip", "quote-body-bitflip", "qe-signature-bitflip", "auth-data-changed", "attestation-key-replaced", "qe-padding-nonzero",
      "qe-vendor-id-other", "quote-version-6", "key-type-3", "tee-type-mismatch", "body-type-mismatch", "body-size-mismatch",
      "truncated-after-header", "truncated-after-body-descriptor", "truncated-after-body", "truncated-after-size", "truncated-after-signature",
      "truncated-after-attestation-key", "truncated-after-outer-header", "truncated-after-qe-report", "truncated-after-qe-signature",
      "truncated-after-auth-data", "truncated-after-inner-header", "truncated-last-byte", "trailing-zeros", "trailing-bytes",
      "quote-as-text", "collateral-of-other-root",
      "outer-type-5", "inner-type-1", "inner-type-3", "inner-type-7",
      "chain-leaf-last", "chain-without-root", "chain-extra-certificate", "pck-expired", "pck-future", "pck-ca-expired", "pck-ca-future",
      "pck-wrong-name", "processor-ca", "pck-ca-rsa", "pck-ca-p384", "sgx-extension-missing", "sgx-extension-17-entries", "cpusvn-mismatch",
      "pck-revoked", "pck-ca-revoked", "tcb-signer-revoked", "root-crl-expired", "pck-crl-expired", "root-crl-wrong-issuer", "pck-crl-wrong-issuer",
      "root-crl-bad-signature", "pck-crl-bad-signature", "root-crl-absent", "pck-crl-absent",
      "tcb-signer-expired", "tcb-signer-future", "tcb-signer-wrong-name", "fmspc-mismatch", "pceid-mismatch", "tcb-info-expired", "tcb-info-future",
      "tcb-info-bad-signature", "tcb-info-whitespace", "tcb-info-reordered", "tcb-info-wrong-id", "tcb-info-version-2", "tcb-info-no-levels",
      "tcb-info-unsorted", "tcb-info-unknown-status", "tcb-eval-number-old",
      "platform-sw-hardening-needed", "platform-configuration-needed", "platform-configuration-and-sw-hardening-needed", "platform-out-of-date",
      "platform-out-of-date-configuration-needed", "platform-revoked", "module-out-of-date", "module-revoked", "qe-out-of-date", "qe-revoked",
      "platform-no-level", "qe-no-level", "module-identity-missing", "module-no-level", "relaunch", "relaunch-advised",
      "qe-mrsigner-mismatch", "qe-prodid-mismatch", "qe-attributes-mismatch", "qe-miscselect-mismatch", "qe-debug",
      "td-debug", "td-reserved-bit", "td-migratable", "td-perfmon", "td-sept-ve-enabled", "xfam-bit-3", "servicetd-bound", "seam-signer",
      "seam-attributes", "sgx-debug", "mr-td", "mr-enclave", "event-log-mismatch",
      "http-404", "http-410", "http-429", "http-500", "http-slow", "http-oversized", "chain-header-missing", "chain-header-duplicated",
      "chain-header-unencoded"};
  expected.insert(of_intel.begin(), of_intel.end());
  std::set<std::string_view> found;
  for (const Fault& fault : sim::faults()) CHECK_MESSAGE(found.insert(fault.name).second, fault.name);
  CHECK(found == expected);
  CHECK(sim::find_fault("no-such-fault") == nullptr);
  CHECK(sim::find_fault("") == nullptr);
}

TEST_CASE("faults: each row names a check of the catalogue and an exit status that this check gives") {
  // The checks whose exit status depends on more than themselves.
  const std::set<std::string_view> special{"version-1", "provisional-forbidden", "platform-revoked", "module-revoked", "qe-revoked"};
  for (const Fault& fault : sim::faults()) {
    CAPTURE(fault.name);
    CHECK_FALSE(fault.summary.empty());
    CHECK_FALSE(fault.reference.empty());
    CHECK((fault.in_handshake || !fault.artifact.empty()));
    CHECK_FALSE(fault.platforms.empty());
    for (const std::string_view format : fault.platforms) CHECK((format == "snp" || format == "tdx" || format == "sgx"));
    // An enclave has no document: only an export carries what its platform does.
    if (sim::applies_to(fault, "sgx") && !sim::applies_to(fault, "snp")) CHECK_FALSE(fault.artifact.empty());
    for (const std::string_view format : fault.platforms)
      if (!fault.check.empty() && !fault.check.starts_with("atls-") && !fault.check.starts_with("tls-")) CHECK(sim::check_of(fault, format).starts_with("snp-") == (format == "snp"));
    CHECK(fault.accept == (fault.exit == ExitCode::verified));
    for (const std::string_view consequence : fault.consequences) CHECK_MESSAGE(find_check(consequence) != nullptr, consequence);
    CHECK(std::find(fault.consequences.begin(), fault.consequences.end(), fault.check) == fault.consequences.end());
    if (fault.check.empty()) {
      CHECK(fault.accept);
      CHECK(fault.outcome.empty());
      continue;
    }
    const CheckSpec* check = find_check(fault.check);
    REQUIRE(check != nullptr);
    if (fault.accept) CHECK((fault.outcome == "warn" || fault.outcome == "pass"));
    else CHECK((fault.outcome == "fail" || fault.outcome == "error"));
    for (const std::string_view format : fault.platforms) {
      REQUIRE(find_check(sim::check_of(fault, format)) != nullptr);
      if (!fault.accept && !special.contains(fault.name)) CHECK(find_check(sim::check_of(fault, format))->on_fail == fault.exit);
    }
  }
}

TEST_CASE("faults: what is signed again verifies, what must not verify does not") {
  const std::set<std::string_view> broken{"sig-bitflip", "body-bitflip", "sig-big-endian", "sig-zero", "tcb-layout-rewritten", "report-as-text", "vcek-of-other-chip", "vcek-of-other-tcb"};
  const auto clean = faults_with({});
  const Buffer clean_report = clean->report({});
  for (const Fault& fault : sim::faults()) {
    if (fault.layer == FaultLayer::handshake || !sim::applies_to(fault, "snp")) continue;
    CAPTURE(fault.name);
    const auto platform = faults_with({std::string(fault.name)});
    const Buffer report = platform->report({});
    CHECK(report_verifies(report, faults_certificate(platform->vek_der())) != broken.contains(fault.name));
    if (fault.name == "report-as-text") CHECK(report.size() > 1184);
    else CHECK(report.size() == (fault.name == "extra-data" ? 1185 : 1184));
    if (fault.layer != FaultLayer::report)
      CHECK_MESSAGE(equal(Bytes(report).first(snp::kSignedSize), Bytes(clean_report).first(snp::kSignedSize)), "only the report layer changes reports");
  }
}

TEST_CASE("faults: a fault of the report changes the bytes that it names and no others") {
  struct Row { const char* name; std::vector<std::size_t> bytes; };
  const auto clean = faults_with({});
  for (const Row& row : {Row{"body-bitflip", {0x90}}, Row{"algo-zero", {0x34}}, Row{"version-6", {0x00}}, Row{"reserved-nonzero", {0x4C}},
                         Row{"policy-bit17", {0x0A}}, Row{"debug", {0x0A}}, Row{"vmpl-1", {0x30}}, Row{"vmpl-host", {0x30, 0x31, 0x32, 0x33}},
                         Row{"host-data", {0xC0}}, Row{"measurement", {0x90}}, Row{"report-data", {0x50}}, Row{"tcb-rollback", {0x187}},
                         Row{"committed-gt-current", {0x1E7}}, Row{"provisional", {0x1E7}}, Row{"provisional-forbidden", {0x1E7}},
                         Row{"chip-id-mismatch", {0x1A0}}, Row{"signing-key-none", {0x48}}, Row{"vlek-as-vcek", {}}, Row{"sig-zero", {}}}) {
    CAPTURE(row.name);
    const Buffer a = clean->report({}), b = faults_with({row.name})->report({});
    std::vector<std::size_t> differing;
    for (std::size_t i = 0; i < snp::kSignedSize; ++i)
      if (a[i] != b[i]) differing.push_back(i);
    CHECK(differing == row.bytes);
  }
}

TEST_CASE("faults: the bits of POLICY") {
  const auto policy = [](const char* fault) { return snp::parse_report(faults_with({fault})->report({}))->policy; };
  CHECK_FALSE(policy("policy-bit17").reserved_ok());
  CHECK_FALSE(policy("policy-bit17").debug_allowed());
  CHECK(policy("debug").debug_allowed());
  CHECK(policy("debug").reserved_ok());
}

TEST_CASE("faults: the TCB in the other layout fits no certificate, on every product") {
  for (const snp::ProductLine line : {snp::ProductLine::milan, snp::ProductLine::genoa, snp::ProductLine::turin}) {
    const auto platform = faults_with({"tcb-layout-swap"}, {.product = line});
    const auto report = snp::parse_report(platform->report({}));
    CHECK_FALSE(report->reported_tcb == platform->reported_tcb());
    CHECK(report->reported_tcb == report->current_tcb);
    CHECK(report->reported_tcb == report->committed_tcb);
  }
}

TEST_CASE("faults: old versions have the layout of old versions") {
  const auto v1 = snp::parse_report(faults_with({"version-1"})->report({}));
  CHECK(v1->version == 1);
  CHECK(v1->cpuid_fam_id == 0);
  const auto v3 = snp::parse_report(faults_with({"mitvec-in-v3"})->report({}));
  CHECK(v3->version == 3);
  CHECK(v3->reserved_nonzero().size() == 1);
}

TEST_CASE("faults: certificate chains break at the link that is named") {
  struct Row { const char* name; bool vek_by_ask, ask_by_ark, ark_known; };
  const auto clean = faults_with({});
  for (const bool vlek : {false, true})
    for (const Row& row : {Row{"chip-id-zero", true, true, true}, Row{"wrong-ask", false, true, true}, Row{"wrong-ark", true, true, false}, Row{"self-made-root", true, true, false}}) {
      CAPTURE(row.name);
      CAPTURE(vlek);
      const auto platform = faults_with({row.name}, {.vlek = vlek});
      const auto vek = faults_certificate(platform->vek_der()), ask = faults_certificate(platform->ask_der()), ark = faults_certificate(platform->ark_der());
      CHECK(vek.issuer_der() == ask.subject_der());
      CHECK(ask.issuer_der() == ark.subject_der());
      CHECK(ark.subject_der() == faults_certificate(clean->ark_der()).subject_der());
      CHECK(signs(ask, vek) == row.vek_by_ask);
      CHECK(signs(ark, ask) == row.ask_by_ark);
      CHECK(signs(ark, ark));
      CHECK((ark.spki_sha256() == faults_certificate(clean->ark_der()).spki_sha256()) == row.ark_known);
    }
}

TEST_CASE("faults: endorsement key certificates") {
  const auto extension = [](const char* fault, const char* oid) {
    const auto vek = faults_certificate(faults_with({fault})->vek_der());
    const auto* found = vek.extension(oid);
    return found == nullptr ? Buffer() : found->value;
  };
  constexpr const char* kUcode = "1.3.6.1.4.1.3704.1.3.8";
  constexpr const char* kHwid = "1.3.6.1.4.1.3704.1.4";
  CHECK(extension("vcek-hwid-octet", kUcode) == Buffer{0x02, 0x02, 0x00, 0xDE});
  CHECK(extension("tcb-cert-higher", kUcode) == Buffer{0x02, 0x02, 0x00, 0xDF});
  CHECK(extension("vcek-spl-missing", kUcode).empty());
  CHECK(extension("vcek-hwid-octet", kHwid).size() == 66);
  CHECK(extension("vcek-spl-missing", kHwid).size() == 64);
  CHECK_FALSE(extension("vcek-extra-ext", "2.5.29.14").empty());
  CHECK(extension("vcek-hwid-octet", "2.5.29.14").empty());
  CHECK(extension("product-mismatch", "1.3.6.1.4.1.3704.1.2") == Buffer{0x16, 0x05, 'G', 'e', 'n', 'o', 'a'});
  const auto clean = faults_certificate(faults_with({})->vek_der()), expired = faults_certificate(faults_with({"vcek-expired"})->vek_der()), future = faults_certificate(faults_with({"vcek-future"})->vek_der());
  CHECK(expired.not_after() < future.not_before());
  CHECK(expired.not_before() == clean.not_before());
  CHECK(future.not_after() == clean.not_after());
  CHECK(faults_certificate(faults_with({"vlek-as-vcek"})->vek_der()).subject_cn() == "SEV-VLEK");
  CHECK(unsigned_part(faults_with({"debug"})->vek_der()) == unsigned_part(faults_with({})->vek_der()));
}

TEST_CASE("faults: revocation lists") {
  const auto clean = faults_with({});
  const auto ask = faults_certificate(clean->ask_der()), ark = faults_certificate(clean->ark_der());
  struct Row { const char* name; bool revokes, expired, signed_by_root; };
  for (const Row& row : {Row{"debug", false, false, true}, Row{"ask-revoked", true, false, true}, Row{"crl-expired", false, true, true},
                         Row{"crl-wrong-issuer", false, false, false}}) {
    CAPTURE(row.name);
    const auto crl = crypto::Crl::from_der(faults_with({row.name})->crl_der());
    REQUIRE(crl);
    CHECK(crl->revokes(ask.serial_hex()) == row.revokes);
    CHECK((crl->next_update() < ark.not_after()) == row.expired);
    CHECK(crl->issuer_der() == ark.subject_der());
    const auto verified = crl->signed_by(*ark.key());
    REQUIRE(verified);
    CHECK(*verified == row.signed_by_root);
  }
  const auto vlek = faults_with({"ask-revoked"}, {.vlek = true});
  CHECK(crypto::Crl::from_der(vlek->crl_der())->revokes(faults_certificate(vlek->ask_der()).serial_hex()));
}

TEST_CASE("faults: certificate tables break one rule each") {
  struct Row { const char* name; bool terminated; std::size_t out_of_bounds, duplicates; bool vek, ark; };
  for (const Row& row : {Row{"debug", true, 0, 0, true, true}, Row{"table-no-terminator", false, 0, 0, true, true}, Row{"table-oob", true, 1, 0, true, true},
                         Row{"table-wrap", true, 1, 0, true, true}, Row{"table-dup", true, 0, 1, true, true}, Row{"table-mixed-endian-guid", true, 0, 0, false, false}}) {
    CAPTURE(row.name);
    const auto table = snp::parse_cert_table(faults_with({row.name})->cert_table());
    REQUIRE(table);
    CHECK(table->terminated == row.terminated);
    CHECK(table->out_of_bounds.size() == row.out_of_bounds);
    CHECK(table->duplicates.size() == row.duplicates);
    CHECK(table->overlaps.empty());
    CHECK((table->find(snp::TableEntryKind::vcek) != nullptr) == row.vek);
    CHECK((table->find(snp::TableEntryKind::ark) != nullptr) == row.ark);
  }
}

TEST_CASE("faults: the policy of an export describes the platform without the fault, and is of the form the fault needs") {
  const std::string clean = faults_with({})->matching_policy();
  for (const Fault& fault : sim::faults()) {
    if (!sim::applies_to(fault, "snp")) continue;
    CAPTURE(fault.name);
    const std::string policy = faults_with({std::string(fault.name)})->matching_policy();
    CHECK((policy == clean) == !fault.needs.starts_with("policy-"));
  }
  CHECK(faults_with({"provisional-forbidden"})->matching_policy().find("\"provisional\": \"forbid\"") != std::string::npos);
  CHECK(faults_with({"chip-id-zero"})->matching_policy().find("chip_id") == std::string::npos);
}
