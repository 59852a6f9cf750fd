// One input to one report.
#pragma once

#include "atls-verify/source.hpp"

namespace atls::verify {

// Never throws on content. Thread-safe: everything shared is read-only or locked inside the library.
// `event_log`: given for the TDX quote of every input.
Report judge(const Job& job, const Options& options, const std::optional<Buffer>& event_log, const tools::Setup& setup);

}  // namespace atls::verify
