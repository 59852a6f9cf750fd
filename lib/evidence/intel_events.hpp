// Run-time events of the log of a TDX guest against policy. Their payloads are proven by the replay into RTMR3.
#pragma once

#include <string>

#include "evidence/constraint.hpp"
#include "evidence/intel_event_log.hpp"

namespace atls::evidence {

// What the log says, or why nothing can be said about it. `missing`: there is no log at all.
struct BootEvents { std::optional<TdEventLog> log; std::string why_not; bool missing = false; };
BootEvents boot_events(const std::optional<Buffer>& event_log, const Report& report);

Finding judge_event(const BootEvents& events, const std::string& name, const policy::BytesRule& rule);
std::string event_names(const BootEvents& events);   // "app-id, compose-hash"

}  // namespace atls::evidence
