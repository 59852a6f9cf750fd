// TEMPORARY: checks that are not written yet, one function per area. Each records `error` for what it would have to prove, so that
// nothing can be verified meanwhile. Whoever writes an area takes its function out; the last one takes the file out.
#include <initializer_list>
#include <string_view>

#include "evidence/intel_case.hpp"
#include "evidence/policy_kind.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

void pending(std::initializer_list<std::string_view> areas, Report& report) {
  for (const CheckSpec* spec : checks::kIntelChecks)
    for (const std::string_view area : areas)
      if (spec->area == area && spec->severity == Severity::required && spec != &checks::kIntelReportDataBinding)
        report.error(*spec, "this version cannot judge it yet");
}

}  // namespace

void check_td(const IntelCase&, const Context&, Report& report) { pending({"TD and enclave"}, report); }
void check_intel_policy(const IntelCase& c, const TcbVerdict&, const Context& context, Report& report) {
  check_evidence_kind(c.evidence->format, context.policy, report);
  report.error(c.is_tdx() ? checks::kTdxNoReference : checks::kSgxNoReference, "this version cannot judge it yet");
}

}  // namespace atls::evidence
