// One check against reference values: several rules (of the file, of flags) may speak about the same claim, and all must hold.
#pragma once

#include <string>
#include <vector>

#include "base/bits.hpp"
#include "base/hex.hpp"
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

// What is forbidden unless somebody consents: an option, or the policy file.
struct Consent { std::string given_by; std::string_view danger, flag; };   // given_by is empty when nobody does
std::string given_by(bool flag, std::string_view name, bool file);
void record_forbidden(const CheckSpec& spec, bool set, const Consent& consent, Report& report, const std::string& signed_by);

// The comparisons.
Finding judge_bytes(const policy::BytesRule& rule, Bytes claim);
Finding judge_uint(const policy::UintRule& rule, std::uint64_t claim);
Finding judge_text(const policy::TextRule& rule, const std::string& claim);
Finding judge_bits(const policy::BitsRule& rule, std::uint64_t claim, std::span<const NamedBit> names, std::span<const std::string_view> ceiling);
Finding judge_tcb(const policy::TcbRule& rule, const snp::TcbVersion& claim, snp::ProductLine product);
std::string bits_text(std::uint64_t value, std::span<const NamedBit> names);   // "0x30000 (smt)"

// What the constraints of one section have in common. "Section" is one of policy::Sections.
template <class Section>
class SectionConstraints {
 protected:
  SectionConstraints(const policy::Alternative& alternative, Section policy::Sections::*section, std::string signer, Report& report)
      : alternative_(alternative), section_(section), signer_(std::move(signer)), report_(report) {}

  template <class Rule, class Owner>
  std::vector<const Rule*> rules(std::optional<Rule> Owner::*member) const { return policy::rules_of(alternative_, section_, member); }

  // Rules with an "unchecked" form.
  template <class Rule, class Judge>
  CheckResult& constrain(const CheckSpec& spec, const std::vector<const Rule*>& all, const std::string& actual, const Judge& judge) {
    Constraint c(spec, actual, signer_);
    for (const Rule* rule : all) {
      if (rule->unchecked) c.unchecked(*rule);
      else c.rule(*rule, judge(*rule));
    }
    return c.record(report_);
  }
  template <class Rule, class Owner, class Judge>
  CheckResult& constrain(const CheckSpec& spec, std::optional<Rule> Owner::*member, const std::string& actual, const Judge& judge) {
    return constrain(spec, rules(member), actual, judge);
  }
  template <class Owner>
  CheckResult& bytes(const CheckSpec& spec, std::optional<policy::BytesRule> Owner::*member, Bytes claim) {
    return constrain(spec, member, hex(claim), [&](const policy::BytesRule& rule) { return judge_bytes(rule, claim); });
  }
  template <class Owner>
  CheckResult& number(const CheckSpec& spec, std::optional<policy::UintRule> Owner::*member, std::uint64_t claim) {
    return constrain(spec, member, std::to_string(claim), [&](const policy::UintRule& rule) { return judge_uint(rule, claim); });
  }

  const policy::Alternative& alternative_;
  Section policy::Sections::*section_;
  std::string signer_;
  Report& report_;
};

}  // namespace atls::evidence
