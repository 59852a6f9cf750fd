// Claims of Intel evidence and collateral.
#pragma once

#include "report/claim.hpp"

namespace atls::evidence {

Claim quote_claims(Bytes quote, std::string name = "quote");
Claim td_report_claims(Bytes td_report, std::string name = "td_report");   // TDREPORT_STRUCT, also a cut one
Claim tcb_info_claims(Bytes response, std::string name = "tcb_info_response");
Claim qe_identity_claims(Bytes response, std::string name = "qe_identity_response");
// The SGX extension of a PCK certificate; `offset`: where its value stands in the space of the node's parent-to-be.
Claim pck_extension_claims(Bytes value, std::size_t offset);

}  // namespace atls::evidence
