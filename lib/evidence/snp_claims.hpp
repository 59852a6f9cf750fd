// Claim trees of SEV-SNP evidence. Builders never fail: they decode up to the damage and name its place.
#pragma once

#include "evidence/evidence.hpp"
#include "report/claim.hpp"

namespace atls::evidence {

Claim report_claims(Bytes report, std::string name = "report");          // field names of ATTESTATION_REPORT
Claim cert_table_claims(Bytes table, std::string name = "cert_table");
// Everything in one piece of evidence: hcl, report, cert_table, provider, endorsements. Each is a byte space of its own.
Claim evidence_claims(const Evidence& evidence);

}  // namespace atls::evidence
