// One check against reference values: several rules (of the file, of flags) may speak about the same claim, and all must hold.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::evidence {

struct Finding {
  bool holds = false;
  std::string expected;
  std::string problem;                // what is wrong, when it does not hold
  bool no_such_claim = false;         // the rule names something that this evidence cannot have
  bool undecidable = false;           // an input is missing
};

class Constraint {
 public:
  Constraint(const CheckSpec& spec, std::string actual, std::string signed_by) : spec_(spec), actual_(std::move(actual)), signed_by_(std::move(signed_by)) {}
  void rule(const policy::Origin& origin, const Finding& finding);
  void unchecked(const policy::Origin& origin);
  template <class Rule, class Judge>
  Constraint& rules(const std::vector<const Rule*>& all, const Judge& judge) {
    for (const Rule* r : all) rule(*r, judge(*r));
    return *this;
  }
  // skip when no rule spoke. A failed rule of severity warn gives warn.
  CheckResult& record(Report& report) const;
  bool silent() const { return expected_.empty() && unchecked_.empty(); }

 private:
  const CheckSpec& spec_;
  std::string actual_, signed_by_;
  std::vector<std::string> expected_, problems_, sources_, unchecked_;
  Outcome outcome_ = Outcome::pass;
  bool wrong_flag_ = false;
};

// The comparisons.
Finding judge_bytes(const policy::BytesRule& rule, Bytes claim);
Finding judge_uint(const policy::UintRule& rule, std::uint64_t claim);
Finding judge_text(const policy::TextRule& rule, const std::string& claim);
Finding judge_bits(const policy::BitsRule& rule, std::uint64_t claim, std::span<const snp::NamedBit> names, std::span<const std::string_view> ceiling);
Finding judge_tcb(const policy::TcbRule& rule, const snp::TcbVersion& claim, snp::ProductLine product);
std::string bits_text(std::uint64_t value, std::span<const snp::NamedBit> names);   // "0x30000 (smt)"

}  // namespace atls::evidence
