#include "report/definite_failures.hpp"

namespace atls {

std::vector<const CheckResult*> definite_failures(const Report& report) {
  std::vector<const CheckResult*> out;
  if (!report.verdict || report.verdict->code != ExitCode::undecided) return out;
  for (const CheckResult& check : report.checks)
    if (check.outcome == Outcome::fail && check.on_fail != ExitCode::undecided) out.push_back(&check);
  return out;
}

std::string definite_failures_sentence(const Report& report) {
  std::string ids;
  for (const CheckResult* check : definite_failures(report)) ids += (ids.empty() ? "" : ", ") + std::string(check->spec->id);
  return ids.empty() ? ids : "not acceptable even when what is missing is supplied: " + ids;
}

}  // namespace atls
