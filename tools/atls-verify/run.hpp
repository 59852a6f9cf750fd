#pragma once

#include <istream>

#include "atls-verify/options.hpp"

namespace atls::verify {

// `in`: where --stdin-jsonl reads from.
ExitCode run(const Options& options, std::istream& in, tools::Io& io);

}  // namespace atls::verify
