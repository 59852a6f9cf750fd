// The policy-* checks of Intel evidence for one alternative of the policy.
#pragma once

#include "evidence/intel_case.hpp"
#include "evidence/intel_events.hpp"

namespace atls::evidence {

// What the alternatives are judged by, beside the case itself: the same for all of them.
struct IntelFacts {
  const IntelCase& c;
  const TcbVerdict& tcb;
  const Report& report;                        // the checks before the policy
  std::optional<std::uint32_t> eval_number;    // of collateral whose signatures hold
  std::string no_eval_number;                  // why there is none
  BootEvents events;
  Time now;
};

void check_intel_constraints(const IntelFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report);

}  // namespace atls::evidence
