// The switches that weaken a verification, in one table: the options and what they do to the policy.
#pragma once

#include <string_view>

#include "policy/policy.hpp"

namespace atls::tools {

struct Loosening {
  std::string_view flag, help;
  bool policy::Policy::*member;
  std::string_view sentence;      // told in every report
};

inline constexpr Loosening kLoosenings[] = {
    {"--any-measurement", "Accept a guest that no reference value identifies", &policy::Policy::any_measurement, "a guest that is not identified is accepted"},
    {"--allow-debug", "Accept guests and enclaves that the host can debug", &policy::Policy::allow_debug, "guests that the host can debug are accepted"},
    {"--allow-migration", "SEV-SNP: accept guests with a migration agent", &policy::Policy::allow_migration, "guests with a migration agent are accepted"},
    {"--allow-not-fresh", "Accept a nonce that was given and not drawn", &policy::Policy::allow_not_fresh, "a nonce that was not drawn for the connection is accepted"},
    {"--allow-reserved-nonzero", "SEV-SNP: accept reserved bytes that are not zero", &policy::Policy::allow_reserved_nonzero, "reserved bytes that are not zero are accepted"},
    {"--allow-unknown-version", "SEV-SNP: accept report versions above 5, read with the layout of 5", &policy::Policy::allow_unknown_version, "report versions that are not known are accepted"},
    {"--allow-missing-collateral", "Intel: accept evidence whose TCB info or QE identity cannot be had; its TCB is not judged then", &policy::Policy::allow_missing_collateral,
     "the TCB need not be judged when its collateral is missing"},
    {"--allow-expired-collateral", "Intel: accept TCB info, QE identity and revocation lists past their next update", &policy::Policy::allow_expired_collateral,
     "collateral past its next update is accepted"},
    {"--allow-qe-padding", "Intel: accept QE report data whose second half is not zero", &policy::Policy::allow_qe_padding, "QE report data with a padding that is not zero is accepted"},
    {"--allow-migratable", "TDX: accept TDs that can be migrated", &policy::Policy::allow_migratable, "TDs that can be migrated are accepted"},
    {"--allow-service-td", "TDX: accept TDs to which any service TD is bound", &policy::Policy::allow_service_td, "TDs with a service TD are accepted"},
    {"--allow-rtmr-partial", "TDX: accept an event log without events for a register that is not zero", &policy::Policy::allow_rtmr_partial, "an event log that does not explain every RTMR is accepted"},
};

}  // namespace atls::tools
