// A property of every claim tree.
#pragma once

#include "fuzz.hpp"
#include "report/claim.hpp"

namespace atls::fuzz {

inline void check_places(const Claim& claim, const Buffer* space = nullptr) {
  if (claim.bytes) space = claim.bytes.get();
  if (claim.offset) require(space != nullptr && *claim.offset <= space->size() && claim.size <= space->size() - *claim.offset, "a claim's bytes are inside its space");
  for (const Claim& child : claim.children) check_places(child, space);
}

}  // namespace atls::fuzz
