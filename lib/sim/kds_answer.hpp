// What a simulated KDS says to a path, without any socket.
#pragma once

#include <string>
#include <string_view>

#include "sim/platform.hpp"

namespace atls::sim {

// `target`: path and query of the request line. Knows only the chip and the TCB of this platform.
HttpAnswer kds_answer(const SnpPlatform& platform, std::string_view target);

}  // namespace atls::sim
