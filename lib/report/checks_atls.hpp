// Checks of the TLS and profile layer. All are required where they apply.
#pragma once

#include <array>

#include "report/check.hpp"

namespace atls::checks {

#define ATLS_CHECK(var, id_, title_, ref_, exit_)                                                                       \
  inline constexpr CheckSpec var{.id = id_, .title = title_, .reference = ref_, .area = "TLS and profile",             \
                                 .on_fail = ExitCode::exit_, .severity = Severity::required}

ATLS_CHECK(kTlsHandshake, "tls-handshake", "The TLS handshake completed", "RFC 8446, RFC 5246", no_evidence);
ATLS_CHECK(kTlsNotResumed, "tls-not-resumed", "The handshake was full, not resumed from an earlier session", "RFC 8446 2.2", no_evidence);
ATLS_CHECK(kTlsKeyStrength, "tls-key-strength", "Key, key exchange and signatures of the channel cannot be broken by computing", "NIST SP 800-131A Rev. 2; RFC 9325 section 4", rejected);
ATLS_CHECK(kNonceRequest, "atls-nonce-request", "The verifying server sent exactly one CA name whose CN is a base64 nonce", "Constellation aTLS, CertificateRequest", no_evidence);
ATLS_CHECK(kEvidencePresent, "atls-evidence-present", "The peer presented evidence of the profile", "Constellation aTLS, leaf extension", no_evidence);
ATLS_CHECK(kEvidenceSingle, "atls-evidence-single", "There is exactly one evidence extension", "Constellation aTLS, leaf extension", rejected);
ATLS_CHECK(kEvidenceType, "atls-evidence-type", "The document is of the kind that its OID names", "Constellation aTLS, variant OIDs", rejected);
ATLS_CHECK(kDocumentDecode, "atls-document-decode", "The attestation document decodes strictly", "Constellation aTLS, attestation document", malformed);
ATLS_CHECK(kLeafValidity, "atls-leaf-validity", "The leaf certificate is inside its validity period", "RFC 5280 4.1.2.5", rejected);
ATLS_CHECK(kLeafSignature, "atls-leaf-signature", "The self-signature of the leaf certificate verifies", "RFC 5280 4.1.1.3", rejected);
ATLS_CHECK(kLeafExtensions, "atls-leaf-extensions", "The leaf has no unknown critical extension and a suitable EKU", "RFC 5280 4.2", rejected);
ATLS_CHECK(kUserData, "atls-user-data", "UserData of the document is the SHA-256 of the leaf public key", "Constellation aTLS, user data", rejected);
ATLS_CHECK(kHardwareRoot, "atls-hardware-root", "The evidence is signed by hardware", "RFC 9334 section 7", rejected);
ATLS_CHECK(kReportDataBinding, "snp-report-data-binding", "REPORT_DATA equals the value of the profile for this key and nonce", "SEV-SNP ABI (AMD 56860), REPORT_DATA; Constellation aTLS", rejected);
ATLS_CHECK(kDummyNonce, "dummy-nonce", "The nonce in the dummy document is the one that was sent", "Constellation aTLS, dummy document", rejected);
ATLS_CHECK(kNonceFresh, "atls-nonce-fresh", "The nonce was drawn for this connection", "RFC 9334 section 10", partial);
ATLS_CHECK(kBindingLevel, "atls-binding-level", "The evidence is bound to the TLS channel at least as demanded", "Attested TLS binding levels G0 to G3", partial);

#undef ATLS_CHECK

// All of them, in order.
inline constexpr std::array kAtlsChecks{
    &kTlsHandshake, &kTlsNotResumed, &kTlsKeyStrength, &kNonceRequest, &kEvidencePresent, &kEvidenceSingle, &kEvidenceType, &kDocumentDecode, &kLeafValidity,
    &kLeafSignature, &kLeafExtensions, &kUserData, &kHardwareRoot, &kReportDataBinding, &kDummyNonce, &kNonceFresh, &kBindingLevel,
};

}  // namespace atls::checks
