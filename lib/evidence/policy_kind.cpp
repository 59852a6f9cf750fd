#include "evidence/policy_kind.hpp"

#include <fmt/format.h>

#include <set>

#include "policy/rules.hpp"
#include "report/checks_policy.hpp"

namespace atls::evidence {
namespace {

// Who demands something of a SEV-SNP report: flags, or places of the policy file.
std::set<std::string> snp_demands(const policy::Alternative& alternative) {
  std::set<std::string> out;
  for (const policy::SnpPolicy* section : {&alternative.snp, &alternative.also.snp}) {
    policy::for_each_rule_member([&](auto member) {
      if (section->*member) out.insert((section->*member)->source);
    });
    for (const policy::TableEntryRule& rule : section->cert_table_entry) out.insert(rule.source);
    if (section->id_block_required.value_or(false)) out.insert("the demand of an ID block");
    if (section->author_required.value_or(false)) out.insert("the demand of an author key");
    if (section->provisional == policy::Allow::forbid) out.insert("the demand that firmware is not provisional");
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
  if (format != "snp")
    if (const auto demands = snp_demands(alternative); !demands.empty()) {
      CheckResult& result = report.fail(checks::kPolicyEvidenceKind, fmt::format("{} cannot apply to evidence of the kind {}", fmt::join(demands, ", "), format));
      result.expected = "snp";
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
  } else {
    report.pass(checks::kPolicyEvidenceKind).actual = format;
  }
}

}  // namespace atls::evidence
