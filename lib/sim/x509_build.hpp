// Builds certificates and CRLs with the profile of AMD's KDS: distinguished names, order of extensions, RSASSA-PSS with
// SHA-384. AMD 57230 "VCEK Certificate and KDS Interface Specification". Failures are bugs or lack of memory: they throw.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/openssl.hpp"
#include "evidence/trust.hpp"
#include "sim/x509_parts.hpp"

namespace atls::sim {

std::string ca_common_name(evidence::CaRole role, snp::ProductLine line);    // "ARK-Milan", "SEV-Milan", "SEV-VLEK-Milan"
long ca_serial(evidence::CaRole role, snp::ProductLine line);                // numbers of the real authorities

struct CaRequest {
  evidence::CaRole role;
  snp::ProductLine line;
  EVP_PKEY* key;                   // subject
  EVP_PKEY* issuer_key;            // the ARK's
  X509* issuer = nullptr;          // the ARK's certificate; nullptr for the ARK itself
};
crypto::X509Ptr make_ca(const CaRequest& request);

struct VekRequest {
  std::string_view common_name;    // "SEV-VCEK", "SEV-VLEK"
  EVP_PKEY* key;
  EVP_PKEY* issuer_key;
  X509* issuer;
  Validity validity = kCaValidity;
  std::vector<std::pair<std::string, Buffer>> extensions;   // dotted OID, content of extnValue; in this order
  bool subject_key_identifier = false;                      // no real VEK has one
};
crypto::X509Ptr make_vek(const VekRequest& request);

struct CrlRequest {
  X509* issuer;
  EVP_PKEY* key;
  Validity updates = kCaValidity;  // thisUpdate, nextUpdate
  std::vector<long> revoked;       // serial numbers
  long number = 1;
};
Buffer make_crl(const CrlRequest& request);
std::vector<long> revoked_by_default(snp::ProductLine line);   // Genoa: the superseded first ASK, as in the real list

}  // namespace atls::sim
