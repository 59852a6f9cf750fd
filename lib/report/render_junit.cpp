#include <algorithm>
#include <cstdio>

#include "report/renderers.hpp"

namespace atls::render {
namespace {

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : escape_control(text)) {   // control characters do not exist in XML 1.0
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string attribute(std::string_view name, std::string_view value) { return " " + std::string(name) + "=\"" + xml(value) + "\""; }

std::string seconds(double ms) {
  char out[40];
  std::snprintf(out, sizeof out, "%.6f", ms / 1000);
  return out;
}

struct Case { std::string area, id, element, message, body; };   // element: "", "failure", "error", "skipped", "system-out"

std::string body_of(const CheckResult& check) {
  std::string out(check.spec->title);
  if (!check.expected.empty()) out += "\nexpected: " + check.expected;
  if (!check.actual.empty()) out += "\nactual: " + check.actual;
  if (!check.signed_by.empty()) out += "\nsigned by: " + check.signed_by;
  return out + "\nreference: " + std::string(check.spec->reference);
}

Case case_of(const CheckResult& check) {
  const std::string message = check.detail.empty() ? std::string(check.spec->title) : check.detail;
  Case out{std::string(check.spec->area), std::string(check.spec->id), {}, message, body_of(check)};
  switch (check.outcome) {
    case Outcome::pass: break;
    case Outcome::warn: out.element = "system-out"; out.body = "warning: " + message; break;
    case Outcome::fail: out.element = "failure"; break;
    case Outcome::error: out.element = "error"; break;
    case Outcome::skip: out.element = "skipped"; out.body.clear(); break;
  }
  return out;
}

// The checks, and the verdict as a case of its own when it is bad and no check shows it: a suite is never green by omission.
std::vector<Case> cases_of(const Report& report) {
  std::vector<Case> out;
  for (const CheckResult& check : report.checks) out.push_back(case_of(check));
  const bool shown = std::any_of(out.begin(), out.end(), [](const Case& c) { return c.element == "failure" || c.element == "error"; });
  if (report.verdict && report.verdict->code != ExitCode::verified && !shown) {
    std::string body;
    for (const std::string& sentence : report.not_proven) body += (body.empty() ? "" : "\n") + sentence;
    out.push_back({"Verdict", "verdict", "error", report.verdict->result, body});
  }
  return out;
}

std::string lines_xml(std::string_view text) {   // line breaks of our own bodies stay
  std::string out;
  for (;;) {
    const std::size_t end = text.find('\n');
    out += xml(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

void append_suite(std::string& out, const Report& report) {
  const std::vector<Case> cases = cases_of(report);
  const auto count = [&](std::string_view element) {
    return std::to_string(std::count_if(cases.begin(), cases.end(), [&](const Case& c) { return c.element == element; }));
  };
  double total = 0;
  for (const auto& [name, ms] : report.timing_ms) total += ms;
  std::string time = rfc3339(report.time);
  time.pop_back();   // JUnit times have no zone
  out += "  <testsuite" + attribute("name", report.tool + " " + report.subject.name) + attribute("tests", std::to_string(cases.size())) +
         attribute("failures", count("failure")) + attribute("errors", count("error")) + attribute("skipped", count("skipped")) +
         attribute("time", seconds(total)) + attribute("timestamp", time) + ">\n    <properties>\n";
  const auto property = [&](std::string_view name, std::string_view value) {
    out += "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
  };
  property("schema", "atls-report/1");
  if (report.verdict) {
    property("verdict", report.verdict->result);
    property("reason", report.verdict->reason);
    property("exit_code", std::to_string(static_cast<int>(report.verdict->code)));
  }
  const bool simulated = std::any_of(report.evidence.begin(), report.evidence.end(), [](const EvidenceInfo& e) { return e.simulated; });
  if (simulated) property("simulated", "true");
  for (const std::string& sentence : report.not_proven) property("not_proven", sentence);
  out += "    </properties>\n";
  for (const Case& c : cases) {
    out += "    <testcase" + attribute("classname", report.tool + "." + c.area) + attribute("name", c.id) + attribute("time", "0");
    if (c.element.empty()) {
      out += "/>\n";
      continue;
    }
    out += ">\n      <" + c.element;
    if (c.element != "system-out") out += attribute("message", c.message);
    if (c.element == "failure" || c.element == "error") out += attribute("type", c.element);
    out += c.body.empty() ? "/>\n" : ">" + lines_xml(c.body) + "</" + c.element + ">\n";
    out += "    </testcase>\n";
  }
  out += "  </testsuite>\n";
}

}  // namespace

std::string junit(std::span<const Report> reports, const RenderOptions&) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const Report& report : reports) append_suite(out, report);
  return out + "</testsuites>\n";
}

}  // namespace atls::render
