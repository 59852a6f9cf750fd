// How endorsements travel in a Constellation SNP document: one PEM certificate as ReportSigner, the CA certificates as
// CertChain.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "constellation/document.hpp"
#include "evidence/evidence.hpp"

namespace atls::profile::constellation {

// Errc::bad_value when a member is not PEM with certificates only, or ReportSigner has more than one. The DER inside is not
// judged here: the checks of the evidence say what is wrong with a certificate.
Result<std::vector<CollateralItem>> endorsements_of(const atls::constellation::InstanceInfo& info);

struct PemMembers { Buffer report_signer, cert_chain; };   // empty: null in the document
// From the certificate table in evidence.aux; without one, from evidence.endorsements.
Result<PemMembers> pem_members_of(const evidence::Evidence& evidence);

}  // namespace atls::profile::constellation
