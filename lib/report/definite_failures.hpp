// An undecided verdict (4) names what is missing. Checks that failed for good beside that must not be hidden by it: supplying what is
// missing will not help.
#pragma once

#include <string>
#include <vector>

#include "report/model.hpp"

namespace atls {

std::vector<const CheckResult*> definite_failures(const Report& report);   // empty unless the verdict is undecided
std::string definite_failures_sentence(const Report& report);              // the same in one sentence, ids only; empty when there are none

}  // namespace atls
