#include "report/model.hpp"

#include <algorithm>

#include "base/hex.hpp"

namespace atls {
namespace {

ExitCode code_of(const CheckResult& check) {
  if (check.outcome == Outcome::error) return ExitCode::undecided;
  if (check.outcome != Outcome::fail) return ExitCode::verified;
  // A failing check never means success, whatever its table says.
  return check.on_fail == ExitCode::verified ? ExitCode::rejected : check.on_fail;
}

// pass < skip < warn < what fails, and among failures the code that wins the verdict. A check that was skipped once is not
// called passed because it passed another time.
bool is_worse(const CheckResult& a, const CheckResult& b) {
  const auto rank = [](Outcome o) {
    switch (o) {
      case Outcome::pass: return 0;
      case Outcome::skip: return 1;
      case Outcome::warn: return 2;
      case Outcome::error:
      case Outcome::fail: return 3;
    }
    return 3;
  };
  if (rank(a.outcome) != rank(b.outcome)) return rank(a.outcome) > rank(b.outcome);
  const ExitCode x = code_of(a), y = code_of(b);
  return x != y && worse_of_one(x, y) == x;
}

std::string joined(const std::string& a, const std::string& b) {
  if (a.empty() || a == b) return b;
  return b.empty() ? a : a + "; " + b;
}

std::string prefixed(std::string_view prefix, const std::string& detail) {
  return detail.empty() ? std::string(prefix) : std::string(prefix) + ": " + detail;
}

}  // namespace

std::string_view binding_level_name(BindingLevel level) {
  switch (level) {
    case BindingLevel::none: return "none";
    case BindingLevel::key: return "key";
    case BindingLevel::handshake: return "handshake";
    case BindingLevel::application: return "application";
  }
  return "none";
}

std::optional<BindingLevel> binding_level_from(std::string_view name) {
  for (const BindingLevel level : {BindingLevel::none, BindingLevel::key, BindingLevel::handshake, BindingLevel::application})
    if (binding_level_name(level) == name) return level;
  return {};
}

CheckResult& Report::add(const CheckSpec& spec, Outcome outcome, std::string detail) {
  CheckResult fresh{.spec = &spec, .outcome = outcome, .detail = std::move(detail), .expected = {}, .actual = {}, .signed_by = {}, .on_fail = spec.on_fail};
  const auto found = std::find_if(checks.begin(), checks.end(), [&](const CheckResult& c) { return c.spec->id == spec.id; });
  if (found == checks.end()) return checks.emplace_back(std::move(fresh));
  if (is_worse(fresh, *found)) {
    fresh.detail = joined(fresh.detail, found->detail);
    return *found = std::move(fresh);
  }
  found->detail = joined(found->detail, fresh.detail);
  return discarded_ = std::move(fresh);   // what the caller now fills in belongs to the record that was not kept
}

CheckResult& Report::compare(const CheckSpec& spec, Bytes expected, Bytes actual, Outcome otherwise) {
  CheckResult& check = add(spec, equal(expected, actual) ? Outcome::pass : otherwise);
  check.expected = hex(expected);
  check.actual = hex(actual);
  return check;
}

CheckResult& Report::judge(const CheckSpec& spec, bool holds, std::string detail_if_not, Outcome otherwise) {
  return holds ? add(spec, Outcome::pass) : add(spec, otherwise, std::move(detail_if_not));
}

const CheckResult* Report::find(std::string_view id) const {
  const auto found = std::find_if(checks.begin(), checks.end(), [&](const CheckResult& c) { return c.spec->id == id; });
  return found == checks.end() ? nullptr : &*found;
}

Outcome Report::outcome_of(const CheckSpec& spec) const {
  const CheckResult* check = find(spec.id);
  return check ? check->outcome : Outcome::skip;
}

void Report::add_not_proven(std::string sentence) {
  if (std::find(not_proven.begin(), not_proven.end(), sentence) == not_proven.end()) not_proven.push_back(std::move(sentence));
}

void Report::finish(const std::vector<const CheckSpec*>& must_pass, bool warnings_fail) {
  for (const CheckSpec* spec : must_pass) {
    const auto found = std::find_if(checks.begin(), checks.end(), [&](const CheckResult& c) { return c.spec->id == spec->id; });
    if (found == checks.end()) {
      error(*spec, "required, but it was never evaluated");
    } else if (found->outcome == Outcome::skip) {
      found->outcome = Outcome::error;
      found->detail = prefixed("required, but skipped", found->detail);
    }
  }
  bool anything_holds = false;
  for (CheckResult& check : checks) {
    anything_holds |= check.outcome == Outcome::pass || check.outcome == Outcome::warn;
    if (warnings_fail && check.outcome == Outcome::warn) {
      check.outcome = Outcome::fail;
      check.on_fail = ExitCode::refused;   // what a policy makes of a warning is the policy's refusal, whatever the check
      check.detail = prefixed("a warning, and warnings count as failures", check.detail);
    }
  }
  std::stable_sort(checks.begin(), checks.end(),
                   [](const CheckResult& a, const CheckResult& b) { return catalogue_index(*a.spec) < catalogue_index(*b.spec); });

  ExitCode code = ExitCode::verified;
  for (const CheckResult& check : checks) code = worse_of_one(code, code_of(check));
  std::string reason;
  if (code != ExitCode::verified) {
    // What could not be evaluated because something is missing is a consequence; the check that is about the missing thing is the reason.
    auto first = std::find_if(checks.begin(), checks.end(), [&](const CheckResult& c) { return code_of(c) == code && (c.outcome == Outcome::fail || c.spec->on_fail == code); });
    if (first == checks.end()) first = std::find_if(checks.begin(), checks.end(), [&](const CheckResult& c) { return code_of(c) == code; });
    // A wrong command line is the user's, not the evidence's: no check is the reason then.
    if (verdict_word(code) != "error") reason = first->spec->id;
    else not_proven.insert(not_proven.begin(), "nothing was decided: " + std::string(first->spec->id) + ": " + first->detail);
  } else if (!anything_holds) {
    code = ExitCode::undecided;           // a vacuous proof is not a proof
    add_not_proven("no check was evaluated");
  }
  verdict = Verdict{std::string(verdict_word(code)), std::move(reason), code};
}

void Report::finish_error(ExitCode code, std::string sentence) {
  if (code == ExitCode::verified) code = ExitCode::internal;
  add_not_proven("nothing was judged: " + std::move(sentence));
  verdict = Verdict{std::string(verdict_word(code)), {}, code};
}

std::vector<NotChecked> Report::not_checked() const {
  std::vector<NotChecked> out;
  for (const CheckResult& check : checks)
    if (check.outcome == Outcome::skip || check.outcome == Outcome::error) out.push_back({std::string(check.spec->id), check.detail});
  return out;
}

}  // namespace atls
