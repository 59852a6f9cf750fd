#pragma once

#include "atls-connect/options.hpp"

namespace atls::connect {

ExitCode run(const Options& options, tools::Io& io);

}  // namespace atls::connect
