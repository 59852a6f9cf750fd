// JSON containers of quotes: what is taken out was in there, and nothing is proven with Intel's keys.
#include "evidence/present.hpp"
#include "places.hpp"

using namespace atls;

FUZZ(input) {
  const evidence::Loaded loaded = evidence::load_bytes(input, "fuzz");
  fuzz::check_places(loaded.claims);
  if (!loaded.evidence) return;
  const evidence::Evidence& e = *loaded.evidence;
  fuzz::require(e.data.size() <= input.size() && (!e.event_log || e.event_log->size() <= input.size()) && (!e.td_hcl || e.td_hcl->size() <= input.size()), "nothing grows");
  if (loaded.error && loaded.kind == evidence::InputKind::quote_container) fuzz::require(e.decode_error.has_value(), "damage of a container is known to the verifier");
}
