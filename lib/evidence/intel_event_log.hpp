// The event log of a TDX guest, whatever its form: what each event extends, with which digest.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "eventlog/runtime.hpp"
#include "eventlog/tcg.hpp"

namespace atls::evidence {

// One extension of an RTMR.
struct Extension {
  unsigned rtmr = 0;
  Buffer digest;                 // SHA-384, what the register was extended with
  std::size_t event = 0;         // number in the log
};
struct RuntimeEvent { std::string name; Buffer payload; };

struct TdEventLog {
  std::vector<Extension> extensions;
  std::size_t events = 0;
  std::size_t recomputed = 0;             // events whose digest is defined by their data
  std::vector<std::string> differ;        // of those, the ones that say another digest
  // dstack: of RTMR3, in order, up to the end of the boot ("system-ready" or, before, "boot-mr-done"): what came later the
  // applications wrote. Proven only when rtmr-replay-3 passed.
  std::vector<RuntimeEvent> boot_events;
  std::string remark;                     // odd, but harmless
};
// A CCEL log (index 1 to 4 is RTMR0 to RTMR3) or the JSON event log of dstack.
Result<TdEventLog> read_td_event_log(Bytes log);
bool looks_like_td_event_log(Bytes content);
std::array<Buffer, 4> replay_rtmrs(const TdEventLog& log);

// Whether the data of an event gives its digest; empty where that is not defined for the type.
std::optional<bool> digest_is_of_data(const eventlog::Event& event, std::uint16_t algorithm);

}  // namespace atls::evidence
