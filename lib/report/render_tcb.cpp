// What an operator reads who has to get a platform up to date: what is short first, then everything, then what to do.
#include "report/render_tcb.hpp"

#include <algorithm>

#include "report/text_layout.hpp"

namespace atls::render {
namespace {

using Component = TcbExplanation::Component;
using text::Color;

constexpr std::size_t kTcbIndent = 2, kTcbLabel = 12;

std::string list(const std::vector<std::string>& items, const char* none) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + escape_control(item);
  return out.empty() ? none : out;
}

std::string day(const std::string& date) { return escape_control(date.substr(0, 10)); }

std::string words(const Component& c) {
  if (c.name == "pce") return "PCE";
  if (c.name == "qe") return "QE";
  if (c.name == "tdx-module") return "module";
  return (c.name.starts_with("sgx-") ? "SGX " : "TDX ") + escape_control(c.name.substr(4));
}

std::string number(std::uint32_t n, std::size_t width) {
  const std::string digits = std::to_string(n);
  return std::string(digits.size() < width ? width - digits.size() : 0, ' ') + digits;
}

// Components that are zero here and demanded nowhere say nothing.
bool is_shown(const Component& c) { return c.have != 0 || c.need.value_or(0) != 0; }

struct Widths { std::size_t name = 9, meaning = 0, number = 4; };

Widths widths(const TcbExplanation& tcb, std::size_t width) {
  Widths out;
  for (const Component& c : tcb.components) {
    if (!is_shown(c)) continue;
    out.meaning = std::max(out.meaning, text::columns(escape_control(c.meaning)));
    for (const std::uint32_t n : {c.have, c.need.value_or(0)}) out.number = std::max(out.number, std::to_string(n).size());
  }
  constexpr std::size_t kOwner = 33;   // what is left of the line for who fixes it
  const std::size_t used = kTcbIndent + out.name + 2 + 2 * (out.number + 2) + 12 + kOwner;
  out.meaning = std::min(out.meaning, width > used ? std::max<std::size_t>(width - used, 12) : 12);
  return out;
}

std::string cut(const std::string& text, std::size_t width) {
  const std::vector<std::string> lines = text::wrapped(text, std::max<std::size_t>(width, 16));
  return lines.size() == 1 && text::columns(text) <= width ? text : text::padded(text, width).substr(0, width > 2 ? width - 2 : 0) + "..";
}

constexpr std::size_t kVerdict = 12;

std::size_t columns_before_meaning(const Widths& w) { return kTcbIndent + w.name + 2 + w.number + 2 + w.number + 2 + kVerdict; }

void row(std::string& out, const Component& c, const Widths& w, const RenderOptions& options, std::size_t width) {
  std::string line = text::padded(words(c), w.name) + "  " + number(c.have, w.number) + "  ";
  line += (c.compared && c.need ? number(*c.need, w.number) : std::string(w.number - 1, ' ') + "-") + "  ";
  std::string verdict, owner;
  Color color = Color::green;
  if (!c.compared) {
    verdict = "see module", color = Color::dim;
  } else if (c.is_short()) {
    verdict = "short by " + std::to_string(*c.need - c.have), color = Color::red;
    owner = escape_control(c.fixed_by);
  } else {
    verdict = c.need ? "ok" : "";
  }
  line += text::painted(text::padded(verdict, kVerdict), color, options.color);
  const std::string meaning = cut(escape_control(c.meaning), w.meaning);
  if (columns_before_meaning(w) + w.meaning + (owner.empty() ? 0 : 2 + text::columns(owner)) <= width) {
    line += text::padded(meaning, w.meaning) + (owner.empty() ? "" : "  " + owner);
    owner.clear();
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  out += std::string(kTcbIndent, ' ') + line + '\n';
  if (!owner.empty()) text::append_labelled(out, kTcbIndent + 2, "fixed by", 8, owner, width);   // a narrow terminal
}

void table(std::string& out, const TcbExplanation& tcb, const RenderOptions& options, std::size_t width) {
  const Widths w = widths(tcb, width);
  std::string heading = text::padded("component", w.name) + "  " + std::string(w.number - 4, ' ') + "have  " + std::string(w.number - 4, ' ') + "need";
  if (const std::string more = "  " + std::string(kVerdict, ' ') + text::padded("what it is", w.meaning) + "  who fixes it"; kTcbIndent + heading.size() + more.size() <= width) heading += more;
  out += std::string(kTcbIndent, ' ') + text::painted(heading, Color::bold, options.color) + '\n';
  for (const Component& c : tcb.components)
    if (is_shown(c)) row(out, c, w, options, width);
}

void fact(std::string& out, const char* label, const std::string& value, std::size_t width) {
  if (!value.empty()) text::append_labelled(out, kTcbIndent, label, kTcbLabel, value, width);
}

std::string level(const TcbExplanation::Level& l) {
  std::string missing;
  for (const auto& m : l.missing) {
    const Component named{m.name, {}, {}, 0, {}, true};
    missing += (missing.empty() ? "" : ", ") + words(named) + " " + std::to_string(m.have) + " -> " + std::to_string(m.need);
  }
  std::string out = escape_control(l.status) + (l.date.empty() ? "" : " of " + day(l.date));
  out += missing.empty() ? ": nothing is missing" : ": missing " + missing;
  return out + (l.advisories.empty() ? "" : " (then open: " + list(l.advisories, "") + ")");
}

std::string part_name(const TcbExplanation::Part& p) {
  if (p.name == "tdx-module") return "TDX module";
  return p.name == "qe" ? "QE" : p.name;
}

}  // namespace

std::string tcb_line(const TcbExplanation& tcb) {
  std::string out = escape_control(tcb.status);
  if (!tcb.date.empty()) out += ", level of " + day(tcb.date);
  out += ", evaluation " + std::to_string(tcb.qe_identity_number ? std::min(tcb.tcb_info_number, *tcb.qe_identity_number) : tcb.tcb_info_number);
  out += tcb.advisories.empty() ? (tcb.status == "UpToDate" ? ", no open advisory" : "") : ", open: " + list(tcb.advisories, "");
  if (tcb.profile != "qvl-2026") out += ", by profile " + escape_control(tcb.profile);
  if (!tcb.overrides.empty()) out += ", with an override";
  return out;
}

std::string tcb_text(const TcbExplanation& tcb, const RenderOptions& options, std::size_t width) {
  std::string out;
  const bool good = tcb.status == "UpToDate";
  std::string status = text::painted(escape_control(tcb.status), good ? Color::green : Color::red, options.color);
  text::append_labelled(out, kTcbIndent, "status", kTcbLabel, status + (tcb.why.empty() ? "" : ": " + escape_control(tcb.why)), width + (options.color ? 12 : 0));
  fact(out, "judged by", "profile " + escape_control(tcb.profile) + ", " + escape_control(tcb.tee) + " TCB info of FMSPC " + escape_control(tcb.fmspc) + ", evaluation " + std::to_string(tcb.tcb_info_number) +
                             (tcb.qe_identity_number ? " (QE identity: " + std::to_string(*tcb.qe_identity_number) + ")" : ", no QE identity"), width);
  for (const TcbExplanation::Part& p : tcb.parts) {
    std::string value = p.status.empty() ? "no level matches" : escape_control(p.status) + ", level of " + day(p.date) + (p.advisories.empty() ? "" : ", open: " + list(p.advisories, ""));
    if (!p.id.empty()) value += " (" + escape_control(p.id) + ")";
    fact(out, part_name(p).c_str(), value, width);
  }
  if (tcb.current) {
    fact(out, "runs now", escape_control(tcb.current->status) + (tcb.current->date.empty() ? "" : ", level of " + day(tcb.current->date)) + ": the TDX module was updated after the launch of the TD", width);
  }
  fact(out, "advisories", list(tcb.advisories, good ? "none open" : "none is named by these levels"), width);
  fact(out, "override", escape_control(tcb.overrides), width);
  out += '\n';
  table(out, tcb, options, width);
  out += '\n';
  if (tcb.goal) fact(out, "goal", level(*tcb.goal), width);
  const auto same = [](const TcbExplanation::Level& a, const TcbExplanation::Level& b) {
    return a.status == b.status && a.date == b.date;   // what the goal lacks beside it is no matter of the platform
  };
  if (tcb.nearest && !(tcb.goal && same(*tcb.goal, *tcb.nearest))) fact(out, "nearest", level(*tcb.nearest), width);
  for (std::size_t i = 0; i < tcb.next_steps.size(); ++i) fact(out, i == 0 ? "what next" : "", std::to_string(i + 1) + ". " + escape_control(tcb.next_steps[i]), width);
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

std::string tcb_profiles_text(const TcbExplanation& tcb, const RenderOptions& options, std::size_t width) {
  std::size_t name = 7, status = 6;
  for (const TcbExplanation::Profile& p : tcb.profiles) {
    name = std::max(name, p.name.size());
    status = std::max(status, p.status.size());
  }
  constexpr std::size_t kLibrary = 16, kWhy = 20;
  const std::size_t column = kTcbIndent + name + 2 + status + 2 + kLibrary + 2;
  std::string out;
  if (column + kWhy <= width) {
    out = std::string(kTcbIndent, ' ') + text::painted(text::padded("profile", name) + "  " + text::padded("status", status) + "  " + text::padded("its library", kLibrary) + "  why", Color::bold, options.color) + '\n';
    for (const TcbExplanation::Profile& p : tcb.profiles) {
      std::string line;
      text::append_labelled(line, kTcbIndent, text::padded(escape_control(p.name), name) + "  " + text::padded(escape_control(p.status), status) + "  " + text::padded(escape_control(p.library), kLibrary),
                            name + status + kLibrary + 4, escape_control(p.why), width);
      while (line.ends_with(" \n")) line.erase(line.size() - 2, 1);
      out += line;
    }
  } else {                             // a narrow terminal
    for (const TcbExplanation::Profile& p : tcb.profiles)
      fact(out, escape_control(p.name).c_str(), escape_control(p.status) + ", its library " + escape_control(p.library) + (p.why.empty() ? "" : ": " + escape_control(p.why)), width);
  }
  for (const std::string& sentence : tcb.differences) text::append_labelled(out, kTcbIndent, "-", 1, escape_control(sentence), width);
  if (tcb.differences.empty()) text::append_labelled(out, kTcbIndent, "-", 1, "the algorithms agree about this platform", width);
  return out;
}

}  // namespace atls::render
