// Every fault that an export carries, judged by the verifier as atls-verify would: the row of the fault table is the expectation.
#include <doctest/doctest.h>

#include <algorithm>

#include "collateral/providers.hpp"
#include "evidence/load.hpp"
#include "evidence/verify.hpp"
#include "sim/anchors.hpp"
#include "sim/faults.hpp"
#include "sim/platform.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using sim::Fault;
using sim::FaultLayer;
using snp::ProductLine;

namespace {

const Time kVerdictTime{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

Buffer verdict_content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in, path.string());
  return Buffer(std::istreambuf_iterator<char>(in), {});
}

// Exports, loads the artifact, judges it.
Report verdict_judged(const sim::SnpOptions& options, const Fault* fault) {
  const test::TempDir folder;
  const std::filesystem::path root = folder.path() / "export";
  auto platform = sim::SnpPlatform::create(options);
  REQUIRE_MESSAGE(platform, (platform ? std::string() : platform.error().message()));
  REQUIRE(sim::export_platform(**platform, root));

  const std::string artifact = fault == nullptr || fault->artifact.empty() ? "extended.bin" : std::string(fault->artifact);
  const bool own_collateral = fault != nullptr && fault->needs == "collateral-dir";
  auto loaded = evidence::load_path(root / artifact);
  REQUIRE(loaded);
  REQUIRE(loaded->evidence);

  auto policy = policy::load_policy(verdict_content(root / "policy.json"), "policy.json", root.string());
  REQUIRE(policy);
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  Collateral collateral;
  if (own_collateral) {
    auto anchors = evidence::TrustStore::from_pem(verdict_content(root / "trust-anchor.pem"));
    REQUIRE(anchors);
    trust = *std::move(anchors);
  } else {
    trust.add(sim::trust_anchors());
    policy->trust_simulated = true;
    collateral.add(sim::anchors_provider());
  }
  if (own_collateral || artifact == "hcl.bin") {   // an HCL report brings no certificates
    auto directory = directory_provider(root);
    REQUIRE(directory);
    collateral.add(*directory);
  }
  evidence::Presented presented;
  presented.raw = *std::move(loaded->evidence);
  const evidence::Context context{*policy, trust, collateral, kVerdictTime};
  Report report;
  evidence::appraise(presented, context, report);
  return report;
}

std::string failures_told(const Report& report) {
  std::string out;
  for (const CheckResult& check : report.checks)
    if (check.outcome == Outcome::fail || check.outcome == Outcome::error) out += std::string(check.spec->id) + " (" + std::string(outcome_name(check.outcome)) + "): " + check.detail + "\n";
  return out;
}

struct Machine { std::string name; sim::SnpOptions options; };
const Machine kMachines[] = {{"Milan VCEK", {}},
                             {"Genoa VCEK, version 2", {.product = ProductLine::genoa, .report_version = 2}},
                             {"Turin VCEK", {.product = ProductLine::turin}},
                             {"Genoa VLEK, version 3", {.product = ProductLine::genoa, .vlek = true, .report_version = 3}}};

}  // namespace

TEST_CASE("verdict: every simulated platform without a fault is verified under its own policy") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::genoa, ProductLine::turin})
    for (std::uint32_t version = 2; version <= 5; ++version)
      for (const bool vlek : {false, true}) {
        const sim::SnpOptions options{.product = line, .vlek = vlek, .report_version = version};
        CAPTURE(snp::product_name(line));
        CAPTURE(version);
        CAPTURE(vlek);
        const Report report = verdict_judged(options, nullptr);
        REQUIRE(report.verdict);
        CHECK_MESSAGE(report.verdict->code == ExitCode::verified, failures_told(report));
      }
}

TEST_CASE("verdict: every fault trips its check, gives its exit status, and breaks nothing that its row does not name") {
  for (const Machine& machine : kMachines)
    for (const Fault& fault : sim::faults()) {
      // report-data shows only where a binding is expected: in handshakes.
      if (fault.layer == FaultLayer::handshake || fault.name == "report-data" || !sim::applies_to(fault, "snp")) continue;
      if ((fault.needs == "vcek" && machine.options.vlek) || (fault.needs == "milan-or-genoa" && machine.options.product == ProductLine::turin) ||
          (fault.needs == "version-3" && machine.options.report_version < 3))
        continue;
      if (fault.name == "chip-id-zero" && machine.options.vlek) continue;   // a VLEK platform masks it anyway
      sim::SnpOptions options = machine.options;
      options.faults = {std::string(fault.name)};
      CAPTURE(machine.name);
      CAPTURE(fault.name);
      const Report report = verdict_judged(options, &fault);
      REQUIRE(report.verdict);
      CHECK_MESSAGE(report.verdict->code == fault.exit, failures_told(report));
      const CheckResult* check = report.find(fault.check);
      REQUIRE(check != nullptr);
      CHECK_MESSAGE(outcome_name(check->outcome) == fault.outcome, check->detail);
      if (!fault.accept) CHECK_MESSAGE(report.verdict->reason == fault.check, failures_told(report));
      for (const CheckResult& other : report.checks) {
        if (other.outcome != Outcome::fail || other.spec->id == fault.check) continue;
        const bool named = std::find(fault.consequences.begin(), fault.consequences.end(), other.spec->id) != fault.consequences.end();
        CHECK_MESSAGE(named, other.spec->id << ": " << other.detail);
      }
    }
}

TEST_CASE("verdict: without --trust-simulated no simulated platform is verified") {
  const auto platform = sim::SnpPlatform::create({});
  REQUIRE(platform);
  const auto policy = policy::load_policy(as_bytes((*platform)->matching_policy()), "policy.json", ".");
  REQUIRE(policy);
  const evidence::TrustStore trust = evidence::TrustStore::builtin();
  const Collateral collateral;
  evidence::Presented presented;
  presented.raw.emplace();
  presented.raw->format = "snp";
  presented.raw->data = (*platform)->report({});
  presented.raw->aux = (*platform)->cert_table();
  Report report;
  const evidence::Appraisal appraisal = evidence::appraise(presented, {*policy, trust, collateral, kVerdictTime}, report);
  CHECK_FALSE(appraisal.proof);
  CHECK(report.verdict->code == ExitCode::rejected);
  CHECK(report.verdict->reason == "snp-ark-trusted");
}
