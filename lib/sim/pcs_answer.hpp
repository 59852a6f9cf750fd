// What a simulated PCS, or the PCCS of a data centre, says to a path, without any socket. Intel PCS API v4.
#pragma once

#include <string_view>

#include "sim/intel_platform.hpp"

namespace atls::sim {

// `target`: path and query of the request line. Knows only the machine kind and the TCB of this platform.
HttpAnswer pcs_answer(const IntelPlatform& platform, std::string_view target);

}  // namespace atls::sim
