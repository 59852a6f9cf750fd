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
  if (policy::pins_identity(alternative, format)) {
    out.pass(reference.spec);
    if (policy::pins_only_host_values(alternative, format))
      out.add_not_proven(fmt::format("Which image the {} runs: only {} is pinned, and the host chooses it.", reference.what, reference.host_values));
    return;
  }
  if (policy.any_measurement) {
    out.warn(reference.spec, fmt::format("no reference value identifies the {}; accepted on request", reference.what)).actual = reference.actual;
    out.add_not_proven(fmt::format("Which {} this is: no reference value identifies it, any {} on genuine hardware is accepted.", reference.what, reference.what));
    return;
  }
  CheckResult& result = out.fail(reference.spec, fmt::format("nothing says which {} is expected; pin {}, or accept any {} with --any-measurement", reference.what, reference.pins, reference.what));
  result.expected = fmt::format("a reference value that identifies the {}", reference.what);
  result.actual = reference.actual;
}

bool counts(const CheckResult& check, const policy::Policy& policy) {
  return check.outcome == Outcome::fail || check.outcome == Outcome::error || (policy.warnings_fail && check.outcome == Outcome::warn);
}

bool was_rejected(const Report& report) {
  return std::any_of(report.checks.begin(), report.checks.end(), [](const CheckResult& c) { return c.outcome == Outcome::fail && c.on_fail == ExitCode::rejected; });
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
    if (policy.require_sept_ve_disable && format != "tdx") {
      CheckResult& wrong = out.report.fail(checks::kPolicyEvidenceKind, fmt::format("--require-sept-ve-disable cannot apply to evidence of the kind {}", format));
      wrong.on_fail = ExitCode::usage;
      wrong.expected = "tdx";
      wrong.actual = format;
    }
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
  tell_others(all, *chosen, report);
}

}  // namespace atls::evidence
