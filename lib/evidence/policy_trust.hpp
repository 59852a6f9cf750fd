// Which roots a policy trusts.
#pragma once

#include "evidence/trust.hpp"
#include "policy/policy.hpp"

namespace atls::evidence {

// The built-in roots; where trust.roots of the policy names files for a vendor, those instead of that vendor's. Anchors given
// outside the file (Policy::trust_anchor_files) replace all. Errors tell the source in `where`: "trust.roots.intel", or "0" for the
// first anchor file.
Result<TrustStore> trust_of(const policy::Policy& policy);

}  // namespace atls::evidence
