// Checks of the input as a whole, whatever kind of evidence it holds.
#pragma once

#include <array>

#include "report/check.hpp"

namespace atls::checks {

// Recorded only when there is such a part: an input is one thing as a rule.
inline constexpr CheckSpec kInputPartUnused{.id = "input-part-unused", .title = "Every decoded part of the input was judged",
    .reference = "RFC 9334 section 8.4; atls-verify(1), INPUT", .area = "Input", .on_fail = ExitCode::refused, .severity = Severity::warning};

inline constexpr std::array kInputChecks{&kInputPartUnused};

}  // namespace atls::checks
