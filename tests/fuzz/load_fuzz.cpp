// Files of any kind: never fails, names the damage, and every claim's bytes are inside their space.
#include "evidence/load.hpp"
#include "fuzz.hpp"

using namespace atls;

namespace {

void check_places(const Claim& claim, const Buffer* space) {
  if (claim.bytes) space = claim.bytes.get();
  if (claim.offset) fuzz::require(space != nullptr && *claim.offset <= space->size() && claim.size <= space->size() - *claim.offset, "a claim's bytes are inside its space");
  for (const Claim& child : claim.children) check_places(child, space);
}

}  // namespace

FUZZ(input) {
  const evidence::Loaded loaded = evidence::load_bytes(input, "fuzz");
  check_places(loaded.claims, nullptr);
  const bool something = loaded.evidence || !loaded.certificates.empty() || !loaded.crls.empty() || !loaded.collateral.empty();
  fuzz::require(something || loaded.error || loaded.kind == evidence::InputKind::cert_table || loaded.kind == evidence::InputKind::bundle, "nothing found means an error");
  fuzz::require(loaded.kind != evidence::InputKind::unknown || loaded.error, "an unknown kind is an error");
  (void)evidence::load_bytes(input, "fuzz", evidence::InputKind::snp_report);
  (void)evidence::load_bytes(input, "fuzz", evidence::InputKind::certificate);
}
