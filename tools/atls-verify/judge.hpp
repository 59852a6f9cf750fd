// One input to one report.
#pragma once

#include "atls-verify/source.hpp"

namespace atls::verify {

// Never throws on content. Thread-safe: everything shared is read-only or locked inside the library.
// `event_log`: given for the TDX quote of every input. `used`: filled with the collateral that was at hand and the evidence, for
// --save-collateral.
struct Used { std::vector<CollateralItem> collateral; Buffer evidence; };
Report judge(const Job& job, const Options& options, const std::optional<Buffer>& event_log, const tools::Setup& setup, Used* used = nullptr);

}  // namespace atls::verify
