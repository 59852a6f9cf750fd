// What came with the evidence and judged nothing: told by name, so that no part of an input is dropped silently.
#pragma once

#include <vector>

#include "collateral/collateral.hpp"
#include "report/model.hpp"

namespace atls::evidence {

enum class Vendor { amd, intel };

// `used`: the bytes of every certificate and revocation list that something was judged by. Of `own` items (inside the evidence or in
// its file) everything else is told; of `beside` (collateral of a bundle) only what cannot have been a candidate: it does not decode, or is
// another vendor's. `lists` is false where revocation is switched off.
struct UnusedQuestion {
  Vendor vendor;
  std::vector<Bytes> used;
  bool lists = true;
};
void tell_unused_items(const UnusedQuestion& question, const std::vector<CollateralItem>& own, const std::vector<CollateralItem>& beside, Report& report);

}  // namespace atls::evidence
