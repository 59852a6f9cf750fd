#include "report/model.hpp"

#include <doctest/doctest.h>

#include "report/checks_atls.hpp"
#include "report/checks_snp.hpp"

using namespace atls;
namespace c = atls::checks;

namespace {

const CheckSpec& spec(std::string_view id) {
  const CheckSpec* found = find_check(id);
  REQUIRE_MESSAGE(found, std::string(id));
  return *found;
}

struct Record { const char* id; Outcome outcome; };

Report report_of(std::initializer_list<Record> records) {
  Report report;
  for (const Record& r : records) report.add(spec(r.id), r.outcome, "because");
  return report;
}

}  // namespace

TEST_CASE("verdict: the worst code wins in the order 7, 2, 4, 5, 6 and the reason is its first check in table order") {
  struct Row { const char* what; std::initializer_list<Record> checks; const char* result; int code; const char* reason; };
  const Row rows[] = {
      {"all pass", {{"snp-report-signature", Outcome::pass}}, "verified", 0, ""},
      {"a warning alone is no failure", {{"snp-report-signature", Outcome::warn}}, "verified", 0, ""},
      {"a skip beside a pass is no failure", {{"snp-report-signature", Outcome::pass}, {"tls-handshake", Outcome::skip}}, "verified", 0, ""},
      {"fail", {{"snp-report-signature", Outcome::fail}}, "rejected", 2, "snp-report-signature"},
      {"error counts as undecided whatever the table says", {{"snp-report-signature", Outcome::error}}, "undecided", 4, "snp-report-signature"},
      {"malformed before rejected", {{"snp-report-signature", Outcome::fail}, {"atls-document-decode", Outcome::fail}}, "malformed", 7, "atls-document-decode"},
      {"no evidence before malformed", {{"atls-document-decode", Outcome::fail}, {"tls-handshake", Outcome::fail}}, "no-evidence", 3, "tls-handshake"},
      {"rejected before undecided", {{"snp-report-signature", Outcome::fail}, {"atls-leaf-validity", Outcome::error}}, "rejected", 2, "snp-report-signature"},
      {"undecided before partial", {{"atls-nonce-fresh", Outcome::fail}, {"snp-report-signature", Outcome::error}}, "undecided", 4, "snp-report-signature"},
      {"partial", {{"snp-report-signature", Outcome::pass}, {"atls-nonce-fresh", Outcome::fail}}, "partial", 6, "atls-nonce-fresh"},
      {"first in table order, not in order of recording", {{"atls-leaf-signature", Outcome::fail}, {"atls-leaf-validity", Outcome::fail}}, "rejected", 2, "atls-leaf-validity"},
      {"nothing passed is not verified", {{"snp-report-signature", Outcome::skip}}, "undecided", 4, ""},
      {"no checks at all", {}, "undecided", 4, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Report report = report_of(row.checks);
    report.finish({}, false);
    REQUIRE(report.verdict);
    CHECK(report.verdict->result == row.result);
    CHECK(static_cast<int>(report.verdict->code) == row.code);
    CHECK(report.verdict->reason == row.reason);
  }
}

TEST_CASE("verdict: a required check that was skipped or never ran is undecided and the reason") {
  const std::vector<const CheckSpec*> required{&c::kTlsHandshake, &c::kEvidencePresent};
  Report skipped = report_of({{"tls-handshake", Outcome::pass}, {"atls-evidence-present", Outcome::skip}});
  skipped.finish(required, false);
  CHECK(skipped.verdict->code == ExitCode::undecided);
  CHECK(skipped.verdict->reason == "atls-evidence-present");
  CHECK(skipped.find("atls-evidence-present")->detail == "required, but skipped: because");

  Report absent = report_of({{"tls-handshake", Outcome::pass}});
  absent.finish(required, false);
  CHECK(absent.verdict->code == ExitCode::undecided);
  CHECK(absent.verdict->reason == "atls-evidence-present");
  CHECK(absent.outcome_of(c::kEvidencePresent) == Outcome::error);

  Report worse = report_of({{"atls-evidence-present", Outcome::skip}, {"snp-report-signature", Outcome::fail}});
  worse.finish(required, false);
  CHECK(worse.verdict->reason == "snp-report-signature");

  Report warned = report_of({{"tls-handshake", Outcome::pass}, {"atls-evidence-present", Outcome::warn}});
  warned.finish(required, false);
  CHECK(warned.verdict->code == ExitCode::verified);
}

TEST_CASE("verdict: warnings count as refusals of the policy when asked") {
  Report report = report_of({{"tls-handshake", Outcome::pass}, {"atls-nonce-fresh", Outcome::warn}});
  report.finish({}, true);
  CHECK(report.verdict->code == ExitCode::refused);
  CHECK(report.verdict->reason == "atls-nonce-fresh");
  CHECK(report.outcome_of(c::kNonceFresh) == Outcome::fail);
}

TEST_CASE("verdict: a check whose failing code says verified is rejected all the same") {
  Report report;
  report.fail(c::kTlsHandshake, "no").on_fail = ExitCode::verified;
  report.finish({}, false);
  CHECK(report.verdict->code == ExitCode::rejected);
}

TEST_CASE("verdict: a check may set the code of its own failure") {
  Report report = report_of({{"tls-handshake", Outcome::pass}});
  report.fail(c::kLeafValidity, "no").on_fail = ExitCode::malformed;
  report.finish({}, false);
  CHECK(report.verdict->code == ExitCode::malformed);
}

TEST_CASE("verdict: an error without checks never becomes verified") {
  Report report;
  report.finish_error(ExitCode::verified, "nonsense");
  CHECK(report.verdict->code == ExitCode::internal);
  CHECK(report.verdict->result == "error");
  REQUIRE(report.not_proven.size() == 1);
  CHECK(report.not_proven[0] == "nothing was judged: nonsense");
}

TEST_CASE("recording the same check again keeps the worse outcome and both details") {
  struct Row { Outcome first, second, kept; };
  for (const Row& row : {Row{Outcome::pass, Outcome::pass, Outcome::pass}, Row{Outcome::pass, Outcome::skip, Outcome::skip},
                         Row{Outcome::skip, Outcome::warn, Outcome::warn}, Row{Outcome::warn, Outcome::fail, Outcome::fail},
                         Row{Outcome::error, Outcome::fail, Outcome::fail}, Row{Outcome::warn, Outcome::error, Outcome::error}}) {
    for (const bool swapped : {false, true}) {
      Report report;
      report.add(c::kLeafValidity, swapped ? row.second : row.first, "one");
      report.add(c::kLeafValidity, swapped ? row.first : row.second, "two");
      REQUIRE(report.checks.size() == 1);
      CHECK(report.checks[0].outcome == row.kept);
      CHECK(report.checks[0].detail.find("one") != std::string::npos);
      CHECK(report.checks[0].detail.find("two") != std::string::npos);
    }
  }
}

TEST_CASE("a later success cannot overwrite what a failure said") {
  Report report;
  const Buffer want{1}, other{2};
  report.compare(c::kUserData, want, other);
  report.compare(c::kUserData, want, want);
  CHECK(report.outcome_of(c::kUserData) == Outcome::fail);
  CHECK(report.checks[0].expected == "01");
  CHECK(report.checks[0].actual == "02");
}

TEST_CASE("not_checked lists skipped and errored checks with the reason") {
  const Report report = report_of({{"tls-handshake", Outcome::pass}, {"atls-leaf-validity", Outcome::skip}, {"atls-user-data", Outcome::error}});
  const auto list = report.not_checked();
  REQUIRE(list.size() == 2);
  CHECK(list[0].id == "atls-leaf-validity");
  CHECK(list[1].why == "because");
}

TEST_CASE("not_proven says each sentence once") {
  Report report;
  report.add_not_proven("a");
  report.add_not_proven("a");
  CHECK(report.not_proven.size() == 1);
}
