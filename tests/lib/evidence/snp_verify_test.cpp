#include "evidence/verify.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "lib/evidence/appraise_fixture.hpp"
#include "report/checks_snp.hpp"
#include "sim/faults.hpp"

using namespace atls;
using namespace atls::test;
using snp::ProductLine;

TEST_CASE("snp: every product, version and signer of the simulated platform is verified, and nothing is forgotten") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::genoa, ProductLine::turin})
    for (std::uint32_t version = 2; version <= 5; ++version)
      for (const bool vlek : {false, true}) {
        CAPTURE(std::string(snp::product_name(line)));
        CAPTURE(version);
        CAPTURE(vlek);
        const Report report = Judge{}(raw(evidence_of(*platform({.product = line, .vlek = vlek, .report_version = version}))));
        CHECK_MESSAGE(report.verdict->code == ExitCode::verified, failures(report));
        CHECK(report.evidence.front().simulated);
        for (const CheckSpec* spec : checks::kSnpChecks) {
          CAPTURE(std::string(spec->id));
          CHECK(report.find(spec->id) != nullptr);
        }
      }
}

TEST_CASE("snp: the certificate alone is enough, and the built-in keys stand in for its authorities") {
  for (const bool vlek : {false, true}) {
    const auto p = platform({.vlek = vlek});
    evidence::Evidence e = evidence_of(*p, false);
    e.endorsements.push_back(
        {vlek ? CollateralKind::amd_vlek : CollateralKind::amd_vcek, p->vek_der(), CollateralSource::handshake, ""});
    const Report report = Judge{}(raw(e));
    CHECK_MESSAGE(report.verdict->code == ExitCode::verified, failures(report));
    CHECK(report.outcome_of(checks::kSnpAskSignature) == Outcome::skip);
    CHECK(report.outcome_of(checks::kSnpArkSelfSignature) == Outcome::skip);
    CHECK(report.outcome_of(checks::kSnpVekSignature) == Outcome::pass);
    CHECK(report.outcome_of(checks::kSnpArkTrusted) == Outcome::pass);
  }
}

TEST_CASE("snp: simulated evidence is not trusted unless asked for") {
  Judge judge;
  judge.trust = evidence::TrustStore::builtin();
  const Report report = judge(raw(evidence_of(*platform())));
  CHECK(report.verdict->code == ExitCode::rejected);
  CHECK(report.verdict->reason == "snp-ark-trusted");
  CHECK_FALSE(report.evidence.front().simulated);
}

TEST_CASE("snp: without an endorsement certificate the answer is undecided, and says where was looked") {
  const Report report = Judge{}(raw(evidence_of(*platform(), false)));
  CHECK(report.verdict->code == ExitCode::undecided);
  CHECK(report.verdict->reason == "snp-vek-present");
  CHECK(report.outcome_of(checks::kSnpReportSignature) == Outcome::error);
  CHECK(report.find("snp-vek-present")->detail.find("Next:") != std::string::npos);
}

TEST_CASE("snp: revocation is required unless the policy says otherwise") {
  struct Row {
    policy::CrlMode mode;
    ExitCode code;
    Outcome available, revoked;
  };
  for (const Row& row : {Row{policy::CrlMode::require, ExitCode::undecided, Outcome::error, Outcome::error},
                         Row{policy::CrlMode::if_available, ExitCode::verified, Outcome::warn, Outcome::skip},
                         Row{policy::CrlMode::off, ExitCode::verified, Outcome::skip, Outcome::skip}}) {
    Judge judge;
    judge.collateral = Collateral{};
    judge.policy.crl = row.mode;
    const Report report = judge(raw(evidence_of(*platform())));
    CHECK_MESSAGE(report.verdict->code == row.code, failures(report));
    CHECK(report.outcome_of(checks::kSnpCrlAvailable) == row.available);
    CHECK(report.outcome_of(checks::kSnpAskNotRevoked) == row.revoked);
    const bool told = std::any_of(report.not_proven.begin(), report.not_proven.end(),
                                  [](const std::string& s) { return s.find("Revocation") != std::string::npos; });
    CHECK(told == (row.mode != policy::CrlMode::require));
  }
}

TEST_CASE("snp: nothing pinned is not a proof") {
  Judge judge;
  judge.policy.any_measurement = false;
  const Report report = judge(raw(evidence_of(*platform())));
  CHECK(report.verdict->code == ExitCode::partial);
  CHECK(report.verdict->reason == "snp-no-reference");
}

TEST_CASE("snp: every fault of evidence and certificates fails by its check and nothing that it does not list") {
  int ran = 0;
  for (const sim::Fault& fault : sim::faults()) {
    if (fault.layer == sim::FaultLayer::handshake || fault.layer == sim::FaultLayer::hcl || fault.name == "report-data" || !sim::applies_to(fault, "snp")) continue;
    CAPTURE(std::string(fault.name));
    const auto p = platform({.faults = {std::string(fault.name)}});
    Judge judge;
    auto policy = policy::load_policy(as_bytes(p->matching_policy()), "policy.json", "");
    REQUIRE_MESSAGE(policy, policy.error().message());
    judge.policy = *std::move(policy);
    evidence::Presented presented = raw(evidence_of(*p));
    if (fault.layer == sim::FaultLayer::crl) {
      judge.collateral = Collateral{};
      presented.with_it.push_back({CollateralKind::amd_crl, p->crl_der(), CollateralSource::bundle, ""});
    }
    const Report report = judge(presented);
    ++ran;
    CHECK_MESSAGE(report.verdict->code == fault.exit, failures(report));
    if (fault.accept) {
      if (!fault.check.empty()) {
        REQUIRE(report.find(fault.check) != nullptr);
        CHECK(outcome_name(report.find(fault.check)->outcome) == fault.outcome);
      }
      continue;
    }
    CHECK(report.verdict->reason == fault.check);
    for (const CheckResult& r : report.checks) {
      if (r.outcome != Outcome::fail || r.spec->id == fault.check) continue;
      CAPTURE(std::string(r.spec->id));
      CHECK(std::find(fault.consequences.begin(), fault.consequences.end(), r.spec->id) != fault.consequences.end());
    }
  }
  MESSAGE("faults judged: ", ran);
}
