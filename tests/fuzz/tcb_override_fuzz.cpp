// Override files: refused with a reason, or a list of caps that each have a place and a reason.
#include "fuzz.hpp"
#include "policy/tcb_override.hpp"

using namespace atls;

FUZZ(input) {
  const auto caps = policy::parse_tcb_override(input);
  if (!caps) return fuzz::require(!caps.error().detail.empty(), "a refusal says why");
  fuzz::require(!caps->empty(), "a file overrides something");
  for (const auto& cap : *caps) fuzz::require(cap.index < 16 && !cap.reason.empty(), "a cap has a component and a reason");
}
