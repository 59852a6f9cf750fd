#include "evidence/constraint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.hpp"

namespace atls::evidence {
namespace {

constexpr std::size_t kShown = 4;   // values of a list in "expected"; the rest is counted

std::string joined_with(const std::vector<std::string>& parts, std::string_view separator) { return fmt::format("{}", fmt::join(parts, separator)); }

template <class Value, class Text>
std::string list_text(std::string_view one, std::string_view several, const std::vector<Value>& values, const Text& text) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < values.size() && i < kShown; ++i) shown.push_back(text(values[i]));
  std::string out = fmt::format("{}{}", values.size() == 1 ? one : several, joined_with(shown, ", "));
  if (values.size() > kShown) out += fmt::format(" and {} more", values.size() - kShown);
  return out;
}

bool matches(Bytes claim, const Buffer& value, const std::optional<Buffer>& mask) {
  if (claim.size() != value.size() || (mask && mask->size() != value.size())) return false;
  for (std::size_t i = 0; i < claim.size(); ++i) {
    const std::uint8_t bits = mask ? (*mask)[i] : std::uint8_t{0xff};
    if ((claim[i] & bits) != (value[i] & bits)) return false;
  }
  return true;
}

void also(std::string& text, std::string_view more) {
  if (!text.empty()) text += "; ";
  text += more;
}

}  // namespace

void record_forbidden(const CheckSpec& spec, bool set, const Consent& consent, Report& report, const std::string& signed_by) {
  CheckResult& result = !set                         ? report.pass(spec)
                        : consent.given_by.empty() ? report.fail(spec, fmt::format("{}; accepted only with {}", consent.danger, consent.flag))
                                                   : report.warn(spec, fmt::format("{}; accepted on request ({})", consent.danger, consent.given_by));
  result.expected = "0";
  result.actual = set ? "1" : "0";
  result.signed_by = signed_by;
}

std::string given_by(bool flag, std::string_view name, bool file) { return flag ? std::string(name) : file ? "policy file" : ""; }

void Constraint::rule(const policy::Origin& origin, const Finding& finding) {
  expected_.push_back(finding.expected);
  sources_.push_back(origin.source);
  if (finding.holds) return;
  const Outcome outcome = origin.severity == policy::Sev::warn ? Outcome::warn : finding.undecidable ? Outcome::error : Outcome::fail;
  const auto rank = [](Outcome o) { return o == Outcome::fail ? 3 : o == Outcome::error ? 2 : o == Outcome::warn ? 1 : 0; };
  if (rank(outcome) > rank(outcome_)) outcome_ = outcome;
  wrong_flag_ |= finding.no_such_claim && outcome == Outcome::fail && origin.source.starts_with("--");
  problems_.push_back(fmt::format("{} ({}){}", finding.problem, origin.source, origin.comment.empty() ? "" : fmt::format(", \"{}\"", origin.comment)));
}

void Constraint::unchecked(const policy::Origin& origin) { unchecked_.push_back(origin.source); }

CheckResult& Constraint::record(Report& report) const {
  if (expected_.empty()) {
    CheckResult& result = report.skip(spec_, unchecked_.empty() ? "not constrained by policy" : fmt::format("the policy accepts every value ({})", joined_with(unchecked_, ", ")));
    result.actual = actual_;
    return result;
  }
  CheckResult& result = report.add(spec_, outcome_, problems_.empty() ? fmt::format("demanded by {}", joined_with(sources_, ", ")) : joined_with(problems_, "; "));
  result.expected = joined_with(expected_, " and ");
  result.actual = actual_;
  result.signed_by = signed_by_;
  if (wrong_flag_) result.on_fail = ExitCode::usage;   // a flag that cannot apply to this evidence is a wrong command line
  return result;
}

Finding judge_bytes(const policy::BytesRule& rule, Bytes claim) {
  Finding out{.holds = true, .expected = {}, .problem = {}};
  const auto text = [](const Buffer& value) { return hex(value); };
  if (!rule.any_of.empty()) {
    also(out.expected, list_text("", "one of ", rule.any_of, text));
    if (std::none_of(rule.any_of.begin(), rule.any_of.end(), [&](const Buffer& v) { return matches(claim, v, rule.mask); })) {
      out.holds = false;
      also(out.problem, rule.any_of.size() == 1 ? "not the expected value" : fmt::format("none of the {} accepted values", rule.any_of.size()));
    }
  }
  if (!rule.none_of.empty()) {
    also(out.expected, list_text("not ", "none of ", rule.none_of, text));
    if (std::any_of(rule.none_of.begin(), rule.none_of.end(), [&](const Buffer& v) { return matches(claim, v, rule.mask); })) {
      out.holds = false;
      also(out.problem, "a refused value");
    }
  }
  if (rule.mask) out.expected += fmt::format(" under mask {}", hex(*rule.mask));
  if (rule.min_bytes) {
    also(out.expected, "every byte at least that of " + hex(*rule.min_bytes));
    for (std::size_t i = 0; i < rule.min_bytes->size(); ++i) {
      const unsigned need = (*rule.min_bytes)[i], have = i < claim.size() ? claim[i] : 0u;
      if (have >= need) continue;
      out.holds = false;
      also(out.problem, fmt::format("byte {}: have {}, need {}", i, have, need));
    }
  }
  return out;
}

