// Judges inputs on several threads and hands the reports on in input order. What is in flight is bounded, so memory does not
// grow with the number of inputs.
#pragma once

#include <functional>

#include "atls-verify/source.hpp"

namespace atls::verify {

using Judge = std::function<Report(const Job&)>;
using Emit = std::function<void(Report)>;

// Returns when the source is exhausted and everything was emitted. An exception of `judge`, `emit` or the source ends the run and is
// thrown again here.
void run_pipeline(Source& source, unsigned jobs, const Judge& judge, const Emit& emit);

}  // namespace atls::verify
