#include "evidence/policy_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

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
    const bool rejected = std::any_of(report.checks.begin(), report.checks.end(), [](const CheckResult& c) { return c.outcome == Outcome::fail && c.on_fail == ExitCode::rejected; });
    if (!rejected) result.on_fail = found->on_fail;
  } else {
    report.pass(checks::kPolicyEvidenceKind).actual = format;
  }
}

}  // namespace atls::evidence
