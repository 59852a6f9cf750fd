// Names and option texts about Intel's TCB statuses.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "policy/policy.hpp"

namespace atls::policy {

inline constexpr std::string_view kAcceptableTcbStatuses[] = {
    "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded", "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
};
inline constexpr std::string_view kNeverAcceptableTcbStatuses[] = {"Revoked", "NOT_SUPPORTED"};
// "" when the policy may accept it, else why not and what may be accepted.
std::string why_no_tcb_status(std::string_view name);
std::span<const std::string_view> tcb_profile_names();      // the first is the default

// STATUS[@UNTIL][:REASON]; UNTIL is a time or a date (its first second).
Result<TcbStatusRule> read_tcb_status(std::string_view text);
// ID,ID,...
Result<std::set<std::string>> read_advisories(std::string_view text);
std::string tcb_status_text(const TcbStatusRule& rule);     // "OutOfDate until 2027-01-01T00:00:00Z (BIOS update is planned)"

}  // namespace atls::policy
