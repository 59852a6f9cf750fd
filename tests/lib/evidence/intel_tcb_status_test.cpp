// Which statuses a policy can accept, for how long, and which it never can.
#include <doctest/doctest.h>

#include "evidence/intel_tcb_status.hpp"
#include "report/checks_intel.hpp"

using namespace atls;
using namespace atls::evidence;

namespace {

TcbEvaluation of(TcbStatus status, std::vector<std::string> advisories = {}) {
  TcbEvaluation e;
  e.status = status;
  e.library = LibraryAnswer::leaves_to_caller;
  e.advisories = std::move(advisories);
  if (status == TcbStatus::not_supported) e.why = "no level matches";
  return e;
}

policy::TcbStatusRule rule(std::string status, std::optional<Time> until = {}, std::string reason = "", std::optional<std::set<std::string>> advisories = {}) {
  policy::TcbStatusRule r;
  r.source = "file#/tdx/tcb_status/0";
  r.status = std::move(status);
  r.until = until;
  r.reason = std::move(reason);
  r.advisories = std::move(advisories);
  return r;
}

const Time kIntelTcbStatusNow = *parse_rfc3339("2026-06-01T00:00:00Z");

struct Judged { Outcome outcome; ExitCode code; std::string detail, actual, expected; };
Judged judge(const TcbVerdict& v, const policy::IntelPolicy& rules = {}, const policy::Policy& p = {}) {
  Report report;
  judge_tcb_status(v, rules, p, kIntelTcbStatusNow, report);
  REQUIRE(report.checks.size() == 1);
  const CheckResult& r = report.checks[0];
  REQUIRE(r.spec == &checks::kTcbStatus);
  return {r.outcome, r.on_fail, r.detail, r.actual, r.expected};
}
TcbVerdict verdict(TcbEvaluation e) {
  TcbVerdict v;
  v.evaluation = e;
  v.all = {{TcbProfile::qvl_2026, std::move(e)}};
  return v;
}

}  // namespace

TEST_CASE("tcb-status: by default UpToDate is accepted and nothing else") {
  for (int i = 0; i <= static_cast<int>(TcbStatus::not_supported); ++i) {
    const auto status = static_cast<TcbStatus>(i);
    CAPTURE(tcb_status_name(status));
    const Judged j = judge(verdict(of(status)));
    CHECK(j.outcome == (status == TcbStatus::up_to_date ? Outcome::pass : Outcome::fail));
    CHECK(j.actual == tcb_status_name(status));
    CHECK(j.expected == "UpToDate");
    if (status != TcbStatus::up_to_date) CHECK(j.code == (status == TcbStatus::revoked ? ExitCode::rejected : ExitCode::refused));
  }
}

TEST_CASE("tcb-status: a rule accepts its status as a warning with the reason") {
  policy::IntelPolicy rules;
  rules.tcb_status = {rule("OutOfDate", *parse_rfc3339("2026-06-01T00:00:00Z"), "fleet update ends in June")};
  const Judged j = judge(verdict(of(TcbStatus::out_of_date, {"INTEL-SA-00960"})), rules);
  CHECK(j.outcome == Outcome::warn);
  CHECK(j.detail.find("fleet update ends in June") != std::string::npos);
  CHECK(j.detail.find("until 2026-06-01T00:00:00Z") != std::string::npos);
  CHECK(j.expected == "UpToDate or OutOfDate");
  CHECK(judge(verdict(of(TcbStatus::out_of_date_configuration_needed)), rules).outcome == Outcome::fail);
  CHECK(judge(verdict(of(TcbStatus::up_to_date)), rules).outcome == Outcome::pass);

  policy::Policy flags;
  flags.allow_tcb_status = {rule("SWHardeningNeeded")};
  CHECK(judge(verdict(of(TcbStatus::sw_hardening_needed)), {}, flags).outcome == Outcome::warn);
  CHECK(judge(verdict(of(TcbStatus::sw_hardening_needed)), {}, flags).detail.find("no reason") != std::string::npos);
}

TEST_CASE("tcb-status: a rule that is over refuses and says so") {
  policy::IntelPolicy rules;
  rules.tcb_status = {rule("OutOfDate", *parse_rfc3339("2026-05-31T23:59:59Z"), "until June")};
  const Judged j = judge(verdict(of(TcbStatus::out_of_date)), rules);
  CHECK(j.outcome == Outcome::fail);
  CHECK(j.code == ExitCode::refused);
  CHECK(j.detail.find("only until 2026-05-31T23:59:59Z, and that is over") != std::string::npos);
}

TEST_CASE("tcb-status: a rule may limit the open advisories") {
  policy::IntelPolicy rules;
  rules.tcb_status = {rule("OutOfDate", {}, "known", std::set<std::string>{"INTEL-SA-00960", "INTEL-SA-00001"})};
  CHECK(judge(verdict(of(TcbStatus::out_of_date, {"INTEL-SA-00960"})), rules).outcome == Outcome::warn);
  CHECK(judge(verdict(of(TcbStatus::out_of_date)), rules).outcome == Outcome::warn);
  const Judged j = judge(verdict(of(TcbStatus::out_of_date, {"INTEL-SA-00960", "INTEL-SA-01036"})), rules);
  CHECK(j.outcome == Outcome::fail);
  CHECK(j.detail.find("INTEL-SA-01036") != std::string::npos);
  rules.tcb_status = {rule("UpToDate", {}, "", std::set<std::string>{})};          // a condition on the best status
  CHECK(judge(verdict(of(TcbStatus::up_to_date)), rules).outcome == Outcome::pass);
  CHECK(judge(verdict(of(TcbStatus::up_to_date, {"INTEL-DOC-00001"})), rules).outcome == Outcome::fail);
}

