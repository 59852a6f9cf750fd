// The appraisal of Intel evidence against reference values.
#include <algorithm>

#include "base/hex.hpp"
#include "evidence/alternatives.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/intel_constraints.hpp"
#include "evidence/intel_td.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

// The smaller number of both documents: the older one decides what is known about the platform.
void find_eval_number(IntelFacts& facts) {
  const IntelCase& c = facts.c;
  const auto holds = [&](const CheckSpec& signature) { return facts.report.outcome_of(signature) == Outcome::pass; };
  if (!c.tcb_info || !c.tcb_info->document) facts.no_eval_number = "there is no TCB info";
  else if (!c.qe_identity || !c.qe_identity->document) facts.no_eval_number = "there is no QE identity";
  else if (!holds(kTcbInfoSignature)) facts.no_eval_number = "the signature of the TCB info does not hold";
  else if (!holds(kQeIdentitySignature)) facts.no_eval_number = "the signature of the QE identity does not hold";
  else facts.eval_number = std::min(c.tcb_info->document->evaluation_number, c.qe_identity->document->evaluation_number);
}

Reference reference_for(const IntelCase& c) {
  if (const intel::TdReport* td = c.td())
    return {kTdxNoReference, "TD", "--mrtd", "what the host configured", "MRTD " + hex(td->mr_td)};
  const intel::SgxReport* enclave = c.enclave();
  return {kSgxNoReference, "enclave", "--mr-enclave, or --mr-signer with --isv-prod-id", "", enclave ? "MRENCLAVE " + hex(enclave->mr_enclave) : ""};
}

}  // namespace

void check_intel_policy(const IntelCase& c, const TcbVerdict& tcb, const Context& context, Report& report) {
  if (!c.quote) return;
  IntelFacts facts{c, tcb, report, {}, {}, boot_events(c.evidence ? c.evidence->event_log : std::nullopt, report), context.now};
  find_eval_number(facts);
  const auto judge = [&](const policy::Alternative& alternative, Report& out) {
    judge_attributes(c, context.policy, alternative, out);
    check_intel_constraints(facts, context.policy, alternative, out);
  };
  judge_alternatives(c.is_tdx() ? "tdx" : "sgx", context.policy, reference_for(c), judge, report);
}

}  // namespace atls::evidence
