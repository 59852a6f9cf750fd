// Policy files: loaded or refused with a reason; a loaded one has an alternative to judge by.
#include "fuzz.hpp"
#include "policy/policy.hpp"

using namespace atls;

FUZZ(input) {
  const auto policy = policy::load_policy(input, "fuzz", "/nonexistent");
  if (!policy) return fuzz::require(!policy.error().detail.empty(), "a refusal says why");
  fuzz::require(!policy->alternatives.empty(), "a policy has an alternative");
}
