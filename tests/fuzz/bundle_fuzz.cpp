// A bundle that is accepted is written and read again unchanged.
#include "evidence/bundle.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  const auto bundle = evidence::parse_bundle(input);
  if (!bundle) return;
  fuzz::require(evidence::looks_like_bundle(input), "accepted means recognised");
  const Buffer text = evidence::encode_bundle(*bundle);
  const auto again = evidence::parse_bundle(text);
  fuzz::require(bool(again), "what was written is read");
  fuzz::require(evidence::encode_bundle(*again) == text, "writing is stable");
}
