// Whether a policy accepts a TCB status. An alternative of the policy must hold completely, so this is judged once for each.
#pragma once

#include "evidence/intel_tcb.hpp"
#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::evidence {

// Records tcb-status: `pass` for UpToDate; `warn` with the reason for a status that a rule of the alternative or an --allow-...
// option accepts now; `fail` otherwise (exit 5; Revoked: exit 2). Without an evaluation: `error`, or `skip` when the collateral is
// missing and that was allowed. `rules`: of the section that the evidence belongs to (alternative.tdx or alternative.sgx).
void judge_tcb_status(const TcbVerdict& tcb, const policy::IntelPolicy& rules, const policy::Policy& policy, Time now, Report& report);

// The same question without a report.
struct Acceptance {
  bool accepted = false;
  bool loosened = false;              // accepted, but only because something allows it
  std::string reason;                 // why it is accepted, or why not and what to do
};
Acceptance accepts_tcb_status(const TcbEvaluation& evaluation, const policy::IntelPolicy& rules, const policy::Policy& policy, Time now);

}  // namespace atls::evidence
