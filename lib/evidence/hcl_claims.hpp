// Claim tree of an Azure HCL report: header, hardware report, runtime claims.
#pragma once

#include "report/claim.hpp"

namespace atls::evidence {

Claim hcl_claims(Bytes input, std::string name = "hcl");

}  // namespace atls::evidence
