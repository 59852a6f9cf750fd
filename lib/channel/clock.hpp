// The clock of time limits and of what reports call timing_ms.
#pragma once

#include <chrono>

namespace atls::channel {

using Clock = std::chrono::steady_clock;

inline double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }
inline std::chrono::milliseconds since(Clock::time_point start) { return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start); }
inline std::chrono::milliseconds until(Clock::time_point end) { return std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()); }

}  // namespace atls::channel
