// Alternatives of a policy: evidence passes when one of them passes completely. Partial matches of different ones are never combined.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::evidence {

// How the check "a reference value says which one is expected" speaks about evidence of one format.
struct Reference {
  const CheckSpec& spec;
  std::string_view what;          // "guest"
  std::string_view pins;          // "--measurement, ... or --author-key-digest"
  std::string_view host_values;   // "host data"
  std::string actual;             // "measurement ..."
};

// Records what `judge` finds for the alternative that holds, or for the closest one: evidence kind, reference value, constraints.
using JudgeAlternative = std::function<void(const policy::Alternative&, Report&)>;
void judge_alternatives(std::string_view format, const policy::Policy& policy, const Reference& reference, const JudgeAlternative& judge, Report& report);

}  // namespace atls::evidence
