#pragma once

#include "atls-serve/options.hpp"

namespace atls::serve {

// Serves until a signal or the last of --count connections. Uses threads and blocks SIGTERM and SIGINT in the process.
ExitCode run(const Options& options, tools::Io& io);

}  // namespace atls::serve
