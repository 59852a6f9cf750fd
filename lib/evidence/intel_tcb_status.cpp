#include "evidence/intel_tcb_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evidence/intel_tcb_levels.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

std::string list(const std::vector<std::string>& items) { return items.empty() ? "none" : fmt::format("{}", fmt::join(items, ", ")); }

std::vector<std::string> outside(const std::vector<std::string>& open, const std::set<std::string>& allowed) {
  std::vector<std::string> out;
  std::copy_if(open.begin(), open.end(), std::back_inserter(out), [&](const std::string& id) { return !allowed.contains(id); });
  return out;
}

// Empty: the rule accepts. Otherwise why it does not.
std::string refusal(const policy::TcbStatusRule& rule, const TcbEvaluation& e, Time now) {
  if (rule.until && now > *rule.until) return fmt::format("{} accepts {} only until {}, and that is over", rule.source.empty() ? "the policy" : rule.source, rule.status, rfc3339(*rule.until));
  if (rule.advisories) {
    const auto more = outside(e.advisories, *rule.advisories);
    if (!more.empty()) return fmt::format("{} accepts {} only while no other advisory is open, and there is {}", rule.source.empty() ? "the policy" : rule.source, rule.status, list(more));
  }
  return {};
}

std::string consent(const policy::TcbStatusRule& rule) {
  std::string out = fmt::format("{} is accepted by {}", rule.status, rule.source.empty() ? "the policy" : rule.source);
  if (rule.until) out += " until " + rfc3339(*rule.until);
  return out + (rule.reason.empty() ? ", which gives no reason" : ": " + rule.reason);
}

std::vector<const policy::TcbStatusRule*> rules_for(std::string_view status, const policy::IntelPolicy& rules, const policy::Policy& policy) {
  std::vector<const policy::TcbStatusRule*> out;
  for (const auto* place : {&rules.tcb_status, &policy.allow_tcb_status})
    for (const policy::TcbStatusRule& rule : *place)
      if (rule.status == status) out.push_back(&rule);
  return out;
}

std::string what_next(const TcbEvaluation& e) {
  switch (e.status) {
    case TcbStatus::sw_hardening_needed:
    case TcbStatus::configuration_and_sw_hardening_needed:
    case TcbStatus::configuration_needed:
      return fmt::format("its owner must act on the advisories ({}); what is judged to be harmless is accepted with --allow-tcb-status {}:REASON", list(e.advisories), tcb_status_name(e.status));
    case TcbStatus::td_relaunch_advised:
    case TcbStatus::td_relaunch_advised_configuration_needed: return "the host has been updated: restart the TD, so that it is launched by the module that runs now";
    default: return fmt::format("the host needs an update (open advisories: {}); the TCB section of the report says of what", list(e.advisories));
  }
}

}  // namespace

Acceptance accepts_tcb_status(const TcbEvaluation& e, const policy::IntelPolicy& rules, const policy::Policy& policy, Time now) {
  const std::string name(tcb_status_name(e.status));
  if (e.status == TcbStatus::revoked) return {false, false, "a part of the platform is revoked by Intel; no policy can accept that"};
  if (e.status == TcbStatus::not_supported) return {false, false, e.why + "; no policy can accept that"};
  const auto named = rules_for(name, rules, policy);
  std::string refusals;
  for (const policy::TcbStatusRule* rule : named) {
    const std::string why = refusal(*rule, e, now);
    // UpToDate needs no consent; a rule about it can only add a condition.
    if (why.empty()) return {true, e.status != TcbStatus::up_to_date, e.status == TcbStatus::up_to_date ? "" : consent(*rule)};
    refusals += (refusals.empty() ? "" : "; ") + why;
  }
  if (e.status == TcbStatus::up_to_date && named.empty()) return {true, false, ""};
  if (e.status == TcbStatus::out_of_date && !policy.allow_advisories.empty()) {
    const auto more = outside(e.advisories, policy.allow_advisories);
    if (e.advisories.empty()) refusals += (refusals.empty() ? "" : "; ") + std::string("the levels name no advisory, so --allow-advisories says nothing about them");
    else if (more.empty()) return {true, true, fmt::format("OutOfDate is accepted by --allow-advisories: only {} {} open", list(e.advisories), e.advisories.size() == 1 ? "is" : "are")};
    else refusals += (refusals.empty() ? "" : "; ") + fmt::format("--allow-advisories does not name {}", list(more));
  }
  return {false, false, fmt::format("the status is {}: {}", name, refusals.empty() ? what_next(e) : refusals)};
}

