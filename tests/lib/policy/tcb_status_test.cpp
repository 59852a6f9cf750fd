#include "policy/tcb_status.hpp"

#include <doctest/doctest.h>

using namespace atls;
using policy::read_tcb_status;

TEST_CASE("an accepted TCB status has an end and a reason, both optional") {
  struct Row { const char* text; const char* status; const char* until; const char* reason; };
  for (const Row& row : {
           Row{"OutOfDate", "OutOfDate", "", ""},
           Row{"SWHardeningNeeded:mitigated in our image", "SWHardeningNeeded", "", "mitigated in our image"},
           Row{"OutOfDate@2027-01-31", "OutOfDate", "2027-01-31T00:00:00Z", ""},
           Row{"OutOfDate@2027-01-31:BIOS: in May", "OutOfDate", "2027-01-31T00:00:00Z", "BIOS: in May"},
           Row{"OutOfDate@2027-01-31T12:00:00Z:x", "OutOfDate", "2027-01-31T12:00:00Z", "x"},
           Row{"OutOfDate@2027-01-31T12:00:00+02:00:x", "OutOfDate", "2027-01-31T10:00:00Z", "x"},
           Row{"TDRelaunchAdvised@2027-01-31T12:00:00Z", "TDRelaunchAdvised", "2027-01-31T12:00:00Z", ""},
           Row{"OutOfDate:until@noon", "OutOfDate", "", "until@noon"},
       }) {
    CAPTURE(row.text);
    const auto rule = read_tcb_status(row.text);
    if (!rule) FAIL(rule.error().message());
    CHECK(rule->status == row.status);
    CHECK((rule->until ? rfc3339(*rule->until) : "") == row.until);
    CHECK(rule->reason == row.reason);
    CHECK_FALSE(rule->advisories.has_value());
  }
}

TEST_CASE("what cannot be accepted, or is not understood, is refused") {
  struct Row { const char* text; const char* says; };
  for (const Row& row : {
           Row{"", "not a TCB status"}, Row{"Revoked", "never accepted"}, Row{"NOT_SUPPORTED", "never accepted"}, Row{"Revoked@2027-01-01:x", "never accepted"},
           Row{"OutofDate", "did you mean \"OutOfDate\"?"}, Row{"OutOfDate,UpToDate", "not a TCB status"}, Row{" OutOfDate", "not a TCB status"},
           Row{"OutOfDate@", "not a time"}, Row{"OutOfDate@soon", "not a time"}, Row{"OutOfDate@:why", "not a time"}, Row{"OutOfDate@2027-02-30", "not a time"},
           Row{"OutOfDate@2027-01-31T12:00:00", "not a time"}, Row{"OutOfDate@2027-01-31T12:00:00Zx", "after a colon"}, Row{"OutOfDate:", "reason is empty"},
           Row{"OutOfDate@2027-01-31:", "reason is empty"},
       }) {
    CAPTURE(row.text);
    const auto rule = read_tcb_status(row.text);
    REQUIRE_FALSE(rule);
    CHECK(rule.error().detail.find(row.says) != std::string::npos);
  }
}

TEST_CASE("advisories are ids separated by commas") {
  CHECK(*policy::read_advisories("INTEL-SA-00615,INTEL-SA-00657,INTEL-SA-00615") == std::set<std::string>{"INTEL-SA-00615", "INTEL-SA-00657"});
  for (const char* text : {"", ",", "INTEL-SA-00615,", ",INTEL-SA-00615", "intel-sa-00615", "INTEL-SA-00615 INTEL-SA-00657", "*"}) {
    CAPTURE(text);
    CHECK_FALSE(policy::read_advisories(text));
  }
}