TEST_CASE("tcb-status: --allow-advisories is about OutOfDate with named advisories only") {
  policy::Policy p;
  p.allow_advisories = {"INTEL-SA-00960"};
  CHECK(judge(verdict(of(TcbStatus::out_of_date, {"INTEL-SA-00960"})), {}, p).outcome == Outcome::warn);
  CHECK(judge(verdict(of(TcbStatus::out_of_date, {"INTEL-SA-00960", "INTEL-SA-00001"})), {}, p).outcome == Outcome::fail);
  CHECK(judge(verdict(of(TcbStatus::out_of_date)), {}, p).outcome == Outcome::fail);
  for (const TcbStatus s : {TcbStatus::out_of_date_configuration_needed, TcbStatus::sw_hardening_needed, TcbStatus::configuration_needed, TcbStatus::td_relaunch_advised, TcbStatus::revoked, TcbStatus::not_supported})
    CHECK(judge(verdict(of(s, {"INTEL-SA-00960"})), {}, p).outcome == Outcome::fail);
}

TEST_CASE("tcb-status: Revoked and NOT_SUPPORTED are accepted by no rule") {
  policy::IntelPolicy rules;
  policy::Policy p;
  for (const char* name : {"Revoked", "NOT_SUPPORTED"}) {
    rules.tcb_status.push_back(rule(name));
    p.allow_tcb_status.push_back(rule(name));
  }
  const Judged revoked = judge(verdict(of(TcbStatus::revoked)), rules, p), unsupported = judge(verdict(of(TcbStatus::not_supported)), rules, p);
  CHECK(revoked.outcome == Outcome::fail);
  CHECK(revoked.code == ExitCode::rejected);
  CHECK(unsupported.outcome == Outcome::fail);
  CHECK(unsupported.detail.find("no level matches") != std::string::npos);
}

TEST_CASE("tcb-status: without an evaluation there is no acceptance") {
  TcbVerdict v;
  v.why_not = "no TCB info";
  CHECK(judge(v).outcome == Outcome::error);
  v.missing_allowed = true;
  CHECK(judge(v).outcome == Outcome::skip);
  TcbVerdict none = verdict(of(TcbStatus::not_supported));
  none.failed_check = "platform-tcb-level";
  const Judged j = judge(none);
  CHECK(j.outcome == Outcome::error);
  CHECK(j.actual == "NOT_SUPPORTED");
  CHECK(j.detail.find("platform-tcb-level") != std::string::npos);
}

TEST_CASE("tcb-status: where documents are allowed to be missing, what the others say still counts") {
  TcbVerdict no_info;
  no_info.missing_allowed = true;
  no_info.qe_alone = TcbStatus::up_to_date;
  CHECK(judge(no_info).outcome == Outcome::skip);
  no_info.qe_alone = TcbStatus::out_of_date;
  CHECK(judge(no_info).outcome == Outcome::fail);
  CHECK(judge(no_info).code == ExitCode::refused);
  no_info.qe_alone = TcbStatus::revoked;
  CHECK(judge(no_info).outcome == Outcome::fail);
  CHECK(judge(no_info).code == ExitCode::rejected);

  TcbVerdict no_qe = verdict(of(TcbStatus::up_to_date));
  no_qe.without_qe = true;
  CHECK(judge(no_qe).outcome == Outcome::warn);
  CHECK(judge(no_qe).actual == "UpToDate");
  TcbVerdict bad = verdict(of(TcbStatus::out_of_date));
  bad.without_qe = true;
  CHECK(judge(bad).outcome == Outcome::fail);
}

TEST_CASE("tcb-status: another profile is told where it matters, and never accepts what the default one rejects") {
  const auto with = [](TcbStatus reference, TcbProfile chosen, TcbStatus status) {
    TcbVerdict v;
    v.profile = chosen;
    v.evaluation = of(status);
    v.all = {{TcbProfile::qvl_2026, of(reference)}};
    if (chosen != TcbProfile::qvl_2026) v.all.emplace_back(chosen, of(status));
    return v;
  };
  const Judged looser = judge(with(TcbStatus::out_of_date, TcbProfile::go_tdx_guest, TcbStatus::up_to_date));
  CHECK(looser.outcome == Outcome::warn);
  CHECK(looser.detail.find("go-tdx-guest only: qvl-2026 says OutOfDate") != std::string::npos);
  const Judged revoked = judge(with(TcbStatus::revoked, TcbProfile::go_tdx_guest, TcbStatus::up_to_date));
  CHECK(revoked.outcome == Outcome::fail);
  CHECK(revoked.code == ExitCode::rejected);
  CHECK(judge(with(TcbStatus::not_supported, TcbProfile::dcap_qvl, TcbStatus::up_to_date)).outcome == Outcome::fail);

  TcbVerdict stricter = with(TcbStatus::up_to_date, TcbProfile::qvl_2026, TcbStatus::up_to_date);
  stricter.all.emplace_back(TcbProfile::dcap_qvl, of(TcbStatus::out_of_date));
  const Judged j = judge(stricter);
  CHECK(j.outcome == Outcome::pass);
  CHECK(j.detail.find("dcap-qvl says OutOfDate") != std::string::npos);
}
