// --collateral-expiry: what of a directory or bundle expires when. No evidence is judged.
#pragma once

#include "atls-verify/options.hpp"

namespace atls::verify {

// 0: nothing has expired or will within the span; else 4. Objects that cannot be read give 7, a path that cannot be 3.
ExitCode run_expiry(const Options& options, tools::Io& io);

}  // namespace atls::verify
