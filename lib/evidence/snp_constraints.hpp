// The snp-policy-* checks of one alternative.
#pragma once

#include "evidence/snp_policy.hpp"

namespace atls::evidence {

void check_snp_constraints(const SnpFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report);

}  // namespace atls::evidence