Finding judge_uint(const policy::UintRule& rule, std::uint64_t claim) {
  Finding out{.holds = true, .expected = {}, .problem = {}};
  const auto text = [](std::uint64_t value) { return std::to_string(value); };
  const auto demand = [&](bool holds, const std::string& expected, const std::string& problem) {
    also(out.expected, expected);
    if (holds) return;
    out.holds = false;
    also(out.problem, problem);
  };
  const bool listed = std::find(rule.any_of.begin(), rule.any_of.end(), claim) != rule.any_of.end();
  const bool refused = std::find(rule.none_of.begin(), rule.none_of.end(), claim) != rule.none_of.end();
  if (!rule.any_of.empty()) demand(listed, list_text("", "one of ", rule.any_of, text), fmt::format("have {}, need {}", claim, list_text("", "one of ", rule.any_of, text)));
  if (!rule.none_of.empty()) demand(!refused, list_text("not ", "none of ", rule.none_of, text), fmt::format("{} is refused", claim));
  if (rule.min) demand(claim >= *rule.min, fmt::format("at least {}", *rule.min), fmt::format("have {}, need at least {}", claim, *rule.min));
  if (rule.max) demand(claim <= *rule.max, fmt::format("at most {}", *rule.max), fmt::format("have {}, need at most {}", claim, *rule.max));
  return out;
}

Finding judge_text(const policy::TextRule& rule, const std::string& claim) {
  const auto text = [](const std::string& value) { return value; };
  const std::string expected = list_text("", "one of ", rule.any_of, text);
  const bool holds = std::find(rule.any_of.begin(), rule.any_of.end(), claim) != rule.any_of.end();
  return {.holds = holds, .expected = expected, .problem = holds ? "" : fmt::format("have {}, need {}", claim.empty() ? "nothing" : claim, expected)};
}

Finding judge_bits(const policy::BitsRule& rule, std::uint64_t claim, std::span<const NamedBit> names, std::span<const std::string_view> ceiling) {
  Finding out{.holds = true, .expected = {}, .problem = {}};
  const auto refuse = [&](const std::string& problem) {
    out.holds = false;
    also(out.problem, problem);
  };
  const auto list = [](const std::set<std::string>& set) { return fmt::format("{}", fmt::join(set, ", ")); };
  if (rule.allow) also(out.expected, fmt::format("of {} only {}", fmt::join(ceiling, ", "), list(*rule.allow)));
  if (!rule.require.empty()) also(out.expected, fmt::format("set: {}", list(rule.require)));
  if (!rule.forbid.empty()) also(out.expected, fmt::format("clear: {}", list(rule.forbid)));
  for (const NamedBit& bit : names) {
    const bool set = (claim >> bit.bit & 1) != 0;
    const std::string name(bit.name);
    const bool limited = std::find(ceiling.begin(), ceiling.end(), bit.name) != ceiling.end();
    if (set && rule.allow && limited && !rule.allow->contains(name)) refuse(fmt::format("{} is set and not allowed", name));
    if (!set && rule.require.contains(name)) refuse(fmt::format("{} is clear and required", name));
    if (set && rule.forbid.contains(name)) refuse(fmt::format("{} is set and forbidden", name));
  }
  if (rule.equals) {
    also(out.expected, fmt::format("{:#x}", *rule.equals));
    if (claim != *rule.equals) refuse(fmt::format("have {:#x}, need {:#x}", claim, *rule.equals));
  }
  return out;
}

Finding judge_tcb(const policy::TcbRule& rule, const snp::TcbVersion& claim, snp::ProductLine product) {
  Finding out{.holds = true, .expected = {}, .problem = {}};
  if (product == snp::ProductLine::unknown && !rule.min.empty())
    return {.expected = "minimums by component", .problem = "the product line is not known, and with it the layout of the TCB", .undecidable = true};
  for (const auto& [component, need] : rule.min) {
    const std::string_view name = snp::tcb_component_name(component);
    also(out.expected, fmt::format("{} at least {}", name, need));
    const auto have = claim.component(component, snp::tcb_layout(product));
    if (!have) {
      out.holds = false;
      out.no_such_claim = true;
      also(out.problem, fmt::format("{}: the TCB of {} has no such component", name, snp::product_name(product)));
    } else if (*have < need) {
      out.holds = false;
      also(out.problem, fmt::format("{}: have {}, need {}", name, *have, need));
    }
  }
  if (rule.equals) {
    also(out.expected, hex(*rule.equals));
    if (!equal(*rule.equals, claim.raw)) {
      out.holds = false;
      also(out.problem, fmt::format("have {}, need exactly {}", hex(claim.raw), hex(*rule.equals)));
    }
  }
  return out;
}

std::string bits_text(std::uint64_t value, std::span<const NamedBit> names) {
  std::vector<std::string_view> set;
  for (const NamedBit& bit : names)
    if ((value >> bit.bit & 1) != 0) set.push_back(bit.name);
  return set.empty() ? fmt::format("{:#x}", value) : fmt::format("{:#x} ({})", value, fmt::join(set, ", "));
}

}  // namespace atls::evidence
