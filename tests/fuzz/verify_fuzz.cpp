// From a file to a verdict, with AMD's keys only and a policy that pins nothing away: no input is ever verified, because no
// fuzzer can sign for AMD, and every refusal has a reason.
#include <algorithm>

#include "evidence/present.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  static const evidence::TrustStore trust = evidence::TrustStore::builtin();
  static const Collateral collateral;
  static const policy::Policy policy = [] {
    policy::Policy p;
    p.alternatives.emplace_back();
    p.any_measurement = p.allow_debug = p.allow_reserved_nonzero = p.allow_unknown_version = true;
    p.crl = policy::CrlMode::off;
    p.binding_min = BindingLevel::none;
    return p;
  }();
  const Time now{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
  const auto presented = evidence::present(evidence::load_bytes(input, "fuzz"), std::nullopt);
  if (!presented) return;
  Report report;
  report.time = now;
  const auto appraisal = evidence::appraise(*presented, {policy, trust, collateral, now}, report);
  fuzz::require(!appraisal.proof, "nothing is proven");
  fuzz::require(report.verdict && report.verdict->code != ExitCode::verified, "the verdict is not verified");
  fuzz::require(!report.verdict->reason.empty(), "and has a reason");
}
