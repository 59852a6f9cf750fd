// Claim trees of certificates and CRLs. What OpenSSL refuses is shown as far as its DER can be walked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "report/claim.hpp"

namespace atls::evidence {

Claim certificate_claims(Bytes der, std::string name);
Claim crl_claims(Bytes der, std::string name);
// Names of the AMD extensions under 1.3.6.1.4.1.3704.1 ("blSPL"), empty for others. AMD 57230.
std::string amd_extension_name(std::string_view oid);

// Where the parts of a certificate are, RFC 5280 section 4.1. A cut or broken encoding is walked up to the damage.
struct Place { std::size_t offset = 0, size = 0; };
struct CertificateMap {
  struct Extension { std::string oid; Place value; };
  std::optional<Place> serial, issuer, not_before, not_after, subject, spki;   // contents; whole TLV for names and spki
  std::vector<Extension> extensions;
  std::optional<Error> damage;
};
CertificateMap map_certificate(Bytes der);

}  // namespace atls::evidence
