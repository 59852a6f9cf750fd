// Claim tree of an Azure HCL report: header, hardware report, runtime claims.
#pragma once

#include "report/claim.hpp"

namespace atls::evidence {

Claim hcl_claims(Bytes input, std::string name = "hcl");
Claim td_report_claims(Bytes td_report, std::string name = "td_report");   // Intel TDREPORT, 1024 bytes

}  // namespace atls::evidence
