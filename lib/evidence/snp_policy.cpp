// Alternatives: evidence passes when one of them passes completely. Partial matches of different ones are never combined.
#include "evidence/snp_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.hpp"
#include "evidence/policy_kind.hpp"
#include "evidence/snp_constraints.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

struct Judged {
  const policy::Alternative* alternative;
  Report report;                                  // only its checks and not_proven are used
  std::vector<std::string_view> failed;
};

void check_reference(const SnpFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& out) {
  const std::string actual = "measurement " + hex(facts.report.measurement);
  if (policy::pins_identity(alternative)) {
    out.pass(checks::kSnpNoReference);
    if (policy::pins_only_host_values(alternative)) out.add_not_proven("Which image the guest runs: only host data is pinned, and the host chooses it.");
    return;
  }
  if (policy.any_measurement) {
    out.warn(checks::kSnpNoReference, "no reference value identifies the guest; accepted on request").actual = actual;
    out.add_not_proven("Which guest this is: no reference value identifies it, any guest on genuine hardware is accepted.");
    return;
  }
  CheckResult& result = out.fail(checks::kSnpNoReference,
                                 "nothing says which guest is expected; pin --measurement, --id-key-digest, --author-key-digest or --host-data, or accept any guest with --any-measurement");
  result.expected = "a reference value that identifies the guest";
  result.actual = actual;
}

Judged judge(const SnpFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative) {
  Judged out{&alternative, {}, {}};
  check_evidence_kind("snp", alternative, out.report);
  check_reference(facts, policy, alternative, out.report);
  check_snp_constraints(facts, policy, alternative, out.report);
  for (const CheckResult& check : out.report.checks)
    if (check.outcome == Outcome::fail || check.outcome == Outcome::error || (policy.warnings_fail && check.outcome == Outcome::warn)) out.failed.push_back(check.spec->id);
  return out;
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

void check_snp_policy(const SnpFacts& facts, const policy::Policy& policy, Report& report) {
  static const policy::Alternative kNone;         // a policy built in code without alternatives demands nothing
  std::vector<Judged> all;
  for (const policy::Alternative& alternative : policy.alternatives) all.push_back(judge(facts, policy, alternative));
  if (all.empty()) all.push_back(judge(facts, policy, kNone));
  const auto chosen = std::min_element(all.begin(), all.end(), [](const Judged& a, const Judged& b) { return a.failed.size() < b.failed.size(); });
  take_over(*chosen, report);
  tell_others(all, *chosen, report);
}

}  // namespace atls::evidence
