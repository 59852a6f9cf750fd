// Claim tree of an Azure HCL report: header, hardware report, runtime claims.
#pragma once

#include "azure/hcl.hpp"
#include "report/claim.hpp"

namespace atls::evidence {

Claim hcl_claims(Bytes input, std::string name = "hcl");
// Of the runtime claims, as the hardware report names them: left-aligned in its 64 bytes of report data, the rest zero.
Buffer hcl_report_data(const azure::HclReport& hcl);

}  // namespace atls::evidence
