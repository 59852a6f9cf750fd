#include "sim/platform.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "azure/hcl.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "policy/policy.hpp"
#include "support/sim_platform.hpp"

using namespace atls;
using namespace atls::test;
using snp::ProductLine;

namespace {

snp::AttestationReport platform_parsed(Bytes raw) {
  auto out = snp::parse_report(raw);
  REQUIRE(out);
  return *std::move(out);
}

bool signature_verifies(const snp::AttestationReport& report, const crypto::Certificate& vek) {
  Buffer r(report.signature_r.begin(), report.signature_r.begin() + 48), s(report.signature_s.begin(), report.signature_s.begin() + 48);
  std::reverse(r.begin(), r.end());
  std::reverse(s.begin(), s.end());
  const auto verified = crypto::verify_ecdsa_p384_sha384(*vek.key(), report.signed_bytes(), r, s);
  return verified && *verified;
}

Buffer without_signature(Bytes certificate_der) { return to_buffer(certificate_der.first(certificate_der.size() - 512)); }

std::string suffixes(const crypto::Certificate& vek) {
  std::string out;
  for (const auto& extension : vek.extensions()) {
    REQUIRE(extension.oid.starts_with("1.3.6.1.4.1.3704.1."));
    CHECK_FALSE(extension.critical);
    out += extension.oid.substr(19) + " ";
  }
  return out;
}

}  // namespace

TEST_CASE("simulated platform: every product, version and signer gives a report that its certificates prove") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::genoa, ProductLine::turin})
    for (std::uint32_t version = 2; version <= 5; ++version)
      for (const bool vlek : {false, true}) {
        const auto platform = make_snp({.product = line, .vlek = vlek, .report_version = version});
        CAPTURE(snp::product_name(line));
        CAPTURE(version);
        CAPTURE(vlek);
        const Buffer raw = platform->report(some_report_data());
        REQUIRE(raw.size() == snp::kReportSize);
        const snp::AttestationReport report = platform_parsed(raw);
        const crypto::Certificate vek = certificate(platform->vek_der()), ask = certificate(platform->ask_der()), ark = certificate(platform->ark_der());
        CHECK(report.version == version);
        CHECK(report.reserved_nonzero().empty());
        CHECK(report.report_data == some_report_data());
        CHECK(report.signing_key_raw() == (vlek ? 1 : 0));
        CHECK(is_zero(report.chip_id) == vlek);
        CHECK(report.product_from_cpuid() == (version >= 3 ? line : ProductLine::unknown));
        CHECK((report.current_mit_vector != 0) == (version == 5));
        CHECK(report.reported_tcb.reserved_zero(snp::tcb_layout(line)));
        CHECK(report.reported_tcb == platform->reported_tcb());
        CHECK(is_zero(Bytes(raw).subspan(0x330)));
        CHECK(is_zero(Bytes(report.signature_r).subspan(48)));
        CHECK(signature_verifies(report, vek));

        CHECK(vek.subject_cn() == (vlek ? "SEV-VLEK" : "SEV-VCEK"));
        CHECK(vek.serial_hex() == "0");
        CHECK(vek.key_type() == crypto::KeyType::ec_p384);
        CHECK(vek.issuer_der() == ask.subject_der());
        CHECK(vek.signed_by(*ask.key()).operator bool());
        CHECK(*vek.signed_by(*ask.key()));
        CHECK(*ask.signed_by(*ark.key()));
        CHECK(vek.not_after() == ark.not_after());
        const std::string last = vlek ? "5 " : "4 ";
        CHECK(suffixes(vek) == (line == ProductLine::turin ? "1 2 3.9 3.1 3.2 3.3 3.5 3.6 3.7 3.8 " : "1 2 3.1 3.2 3.4 3.5 3.6 3.7 3.3 3.8 ") + last);
        if (!vlek) {
          const std::size_t size = line == ProductLine::turin ? 8 : 64;
          CHECK(vek.extension("1.3.6.1.4.1.3704.1.4")->value == to_buffer(Bytes(report.chip_id).first(size)));
        }
      }
}

TEST_CASE("simulated platform: the same seed gives the same bytes but for signatures, another seed does not") {
  const auto a = make_snp({.seed = "one"}), b = make_snp({.seed = "one"}), other = make_snp({.seed = "two"});
  const Buffer ra = a->report(some_report_data()), rb = b->report(some_report_data()), ro = other->report(some_report_data());
  CHECK(equal(Bytes(ra).first(snp::kSignedSize), Bytes(rb).first(snp::kSignedSize)));
  CHECK_FALSE(equal(Bytes(ra).first(snp::kSignedSize), Bytes(ro).first(snp::kSignedSize)));
  CHECK(without_signature(a->vek_der()) == without_signature(b->vek_der()));
  CHECK(without_signature(a->vek_der()) != without_signature(other->vek_der()));
  CHECK(a->ask_der() == b->ask_der());
  CHECK(a->ark_der() == other->ark_der());
  CHECK(a->crl_der() == b->crl_der());
  CHECK(a->matching_policy() == b->matching_policy());
  CHECK(a->matching_policy() != other->matching_policy());
}

TEST_CASE("simulated platform: a fixed seed keeps its values from release to release") {
  // Saved policies pin these. A change here is a change for users: say so in the CHANGELOG.
  const snp::AttestationReport report = platform_parsed(make_snp()->report({}));
  CHECK(hex(report.measurement).substr(0, 16) == "b74fbe2147527dfe");
  CHECK(hex(report.chip_id).substr(0, 16) == "8d4611103d3f9192");
  CHECK(certificate(make_snp()->vek_der()).spki_sha256().substr(0, 16) == "5a1bb29fcee55eee");
}

