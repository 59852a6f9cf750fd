#include <algorithm>

#include "report/definite_failures.hpp"
#include "report/render_tcb.hpp"
#include "report/renderers.hpp"
#include "report/text_layout.hpp"

namespace atls::render {
namespace {

using text::Color;

constexpr std::size_t kLabel = 10;   // widest label of the facts: "collateral"

struct Headline { std::string_view words; Color color; std::string_view next; };

// The word a tired reader sees first, and what to do about it. No failing word contains the one for success.
Headline headline(const Verdict& verdict) {
  switch (verdict.code) {
    case ExitCode::verified: return {"VERIFIED", Color::green, ""};
    case ExitCode::rejected: return {"REJECTED", Color::red, "do not trust this peer or file; look at the failed checks, then at the evidence with atls-dump"};
    case ExitCode::no_evidence: return {"NO EVIDENCE", Color::red, "check that the address or file is the right one and that the peer speaks this profile"};
    case ExitCode::undecided: return {"UNDECIDED", Color::yellow, "supply what is missing (--collateral-dir, or a run without --offline) and judge again"};
    case ExitCode::refused: return {"REFUSED BY POLICY", Color::red, "the evidence is genuine, but not what the policy asks for: deploy what the policy names, or correct the policy"};
    case ExitCode::partial: return {"NOT FULLY PROVEN", Color::yellow, "supply the missing proof (a reference value, a fresh nonce), or accept its absence explicitly: the failed check names the option"};
    case ExitCode::malformed: return {"MALFORMED", Color::red, "look with atls-dump where decoding stops; the input may be cut short or of another kind"};
    case ExitCode::interrupted: return {"INTERRUPTED", Color::yellow, ""};
    case ExitCode::usage:
    case ExitCode::different:
    case ExitCode::exchange_failed:
    case ExitCode::internal: break;
  }
  return {"ERROR", Color::red, ""};
}

Color outcome_color(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return Color::green;
    case Outcome::warn: return Color::yellow;
    case Outcome::fail: return Color::red;
    case Outcome::error: return Color::yellow;
    case Outcome::skip: return Color::dim;
  }
  return Color::none;
}

std::string outcome_word(Outcome outcome) {
  if (outcome == Outcome::fail) return "FAIL";
  if (outcome == Outcome::error) return "ERROR";
  return std::string(outcome_name(outcome));
}

// Details are our own lines; what peers contributed to them is escaped, and a line break only ever starts an indented line.
std::string safe(std::string_view value) {
  std::string out;
  for (;;) {
    const std::size_t end = value.find('\n');
    out += escape_control(value.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    value.remove_prefix(end + 1);
  }
}

std::string shortened(std::string_view hex, const RenderOptions& options, std::size_t digits) {
  const std::string clean = escape_control(hex);
  return options.verbose ? clean : text::elided(clean, digits);
}

std::string joined(std::initializer_list<std::string> parts) {
  std::string out;
  for (const std::string& part : parts)
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  return out;
}

class Page {
 public:
  Page(const Report& report, const RenderOptions& options) : report_(report), options_(options), width_(std::max<std::size_t>(options.width, 40)) {}

  std::string brief() {
    head();
    why();
    sentences("not proven", report_.not_proven);
    return std::move(out_);
  }

  std::string full() {
    head();
    why();
    out_ += '\n';
    facts();
    checks();
    tcb();
    if (!report_.not_proven.empty()) out_ += "\n" + title("Not proven");
    for (const std::string& sentence : report_.not_proven) text::append_labelled(out_, 2, "-", 1, safe(sentence), width_);
    not_checked();
    if (options_.verbose) claims();
    if (!report_.notes.empty()) out_ += "\n" + title("Notes");
    for (const std::string& note : report_.notes) text::append_labelled(out_, 2, "-", 1, safe(note), width_);
    return std::move(out_);
  }

 private:
  std::string title(std::string_view words) const { return text::painted(words, Color::bold, options_.color) + "\n"; }

  bool simulated() const {
    return std::any_of(report_.evidence.begin(), report_.evidence.end(), [](const EvidenceInfo& e) { return e.simulated; });
  }

  void fact(std::string_view label, const std::string& value) {
    if (!value.empty()) text::append_labelled(out_, 2, label, kLabel, value, width_);
  }

  void head() {
    if (report_.verdict) {
      const Headline h = headline(*report_.verdict);
      out_ += text::painted(h.words, h.color, options_.color);
      if (report_.verdict->code != ExitCode::verified)
        out_ += " (exit " + std::to_string(static_cast<int>(report_.verdict->code)) + ")";
    } else {
      out_ += text::painted("DECODED, NOTHING VERIFIED", Color::yellow, options_.color);
    }
    out_ += "  " + joined_subject();
    if (simulated()) out_ += "  " + text::painted("[SIMULATED PLATFORM]", Color::yellow, options_.color);
    out_ += '\n';
  }

  std::string joined_subject() const {
    const std::string kind = report_.subject.kind == "endpoint" ? "" : escape_control(report_.subject.kind);
    return kind + (kind.empty() ? "" : " ") + escape_control(report_.subject.name);
  }

  void why() {
    if (!report_.verdict || report_.verdict->code == ExitCode::verified) return;
    if (const CheckResult* check = report_.find(report_.verdict->reason)) {
      fact("why", std::string(check->spec->id) + ": " + (check->detail.empty() ? "not so: " + std::string(check->spec->title) : safe(check->detail)));
      if (check->detail.empty()) values(*check, 2, kLabel);
    } else if (!report_.not_proven.empty()) {
      fact("why", safe(report_.not_proven.front()));
    }
    const std::vector<const CheckResult*> failures = definite_failures(report_);
    for (const CheckResult* check : failures)
      fact("and", std::string(check->spec->id) + " fails in any case: " + (check->detail.empty() ? "not so: " + std::string(check->spec->title) : safe(check->detail)));
    const bool other_kind = report_.verdict->code == ExitCode::undecided && report_.verdict->reason == "atls-hardware-root";   // more collateral would not help
    fact("what next", other_kind ? "look at it with atls-dump; give evidence of a kind that this version verifies" : std::string(headline(*report_.verdict).next) + (failures.empty() ? "" : "; that alone will not be enough"));
  }

  void values(const CheckResult& check, std::size_t indent, std::size_t label_width) {
    const std::string expected = shortened(check.expected, options_, 128), actual = shortened(check.actual, options_, 128);
    if (!expected.empty()) text::append_labelled(out_, indent, "expected", label_width, expected, width_);
    if (!actual.empty()) text::append_labelled(out_, indent, "actual", label_width, actual + difference(check), width_);
    if (!check.signed_by.empty()) text::append_labelled(out_, indent, "signed by", label_width, escape_control(check.signed_by), width_);
  }

  static std::string difference(const CheckResult& check) {
    if (check.outcome == Outcome::pass || check.expected.size() != check.actual.size() || !text::is_hex(check.expected) || !text::is_hex(check.actual)) return {};
    const auto [e, a] = std::mismatch(check.expected.begin(), check.expected.end(), check.actual.begin());
    if (e == check.expected.end()) return {};
    return " (first difference in byte " + std::to_string((e - check.expected.begin()) / 2) + ")";
  }

  void facts() {
    fact("time", rfc3339(report_.time) + (report_.time_source == "clock" ? "" : " (" + escape_control(report_.time_source) + ")"));
    fact("sha256", escape_control(report_.subject.sha256));
    fact("profile", escape_control(report_.profile));
    if (report_.tls) {
      const TlsInfo& t = *report_.tls;
      fact("tls", joined({escape_control(t.version), escape_control(t.cipher), escape_control(t.group), t.alpn.empty() ? "" : "alpn " + escape_control(t.alpn),
                          t.resumed ? "resumed" : "full handshake"}));
    }
    for (const EvidenceInfo& e : report_.evidence)
      fact("evidence", joined({escape_control(e.format), escape_control(e.platform), e.simulated ? "simulated: no hardware vouches for it" : ""}));
    if (report_.binding) {
      const std::string formula = escape_control(report_.binding->formula);
      fact("binding", std::string(binding_level_name(report_.binding->level)) + (formula.empty() ? "" : ": " + formula));
    }
    if (report_.freshness) fact("freshness", freshness(*report_.freshness));
    for (const CollateralInfo& c : report_.collateral) fact("collateral", collateral(c));
    if (report_.tcb && !explains_tcb()) fact("tcb", tcb_line(*report_.tcb));
    std::string timing;
    for (const auto& [name, ms] : report_.timing_ms) timing += (timing.empty() ? "" : ", ") + name + " " + milliseconds(ms);
    fact("timing", timing);
  }

  // One line among the facts says enough about a TCB that is accepted.
  bool explains_tcb() const {
    const CheckResult* status = report_.find("tcb-status");
    return options_.verbose || status == nullptr || status->outcome != Outcome::pass;
  }

  void tcb() {
    if (!report_.tcb) return;
    if (explains_tcb()) out_ += "\n" + title("TCB of the platform") + tcb_text(*report_.tcb, options_, width_);
    if (!report_.tcb->profiles.empty()) out_ += "\n" + title("TCB as other verifiers see it") + tcb_profiles_text(*report_.tcb, options_, width_);
  }

  std::string freshness(const FreshnessInfo& f) const {
    const std::string nonce = f.nonce.empty() ? "" : "nonce " + shortened(f.nonce, options_, 64);
    if (f.proven) return joined({"proven", f.source == "drawn" ? "nonce drawn for this connection" : escape_control(f.source), nonce});
    const std::string why = f.source == "recorded" ? "the nonce is a recorded one" : f.source == "given" ? "the nonce was given, not drawn" : "no nonce";
    return joined({"not proven", why, nonce});
  }

  static std::string collateral(const CollateralInfo& c) {
    std::string out = escape_control(c.kind) + " from " + escape_control(c.source);
    if (!c.origin.empty()) out += " (" + escape_control(c.origin) + ")";
    if (c.this_update) out += ", issued " + rfc3339(*c.this_update);
    if (c.next_update) out += ", next update " + rfc3339(*c.next_update);
    return out;
  }

  static std::string milliseconds(double ms) {
    const auto tenths = static_cast<long long>(ms * 10 + 0.5);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
  }

  std::size_t count(Outcome outcome) const {
    return static_cast<std::size_t>(std::count_if(report_.checks.begin(), report_.checks.end(), [&](const CheckResult& c) { return c.outcome == outcome; }));
  }

  void checks() {
    if (report_.checks.empty()) return;
    out_ += '\n' + title("Checks: " + std::to_string(count(Outcome::pass)) + " pass, " + std::to_string(count(Outcome::warn)) + " warn, " +
                         std::to_string(count(Outcome::fail)) + " fail, " + std::to_string(count(Outcome::error)) + " error, " +
                         std::to_string(count(Outcome::skip)) + " skip");
    std::size_t id_width = 0;
    for (const CheckResult& check : report_.checks)
      if (is_listed(check)) id_width = std::max(id_width, check.spec->id.size());
    std::string_view area;
    for (const CheckResult& check : report_.checks) {
      if (check.spec->area != area) {
        area = check.spec->area;
        heading(area);
      }
      if (!is_listed(check)) continue;
      if (check.outcome != Outcome::error || options_.verbose) line(check, id_width);
      else if (is_first_with_this_reason(check)) errors(check);
    }
  }

  // One missing input leaves many checks unevaluated: those of one area with one reason are told together.
  bool same_reason(const CheckResult& a, const CheckResult& b) const {
    return a.outcome == Outcome::error && b.outcome == Outcome::error && a.spec->area == b.spec->area && a.detail == b.detail;
  }
  bool is_first_with_this_reason(const CheckResult& check) const {
    return &*std::find_if(report_.checks.begin(), report_.checks.end(), [&](const CheckResult& c) { return same_reason(c, check); }) == &check;
  }
  void errors(const CheckResult& first) {
    std::string ids;
    for (const CheckResult& check : report_.checks)
      if (same_reason(check, first)) ids += (ids.empty() ? "" : ", ") + std::string(check.spec->id);
    constexpr std::size_t kColumn = 11;
    out_ += "    " + text::painted(text::padded(outcome_word(Outcome::error), 5), outcome_color(Outcome::error), options_.color) + "  ";
    for (bool start = true; const std::string& l : text::wrapped(ids, width_ - kColumn)) {
      out_ += (start ? "" : std::string(kColumn, ' ')) + l + '\n';
      start = false;
    }
    if (!first.detail.empty()) text::append_labelled(out_, kColumn, "detail", 9, safe(first.detail), width_);
    values(first, kColumn, 9);
  }

  // "  SNP certificates                26 pass"; areas of which every check was skipped are not named.
  void heading(std::string_view area) {
    std::size_t passed = 0, told = 0;
    for (const CheckResult& check : report_.checks) {
      if (check.spec->area != area) continue;
      passed += check.outcome == Outcome::pass ? 1 : 0;
      told += check.outcome != Outcome::skip || options_.verbose ? 1 : 0;
    }
    if (told == 0) return;
    const std::string count = std::to_string(passed);
    out_ += "  " + text::padded(std::string(area), 30) + std::string(count.size() < 3 ? 3 - count.size() : 0, ' ') + count + " pass\n";
  }

  // A pass is told one by one with --verbose, or when it has something to say; skipped checks have a list of their own.
  bool is_listed(const CheckResult& check) const {
    if (options_.verbose) return true;
    if (check.outcome == Outcome::skip) return false;
    const bool speaks = check.spec->severity == Severity::info || check.spec->severity == Severity::warning;
    return check.outcome != Outcome::pass || (speaks && !check.detail.empty());
  }

  void line(const CheckResult& check, std::size_t id_width) {
    constexpr std::size_t kIndent = 4, kOutcome = 5;
    const std::size_t column = kIndent + kOutcome + 2;
    std::string body;
    text::append_labelled(body, column, check.spec->id, id_width, check.spec->title, width_);
    out_ += std::string(kIndent, ' ') + text::painted(text::padded(outcome_word(check.outcome), kOutcome), outcome_color(check.outcome), options_.color) + body.substr(kIndent + kOutcome);
    const bool expand = check.outcome == Outcome::warn || check.outcome == Outcome::fail || check.outcome == Outcome::error || options_.verbose;
    const bool tells = expand || check.spec->severity == Severity::info || check.spec->severity == Severity::warning;
    if (tells && !check.detail.empty()) text::append_labelled(out_, column, expand ? "detail" : "", expand ? 9 : 0, safe(check.detail), width_);
    if (expand) values(check, column, 9);
    if (options_.verbose) text::append_labelled(out_, column, "see", 9, check.spec->reference, width_);
  }

  // Grouped by reason, since most checks of a policy are skipped for the same one.
  void not_checked() {
    std::vector<std::pair<std::string, std::string>> reasons;   // reason, ids
    std::size_t total = 0;
    for (const CheckResult& check : report_.checks) {
      if (check.outcome != Outcome::skip) continue;
      ++total;
      auto it = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == check.detail; });
      if (it == reasons.end()) it = reasons.insert(reasons.end(), {check.detail, ""});
      it->second += (it->second.empty() ? "" : ", ") + std::string(check.spec->id);
    }
    if (total == 0 || options_.verbose) return;   // --verbose has told each with its reason
    out_ += "\n" + title("Not checked: " + std::to_string(total));
    for (const auto& [reason, ids] : reasons)
      for (bool first = true; const std::string& l : text::wrapped(escape_control(reason) + ": " + ids, width_ - 5)) {
        out_ += (first ? "  -  " : "     ") + l + '\n';
        first = false;
      }
  }

