// atls-dump: decodes and shows, never judges.
#pragma once

#include "atls-dump/options.hpp"

namespace atls::dump {

ExitCode run(const Options& options, tools::Io& io);

}  // namespace atls::dump
