#include "evidence/alternatives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "evidence/policy_kind.hpp"
#include "report/checks_policy.hpp"

namespace atls::evidence {
namespace {

struct Judged {
  const policy::Alternative* alternative;
  Report report;                                  // only its checks and not_proven are used
  std::vector<std::string_view> failed;
  bool about_this = true;                         // the alternative is about this kind of evidence
};

void check_reference(std::string_view format, const Reference& reference, const policy::Policy& policy, const policy::Alternative& alternative, Report& out) {
  const policy::Identity identity = policy::identity_of(alternative, format);
  if (identity.pinned) {
    out.pass(reference.spec);
    for (const std::string& sentence : identity.open) out.add_not_proven(sentence);
    return;
  }
  if (identity.only_host_values) out.add_not_proven(fmt::format("Which image the {} runs: only {} is pinned, and the host chooses it.", reference.what, reference.host_values));
  const std::string weak = fmt::format("{}", fmt::join(identity.weak, "; "));
  if (policy.any_measurement) {
    out.warn(reference.spec, fmt::format("no reference value identifies the {}; accepted on request{}{}", reference.what, weak.empty() ? "" : "; ", weak)).actual = reference.actual;
    out.add_not_proven(fmt::format("Which {} this is: no reference value identifies it, any {} on genuine hardware is accepted.", reference.what, reference.what));
    return;
  }
  const std::string missing = weak.empty() ? fmt::format("nothing says which {} is expected", reference.what) : weak;
  CheckResult& result = out.fail(reference.spec, fmt::format("{}; pin {}, or accept any {} with --any-measurement", missing, reference.pins, reference.what));
  result.expected = fmt::format("a reference value that identifies the {}", reference.what);
  result.actual = reference.actual;
}

bool counts(const CheckResult& check, const policy::Policy& policy) {
  return check.outcome == Outcome::fail || check.outcome == Outcome::error || (policy.warnings_fail && check.outcome == Outcome::warn);
}

void take_over(const Judged& chosen, Report& report) {
  const bool rejected = was_rejected(report);
  for (const CheckResult& check : chosen.report.checks) {
    CheckResult& result = report.add(*check.spec, check.outcome, check.detail);
    result.expected = check.expected;
    result.actual = check.actual;
    result.signed_by = check.signed_by;
    // Whether a flag applies is read from the evidence; rejected evidence must not turn into "wrong command line".
    result.on_fail = rejected && check.on_fail == ExitCode::usage ? check.spec->on_fail : check.on_fail;
  }
  for (const std::string& sentence : chosen.report.not_proven) report.add_not_proven(sentence);
}

void tell_others(const std::vector<Judged>& all, const Judged& chosen, Report& report) {
  if (all.size() < 2) return;
  constexpr std::size_t kNamed = 8;
  report.notes.push_back(fmt::format("policy: judged by \"{}\", {}", chosen.alternative->name, chosen.failed.empty() ? "which holds" : "the closest of those that do not hold"));
  std::size_t named = 0;
  for (const Judged& other : all) {
    if (&other == &chosen) continue;
    if (++named > kNamed) {
      report.notes.push_back(fmt::format("policy: {} more alternatives", all.size() - 1 - kNamed));
      return;
    }
    report.notes.push_back(other.failed.empty() ? fmt::format("policy: \"{}\" holds, too", other.alternative->name)
                                                : fmt::format("policy: \"{}\" does not hold: {}", other.alternative->name, fmt::join(other.failed, ", ")));
  }
}

}  // namespace

void judge_alternatives(std::string_view format, const policy::Policy& policy, const Reference& reference, const JudgeAlternative& judge, Report& report) {
  static const policy::Alternative kNone;         // a policy built in code without alternatives demands nothing
  std::vector<Judged> all;
  const auto one = [&](const policy::Alternative& alternative) {
    Judged out{&alternative, {}, {}};
    check_evidence_kind(format, alternative, out.report);
    check_reference(format, reference, policy, alternative, out.report);
    judge(alternative, out.report);
    for (const CheckResult& check : out.report.checks)
      if (counts(check, policy)) out.failed.push_back(check.spec->id);
    out.about_this = out.report.outcome_of(checks::kPolicyEvidenceKind) == Outcome::pass;
    all.push_back(std::move(out));
  };
  for (const policy::Alternative& alternative : policy.alternatives) one(alternative);
  if (all.empty()) one(kNone);
  const auto chosen = std::min_element(all.begin(), all.end(), [](const Judged& a, const Judged& b) {
    return std::pair(!a.about_this, a.failed.size()) < std::pair(!b.about_this, b.failed.size());
  });
  take_over(*chosen, report);
  check_options_apply(format, policy, report);
  tell_others(all, *chosen, report);
}

}  // namespace atls::evidence
