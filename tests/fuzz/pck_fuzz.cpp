// The SGX extension: values name places inside the input; what decodes with known entries only encodes to its own bytes.
#include "fuzz.hpp"
#include "evidence/intel_claims.hpp"
#include "intel/pck.hpp"

using namespace atls;

FUZZ(input) {
  (void)evidence::pck_extension_claims(input, 0);
  const auto extension = intel::parse_pck_extension(input);
  if (!extension) return fuzz::require(extension.error().offset <= input.size(), "the place of damage is inside");
  fuzz::require(extension->tcb_entries == 18 && extension->entries >= 5, "what is required is there");
  for (const auto& place : extension->places) fuzz::require(place.offset <= input.size() && place.size <= input.size() - place.offset, "places are inside");
  const Buffer encoded = intel::encode_pck_extension(*extension);
  const auto again = intel::parse_pck_extension(encoded);
  fuzz::require(again && again->fmspc == extension->fmspc && again->components == extension->components && again->pce_svn == extension->pce_svn, "values survive encoding");
  fuzz::require(intel::encode_pck_extension(*again) == encoded, "encoding is stable");
}
