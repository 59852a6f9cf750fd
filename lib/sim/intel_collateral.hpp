// TCB info and QE identity of the simulated Intel platform: compact JSON in Intel's order of members, signed. Intel PCS API v4.
#pragma once

#include <string>
#include <string_view>

#include "sim/intel_platform.hpp"

namespace atls::sim {

inline constexpr unsigned kEvaluationNumber = 18;

// The whole response: {"tcbInfo":{...},"signature":"..."}. `fmspc`: as the body shall spell it, for the real service echoes the
// letter case of the question. Faults of that layer applied.
std::string make_tcb_info(const IntelOptions& options, std::string_view fmspc = kSimulatedFmspc);
std::string make_qe_identity(const IntelOptions& options);

}  // namespace atls::sim
