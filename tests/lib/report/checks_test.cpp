#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "report/check.hpp"
#include "report/checks_snp.hpp"

using namespace atls;

TEST_CASE("the catalogue finds every check by its id and keeps the order") {
  std::size_t index = 0;
  for (const CheckSpec* spec : all_checks()) {
    CAPTURE(std::string(spec->id));
    CHECK(find_check(spec->id) == spec);
    CHECK(catalogue_index(*spec) == index++);
  }
  CHECK(find_check("no-such-check") == nullptr);
  CHECK(find_check("") == nullptr);
}

TEST_CASE("every check has a kebab-case id, a title, a reference, an area and a code that is a failure") {
  const std::set<ExitCode> codes{ExitCode::rejected, ExitCode::no_evidence, ExitCode::undecided, ExitCode::refused, ExitCode::partial, ExitCode::malformed};
  for (const CheckSpec* spec : all_checks()) {
    CAPTURE(std::string(spec->id));
    CHECK(std::all_of(spec->id.begin(), spec->id.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }));
    CHECK_FALSE(spec->title.empty());
    CHECK_FALSE(spec->title.ends_with('.'));
    CHECK_FALSE(spec->reference.empty());
    CHECK(spec->reference.find(".md") == std::string_view::npos);
    CHECK_FALSE(spec->area.empty());
    CHECK(codes.contains(spec->on_fail));
  }
}

TEST_CASE("policy checks refuse, except those that judge the evidence") {
  for (const CheckSpec* spec : checks::kSnpChecks) {
    if (!spec->id.starts_with("snp-policy-")) continue;
    CAPTURE(std::string(spec->id));
    CHECK(spec->on_fail == (spec->id == "snp-policy-reserved" ? ExitCode::rejected : ExitCode::refused));
  }
}