  void claims() {
    for (const EvidenceInfo& e : report_.evidence) out_ += "\n" + title("Claims") + render_claims_text(e.claims, options_);
  }

  void sentences(std::string_view label, const std::vector<std::string>& list) {
    for (const std::string& sentence : list) fact(label, safe(sentence));
  }

  const Report& report_;
  const RenderOptions& options_;
  std::size_t width_;
  std::string out_;
};

// "3 inputs: 2 verified, 1 rejected"
std::string summary(std::span<const Report> reports) {
  std::string out = std::to_string(reports.size()) + " inputs:";
  std::string list;
  for (const std::string_view word : {"verified", "rejected", "refused", "malformed", "no-evidence", "undecided", "partial", "error"}) {
    const auto n = std::count_if(reports.begin(), reports.end(), [&](const Report& r) { return r.verdict && r.verdict->result == word; });
    if (n > 0) list += (list.empty() ? " " : ", ") + std::to_string(n) + " " + std::string(word);
  }
  return out + list + "\n";
}

}  // namespace

std::string text(std::span<const Report> reports, const RenderOptions& options) {
  std::string out;
  for (const Report& report : reports) {
    if (!out.empty() && !options.brief) out += '\n';
    Page page(report, options);
    out += options.brief ? page.brief() : page.full();
  }
  if (reports.size() > 1) out += (options.brief ? "" : "\n") + summary(reports);
  return out;
}

}  // namespace atls::render
