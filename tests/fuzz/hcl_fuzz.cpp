// An accepted HCL report is consistent and survives encoding; claims never exceed the input.
#include "azure/hcl.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  (void)azure::parse_hcl_claims(input);
  const auto hcl = azure::parse_hcl(input);
  if (!hcl) return;
  fuzz::require(azure::looks_like_hcl(input), "accepted means recognised");
  fuzz::require(hcl->report_size == 32 + 1184 + std::uint64_t{hcl->runtime_data_size}, "sizes agree");
  fuzz::require(hcl->claims.size() + azure::kClaimsOffset <= input.size(), "claims are inside");
  fuzz::require(hcl->claims_complete == (hcl->claims.size() == hcl->claims_size), "completeness is told");
  (void)azure::parse_hcl_claims(hcl->claims);
  const auto again = azure::parse_hcl(azure::encode_hcl(*hcl, input.size()));
  fuzz::require(again && again->claims == hcl->claims && again->hardware_report == hcl->hardware_report, "round trip");
}
