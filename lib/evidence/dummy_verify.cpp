#include "evidence/dummy_verify.hpp"

#include "evidence/consent.hpp"
#include "evidence/document_claims.hpp"
#include "evidence/policy_kind.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {

using namespace checks;

void verify_dummy(const Evidence& evidence, const std::optional<ExpectedBinding>&, const std::vector<CollateralItem>&,
                  const Context& context, Report& report) {
  report.evidence.push_back({evidence.format, "none (dummy document)", true, document_claims(evidence.data)});
  ask_for_consent(kHardwareRoot, context.policy.trust_simulated, "a dummy document: no hardware signed anything", "--trust-simulated", report);
  check_evidence_kind(evidence.format, context.policy, report);
  check_options_apply(evidence.format, context.policy, report);
  ask_for_consent(kSnpNoReference, context.policy.any_measurement, "a dummy document identifies nothing", "--any-measurement", report);
  report.add_not_proven("Anything at all about the peer: a dummy document is not signed by hardware.");
}

std::vector<const CheckSpec*> dummy_must_pass(const Context&, const Report&) {
  return {&kHardwareRoot, &kSnpNoReference, &kDummyNonce};
}

}  // namespace atls::evidence
