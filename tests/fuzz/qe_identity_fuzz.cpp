// QE identity: the signed bytes are a part of the input, and read alone they say the same.
#include "places.hpp"
#include "evidence/intel_claims.hpp"
#include "intel/collateral.hpp"

using namespace atls;

FUZZ(input) {
  const auto raw = intel::raw_member(input, "enclaveIdentity");
  if (raw) fuzz::require(raw->data() >= input.data() && raw->data() + raw->size() <= input.data() + input.size(), "a member lies inside");
  fuzz::check_places(evidence::qe_identity_claims(input));
  const auto document = intel::parse_qe_identity(input);
  if (!document) return;
  fuzz::require(raw && equal(*raw, document->signed_bytes), "the signed bytes are those of the input");
  const auto parts = intel::parse_qe_identity_parts(document->signed_bytes, document->signature);
  fuzz::require(parts && parts->issue_date == document->issue_date && parts->levels.size() == document->levels.size(), "the parts say the same");
}
