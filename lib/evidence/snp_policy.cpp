#include "evidence/snp_policy.hpp"

#include "base/hex.hpp"
#include "evidence/alternatives.hpp"
#include "evidence/snp_constraints.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {

void check_snp_policy(const SnpFacts& facts, const policy::Policy& policy, Report& report) {
  const Reference reference{checks::kSnpNoReference, "guest", "--measurement, --id-key-digest or --author-key-digest", "host data",
                            "measurement " + hex(facts.report.measurement)};
  judge_alternatives("snp", policy, reference, [&](const policy::Alternative& alternative, Report& out) { check_snp_constraints(facts, policy, alternative, out); }, report);
}

}  // namespace atls::evidence
