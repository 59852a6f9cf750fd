// Checks as data. Every statement of a verdict is one CheckSpec with an outcome; the specs are the catalogue behind
// --list-checks and atls-checks(7).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "report/exit_code.hpp"

namespace atls {

enum class Outcome { pass, warn, fail, skip, error };
std::string_view outcome_name(Outcome outcome);

// required: must hold; policy: only when a reference value is given; warning: never spoils the verdict by itself; info: told only.
enum class Severity { required, policy, warning, info };

struct CheckSpec {
  std::string_view id;           // stable, never reused
  std::string_view title;        // a claim that is true when the check passes
  std::string_view reference;    // document and section
  std::string_view area;         // heading of atls-checks(7): "TLS and profile", "SNP structure", "SNP certificates", ...
  ExitCode on_fail;              // exit status when it fails; `error` always counts as undecided (4)
  Severity severity;
};

struct CheckResult {
  const CheckSpec* spec = nullptr;
  Outcome outcome = Outcome::skip;
  std::string detail;            // why, and what to do next
  std::string expected, actual;  // text; byte strings as hex
  std::string signed_by;         // who signed the value that was judged: "VCEK", "ASK", "self"
  ExitCode on_fail = ExitCode::rejected;   // spec->on_fail unless a check sets another (snp-report-version: 7 or 2)
};

inline void with(CheckResult& result, std::string expected, std::string actual) {
  result.expected = std::move(expected);
  result.actual = std::move(actual);
}

std::span<const CheckSpec* const> all_checks();            // catalogue order = table order of the specifications
const CheckSpec* find_check(std::string_view id);
std::size_t catalogue_index(const CheckSpec& spec);

}  // namespace atls
