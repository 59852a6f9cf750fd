// Certificates and CRLs: decoding, AMD's extensions, claim trees; accepted input is exactly what was given.
#include "collateral/amd.hpp"
#include "crypto/certificate.hpp"
#include "evidence/x509_claims.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  const auto certificate = crypto::Certificate::from_der(input);
  if (certificate) fuzz::require(equal(certificate->der(), input), "the bytes are kept");
  const auto crl = crypto::Crl::from_der(input);
  if (crl) fuzz::require(equal(crl->der(), input), "the bytes are kept");
  fuzz::require(!(certificate && crl), "nothing is both");
  const auto object = identify_amd(input);
  if (object) fuzz::require(certificate || crl, "AMD's objects are certificates or CRLs");
  (void)identify_all(input);   // an answer of the KDS
  const Claim claims = evidence::certificate_claims(input, "certificate");
  fuzz::require(bool(certificate) || !claims.error.empty(), "a refused certificate says why");
  (void)evidence::crl_claims(input, "crl");
}
