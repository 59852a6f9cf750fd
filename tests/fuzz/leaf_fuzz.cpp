// A peer's leaf certificate and nonce carriers of Constellation aTLS: judged without crashing, never with a binding that the
// nonce does not give.
#include "evidence/load.hpp"
#include "fuzz.hpp"
#include "profile/constellation.hpp"
#include "report/model.hpp"

using namespace atls;
namespace constellation_profile = atls::profile::constellation;

FUZZ(input) {
  (void)constellation_profile::nonce_from_ca_names({to_buffer(input)});
  if (const auto nonce = constellation_profile::nonce_from_sni(as_text(input))) fuzz::require(constellation_profile::nonce_to_sni(*nonce) == as_text(input), "one spelling per nonce");
  (void)constellation_profile::has_constellation_extension(input);
  Report report;
  const auto extracted = constellation_profile::extract({to_buffer(input)}, Buffer(32, 7), false, Time{}, report);
  if (!extracted.evidence) fuzz::require(!report.checks.empty(), "missing evidence is explained");
  Report unknown;
  fuzz::require(!constellation_profile::extract({to_buffer(input)}, std::nullopt, false, Time{}, unknown).binding, "no binding without a nonce");
}
