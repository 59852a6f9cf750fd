#include "evidence/intel_events.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {

BootEvents boot_events(const std::optional<Buffer>& event_log, const Report& report) {
  if (!event_log) return {{}, "the evidence came without an event log", true};
  auto log = read_td_event_log(*event_log);
  if (!log) return {{}, "the event log does not decode, see event-log-parse"};
  // What the events say is proven only when they give the register that the quote has.
  if (report.outcome_of(checks::kRtmrReplay3) != Outcome::pass) return {{}, "the events are not proven, see rtmr-replay-3"};
  return {std::move(*log), {}};
}

Finding judge_event(const BootEvents& events, const std::string& name, const policy::BytesRule& rule) {
  Finding out{.holds = false, .expected = fmt::format("{}: {}", name, judge_bytes(rule, {}).expected), .problem = events.why_not, .undecidable = !events.log && !events.missing};
  if (!events.log) return out;
  std::size_t found = 0;
  for (const RuntimeEvent& event : events.log->boot_events) {
    if (event.name != name) continue;
    ++found;
    // Every one of them: a second event of the same name must not stand in for the first.
    if (const Finding one = judge_bytes(rule, event.payload); !one.holds) {
      out.problem = fmt::format("{} is {}: {}", name, hex(event.payload), one.problem);
      return out;
    }
  }
  out.holds = found > 0;
  if (!out.holds) out.problem = fmt::format("there is no event \"{}\" before the end of the boot", name);
  return out;
}

std::string event_names(const BootEvents& events) {
  if (!events.log) return {};
  std::vector<std::string> names;
  for (const RuntimeEvent& event : events.log->boot_events) names.push_back(event.name);
  return names.empty() ? "no run-time event" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace atls::evidence
