// Policies from text and flags, and what a report says against the evidence.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "policy/flags.hpp"
#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::test {

inline std::string times(const char* byte, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += byte;
  return out;
}

inline policy::Policy load_policy(const std::string& text) {
  auto loaded = policy::load_policy(as_bytes(text), "p.json", ".");
  if (!loaded) FAIL(loaded.error().message());
  return *loaded;
}

inline policy::Policy from_flags(const policy::GivenFlags& given) {
  policy::Policy out;
  auto flags = policy::read_flags(given);
  if (!flags) FAIL(flags.error().message());
  policy::add_flags(out, *flags);
  return out;
}

// Exactly these checks have another outcome than pass or skip.
inline std::string problems(const Report& report) {
  std::string out;
  for (const CheckResult& check : report.checks)
    if (check.outcome != Outcome::pass && check.outcome != Outcome::skip) out += std::string(check.spec->id) + "=" + std::string(outcome_name(check.outcome)) + " ";
  return out;
}

}  // namespace atls::test
