// Exit status of every tool and of every verdict. One enum; the man fragment and a test are generated against it.
#pragma once

#include <span>
#include <string_view>

namespace atls {

enum class ExitCode : int {
  verified = 0, usage = 1, rejected = 2, no_evidence = 3, undecided = 4, refused = 5, partial = 6, malformed = 7,
  different = 8, exchange_failed = 9, internal = 70, interrupted = 130,
};
struct ExitCodeInfo { ExitCode code; std::string_view verdict, meaning; };   // verdict: report word, empty for 8 and 9
std::span<const ExitCodeInfo> exit_codes();
std::string_view verdict_word(ExitCode code);             // "verified", "rejected", "no-evidence", ... "error"
// Which of two codes of ONE input wins: 70, 1, 3, 7, 2, 4, 5, 6 (and 130 first).
ExitCode worse_of_one(ExitCode a, ExitCode b);
// Over a batch: 70, 1, 2, 5, 7, 3, 4, 6, so that a rejected input is never hidden by an unreadable one.
ExitCode worse_of_batch(ExitCode a, ExitCode b);

}  // namespace atls
