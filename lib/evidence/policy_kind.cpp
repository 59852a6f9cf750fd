#include "evidence/policy_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "policy/flags.hpp"
#include "report/checks_policy.hpp"

namespace atls::evidence {
namespace {

// Demands that evidence of this format cannot meet, and the formats that could. A flag that several sections share is about the
// section of the evidence at hand.
struct Foreign { std::set<std::string> sources, formats; };

Foreign foreign_demands(std::string_view format, const policy::Alternative& alternative) {
  Foreign out;
  const auto own = policy::demands_on(alternative, format);
  for (const std::string_view section : policy::evidence_sections()) {
    if (section == format) continue;
    for (const std::string& source : policy::demands_on(alternative, section)) {
      if (own.contains(source)) continue;
      out.sources.insert(source);
      out.formats.emplace(section);
    }
  }
  return out;
}

}  // namespace

bool was_rejected(const Report& report) {
  return std::any_of(report.checks.begin(), report.checks.end(), [](const CheckResult& c) { return c.outcome == Outcome::fail && c.on_fail == ExitCode::rejected; });
}

void check_evidence_kind(std::string_view format, const policy::Alternative& alternative, Report& report) {
  if (!alternative.evidence.empty() && !alternative.evidence.contains(std::string(format))) {
    CheckResult& result = report.fail(checks::kPolicyEvidenceKind, fmt::format("the policy \"{}\" is not about this kind of evidence", alternative.name));
    result.expected = fmt::format("{}", fmt::join(alternative.evidence, ", "));
    result.actual = format;
    return;
  }
  if (const Foreign foreign = foreign_demands(format, alternative); !foreign.sources.empty()) {
    CheckResult& result = report.fail(checks::kPolicyEvidenceKind, fmt::format("{} cannot apply to evidence of the kind {}", fmt::join(foreign.sources, ", "), format));
    result.on_fail = ExitCode::usage;
    result.expected = fmt::format("{}", fmt::join(foreign.formats, ", "));
    result.actual = format;
    return;
  }
  report.pass(checks::kPolicyEvidenceKind).actual = format;
}

void check_evidence_kind(std::string_view format, const policy::Policy& policy, Report& report) {
  Report last;
  for (const policy::Alternative& alternative : policy.alternatives) {
    last = {};
    check_evidence_kind(format, alternative, last);
    if (last.outcome_of(checks::kPolicyEvidenceKind) == Outcome::pass) break;
  }
  if (const CheckResult* found = last.find(checks::kPolicyEvidenceKind.id)) {
    CheckResult& result = report.add(checks::kPolicyEvidenceKind, found->outcome, found->detail);
    result.expected = found->expected;
    result.actual = found->actual;
    // As with alternatives: rejected evidence does not turn into a wrong command line.
    if (!was_rejected(report)) result.on_fail = found->on_fail;
  } else {
    report.pass(checks::kPolicyEvidenceKind).actual = format;
  }
}

void check_option_applies(std::string_view option, std::string_view format, Report& report) {
  if (policy::applies_to(option, format)) return;
  CheckResult& added = report.fail(checks::kPolicyEvidenceKind, fmt::format("{} cannot apply to evidence of the kind {}", option, format));
  if (const policy::Flag* flag = policy::find_flag(option)) added.expected = fmt::format("{}", fmt::join(policy::sections_of(*flag), ", "));
  added.actual = format;
  if (was_rejected(report)) return;
  // The record that is kept may be an older one, of a policy that is about other evidence: the command line is wrong all the same.
  for (CheckResult& check : report.checks)
    if (check.spec == &checks::kPolicyEvidenceKind) check.on_fail = ExitCode::usage;
}

void check_options_apply(std::string_view format, const policy::Policy& policy, Report& report) {
  for (const std::string& option : policy.options) check_option_applies(option, format, report);
}

void check_nothing_demanded(const policy::Policy& policy, const std::vector<std::string>& more, Report& report) {
  std::set<std::string> unmet;
  for (const std::vector<std::string>* options : {&policy.options, &more})
    for (const std::string& option : *options)
      if (!policy::applies_to(option, "none")) unmet.insert(option);
  // As everywhere, one alternative that holds is enough; of those that do not, the first is told.
  std::set<std::string> of_first;
  bool first = true, one_holds = policy.alternatives.empty();
  for (const policy::Alternative& alternative : policy.alternatives) {
    std::set<std::string> demands = foreign_demands("none", alternative).sources;
    if (!alternative.evidence.empty()) demands.insert(fmt::format("the policy \"{}\" about {}", alternative.name, fmt::join(alternative.evidence, ", ")));
    one_holds |= demands.empty();
    if (std::exchange(first, false)) of_first = std::move(demands);
  }
  if (!one_holds) unmet.merge(of_first);
  CheckResult& result = report.judge(checks::kPolicyEvidenceKind, unmet.empty(), fmt::format("there is no evidence that could meet {}", fmt::join(unmet, ", ")));
  result.actual = "none";
}

}  // namespace atls::evidence