namespace {

// The profiles agree on most platforms. Where they do not, whoever reads the report may be using another verifier.
std::string others(const TcbVerdict& tcb, bool accepted, const policy::IntelPolicy& rules, const policy::Policy& policy, Time now) {
  std::vector<std::string> differing;
  for (const auto& [profile, e] : tcb.all)
    if (profile != tcb.profile && (e.library != LibraryAnswer::refuses && accepts_tcb_status(e, rules, policy, now).accepted) != accepted)
      differing.push_back(fmt::format("{} says {}{}", tcb_profile_name(profile), tcb_status_name(e.status), e.why.empty() ? "" : " (" + e.why + ")"));
  return differing.empty() ? std::string() : fmt::format("other verifiers would {} this: {}", accepted ? "refuse" : "accept", fmt::join(differing, "; "));
}

std::string two_sentences(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + ". " + b; }

}  // namespace

void judge_tcb_status(const TcbVerdict& tcb, const policy::IntelPolicy& rules, const policy::Policy& policy, Time now, Report& report) {
  using checks::kTcbStatus;
  if (!tcb.evaluation) {
    if (tcb.missing_allowed && tcb.qe_alone) {     // a bad quoting enclave is bad, whatever the platform is
      TcbEvaluation e;
      e.status = converge(TcbStatus::up_to_date, {tcb.qe_alone});
      e.advisories = tcb.qe_advisories;
      if (const Acceptance qe = accepts_tcb_status(e, rules, policy, now); !qe.accepted) {
        CheckResult& r = report.fail(kTcbStatus, "the quoting enclave alone: " + qe.reason);
        r.actual = std::string(tcb_status_name(e.status));
        if (e.status == TcbStatus::revoked) r.on_fail = ExitCode::rejected;
        return;
      }
    }
    if (tcb.missing_allowed) return (void)report.skip(kTcbStatus, tcb.why_not);
    return (void)report.error(kTcbStatus, tcb.why_not.empty() ? "the TCB was not evaluated" : tcb.why_not);
  }
  const TcbEvaluation& chosen = *tcb.evaluation;
  Acceptance answer = accepts_tcb_status(chosen, rules, policy, now);
  bool revoked = chosen.status == TcbStatus::revoked;
  // Another profile than the default one must not become a way around what Intel's own algorithm rejects.
  for (const auto& [profile, e] : tcb.all) {
    if (profile != TcbProfile::qvl_2026 || tcb.profile == TcbProfile::qvl_2026 || !answer.accepted) continue;
    const Acceptance reference = accepts_tcb_status(e, rules, policy, now);
    if (reference.accepted) continue;
    revoked = e.status == TcbStatus::revoked;
    answer = {!revoked && e.status != TcbStatus::not_supported, true,
              two_sentences(answer.reason, fmt::format("accepted by --tcb-profile {} only: {} says {}", tcb_profile_name(tcb.profile), tcb_profile_name(profile), tcb_status_name(e.status)))};
    if (!answer.accepted) answer.reason += ", which no profile makes acceptable";
  }
  if (answer.accepted && tcb.without_qe) {
    answer.loosened = true;
    answer.reason = two_sentences("the quoting enclave is not judged: there is no QE identity, which was allowed", answer.reason);
  }
  const std::string detail = two_sentences(answer.reason, others(tcb, answer.accepted, rules, policy, now));
  // Where no level matched, the check of that level has failed; there is no status to judge.
  CheckResult& r = !tcb.failed_check.empty() && chosen.status == TcbStatus::not_supported ? report.error(kTcbStatus, "there is no status: see " + tcb.failed_check)
                   : !answer.accepted ? report.fail(kTcbStatus, detail)
                   : answer.loosened  ? report.warn(kTcbStatus, detail)
                                      : report.pass(kTcbStatus, detail);
  r.actual = std::string(tcb_status_name(chosen.status));
  r.expected = "UpToDate";
  for (const auto* place : {&rules.tcb_status, &policy.allow_tcb_status})
    for (const policy::TcbStatusRule& rule : *place)
      if (rule.status != "UpToDate") r.expected += " or " + rule.status;
  r.signed_by = "Intel SGX TCB Signing";
  if (revoked && r.outcome == Outcome::fail) r.on_fail = ExitCode::rejected;
}

}  // namespace atls::evidence