TEST_CASE("simulated platform: the certificate table holds the chain and fills whole pages") {
  const auto platform = make_snp({.vlek = true});
  const Buffer raw = platform->cert_table();
  CHECK(raw.size() % 4096 == 0);
  const auto table = snp::parse_cert_table(raw);
  REQUIRE(table);
  CHECK(table->terminated);
  CHECK(table->out_of_bounds.empty());
  CHECK(table->find(snp::TableEntryKind::vlek)->data == platform->vek_der());
  CHECK(table->find(snp::TableEntryKind::ask)->data == platform->ask_der());
  CHECK(table->find(snp::TableEntryKind::ark)->data == platform->ark_der());
}

TEST_CASE("simulated platform: the HCL form binds its claims, and the hcl-hash fault breaks exactly that") {
  const std::string claims = R"({"keys":[]})";
  for (const bool broken : {false, true}) {
    const auto platform = make_snp({.faults = broken ? std::vector<std::string>{"hcl-hash"} : std::vector<std::string>{}});
    const auto hcl = azure::parse_hcl(platform->hcl(as_bytes(claims)));
    REQUIRE(hcl);
    CHECK(hcl->claims_complete);
    const snp::AttestationReport report = platform_parsed(hcl->hardware_report);
    CHECK(equal(Bytes(report.report_data).first(32), crypto::sha256(hcl->claims)) != broken);
    CHECK(signature_verifies(report, certificate(platform->vek_der())));
  }
}

TEST_CASE("simulated platform: the policy pins what the report says") {
  for (const bool vlek : {false, true}) {
    const auto platform = make_snp({.product = ProductLine::turin, .vlek = vlek});
    const auto policy = parse_json(as_bytes(platform->matching_policy()), "policy");
    REQUIRE(policy);
    const nlohmann::json snp = (*policy)["alternatives"][0]["snp"];
    const snp::AttestationReport report = platform_parsed(platform->report({}));
    CHECK((*policy)["schema"] == "atls-policy/1");
    CHECK(snp["measurement"] == hex(report.measurement));
    CHECK(snp["host_data"] == hex(report.host_data));
    CHECK(snp["product"]["any_of"][0] == "Turin");
    CHECK(snp["signer"]["any_of"][0] == (vlek ? "vlek" : "vcek"));
    CHECK(snp.contains("chip_id") == !vlek);
    CHECK(snp["tcb"]["reported"]["min"]["fmc"] == 1);
    CHECK(snp["tcb"]["reported"]["min"]["microcode"] == 0x51);
  }
}

TEST_CASE("simulated platform: the policy loads under the strict rules of atls-policy/1") {
  for (const char* fault : {"", "provisional-forbidden", "chip-id-zero"}) {
    CAPTURE(fault);
    const auto platform = make_snp({.faults = *fault == '\0' ? std::vector<std::string>{} : std::vector<std::string>{fault}});
    const auto policy = policy::load_policy(as_bytes(platform->matching_policy()), "policy.json", ".");
    REQUIRE_MESSAGE(policy, (policy ? std::string() : policy.error().message()));
    CHECK(policy->alternatives.size() == 1);
  }
}

TEST_CASE("simulated platform: overrides show in report and policy") {
  const auto platform = make_snp({.measurement = Buffer(48, 0xAA), .host_data = Buffer(32, 0xBB)});
  const snp::AttestationReport report = platform_parsed(platform->report({}));
  CHECK(is_all(report.measurement, 0xAA));
  CHECK(is_all(report.host_data, 0xBB));
  CHECK(platform->matching_policy().find(std::string(96, 'a')) != std::string::npos);
}

TEST_CASE("simulated platform: what it cannot be is refused with a reason") {
  struct Row { const char* what; sim::SnpOptions options; };
  for (const Row& row : {Row{"unknown product", {.product = ProductLine::unknown}}, Row{"version 1", {.report_version = 1}},
                         Row{"version 6", {.report_version = 6}}, Row{"unknown fault", {.faults = {"sig-bitflip", "no-such-fault"}}},
                         Row{"VCEK fault of a VLEK platform", {.vlek = true, .faults = {"vcek-hwid-octet"}}},
                         Row{"product mismatch across layouts", {.product = ProductLine::turin, .faults = {"product-mismatch"}}},
                         Row{"lost certificates of version 2", {.report_version = 2, .faults = {"table-mixed-endian-guid"}}},
                         Row{"short measurement", {.measurement = Buffer(47, 1)}}, Row{"empty host data", {.host_data = Buffer{}}}}) {
    CAPTURE(row.what);
    const auto platform = sim::SnpPlatform::create(row.options);
    CHECK_FALSE(platform);
    if (!platform) CHECK(platform.error().code == Errc::bad_value);
  }
}

TEST_CASE("simulated platform: the attester gives the report over its data and the table") {
  const std::shared_ptr<const sim::SnpPlatform> platform = make_snp();
  const auto attester = sim::sim_snp_attester(platform);
  CHECK(attester->name() == "sim-snp");
  const auto evidence = attester->attest(some_report_data());
  REQUIRE(evidence);
  CHECK(evidence->format == "snp");
  CHECK(platform_parsed(evidence->data).report_data == some_report_data());
  CHECK(evidence->aux == platform->cert_table());
}
