// The JSON event log of dstack, and the event log of a TDX guest in either form: each event extends one register with 48 bytes.
#include "evidence/eventlog_claims.hpp"
#include "evidence/intel_event_log.hpp"
#include "places.hpp"

using namespace atls;

FUZZ(input) {
  const auto json = eventlog::parse_json_log(input);
  if (json)
    for (const auto& event : *json) {
      fuzz::require(event.imr <= 3, "a register of a TD");
      fuzz::require(event.digest.size() == 48 || (event.digest.empty() && event.is_runtime()), "a digest, or one that can be computed");
      fuzz::require(!eventlog::runtime_digest_input(event).empty(), "every event has a text to measure");
    }
  if (eventlog::looks_like_json_log(input)) fuzz::check_places(evidence::event_log_claims(input));
  const auto log = evidence::read_td_event_log(input);
  if (!log) return fuzz::require(!log.error().detail.empty(), "a refusal has a reason");
  for (const auto& e : log->extensions) fuzz::require(e.rtmr <= 3 && e.digest.size() == 48, "an extension is one");
  for (const Buffer& value : evidence::replay_rtmrs(*log)) fuzz::require(value.size() == 48, "a register has 48 bytes");
}
