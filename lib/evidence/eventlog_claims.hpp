// Claims of event logs and of the ACPI table that points to one.
#pragma once

#include <map>

#include "eventlog/tcg.hpp"
#include "report/claim.hpp"

namespace atls::evidence {

Claim event_log_claims(Bytes log, std::string name = "event_log");        // binary, or the JSON form of dstack
Claim ccel_table_claims(Bytes table, std::string name = "ccel_table");
// Registers after all events but EV_NO_ACTION, by index; empty for an algorithm that is not known.
std::map<std::uint32_t, Buffer> replay(const eventlog::Log& log, std::uint16_t algorithm);

}  // namespace atls::evidence
