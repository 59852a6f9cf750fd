// Checks of AMD SEV-SNP evidence: structure, certificates, consistency, policy. Order is the order of reports and pages.
#pragma once

#include <array>

#include "report/check.hpp"

namespace atls::checks {

// References: ABI = "SEV Secure Nested Paging Firmware ABI Specification" (AMD 56860), KDS = "VCEK Certificate and KDS Interface
// Specification" (AMD 57230), GHCB = "Guest-Hypervisor Communication Block Standardization" (AMD 56421).
#define ATLS_SNP(area_, var, id_, title_, ref_, exit_, severity_)                                                \
  inline constexpr CheckSpec var{.id = id_, .title = title_, .reference = ref_, .area = area_,                   \
                                 .on_fail = ExitCode::exit_, .severity = Severity::severity_}

#define ATLS_STRUCTURE(var, id, title, ref, exit, severity) ATLS_SNP("SNP structure", var, id, title, ref, exit, severity)
ATLS_STRUCTURE(kSnpContainerDecode, "snp-container-decode", "The container decodes and holds an attestation report", "SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT", malformed, required);
ATLS_STRUCTURE(kSnpContainerLossy, "snp-container-lossy", "The container preserves the report byte for byte", "SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT", rejected, required);
ATLS_STRUCTURE(kSnpReportSize, "snp-report-size", "The report is exactly 1184 bytes, but for one line end behind it", "SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT", rejected, required);
ATLS_STRUCTURE(kSnpReportVersion, "snp-report-version", "The report version is 2 to 5", "SEV-SNP ABI (AMD 56860), VERSION", rejected, required);
ATLS_STRUCTURE(kSnpReportReservedZero, "snp-report-reserved-zero", "Every must-be-zero area of the report is zero", "SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT", rejected, required);
ATLS_STRUCTURE(kSnpReportVmplRange, "snp-report-vmpl-range", "The report was requested by the guest, at VMPL 0 to 3", "SEV-SNP ABI (AMD 56860), VMPL", rejected, required);
ATLS_STRUCTURE(kSnpPolicyReserved, "snp-policy-reserved", "Guest policy bit 17 is one and bits 63:26 are zero", "SEV-SNP ABI (AMD 56860), POLICY", rejected, required);
ATLS_STRUCTURE(kSnpPlatformReserved, "snp-platform-reserved", "No unknown platform bit is set", "SEV-SNP ABI (AMD 56860), PLATFORM_INFO", refused, warning);
ATLS_STRUCTURE(kSnpSignerInfoReserved, "snp-signer-info-reserved", "The signer information has no reserved bit or key set", "SEV-SNP ABI (AMD 56860), SIGNING_KEY", rejected, required);
ATLS_STRUCTURE(kSnpSigningKey, "snp-signing-key", "The report names the VCEK or the VLEK as its signer", "SEV-SNP ABI (AMD 56860), SIGNING_KEY", rejected, required);
ATLS_STRUCTURE(kSnpMaskChipKey, "snp-mask-chip-key", "The host did not withhold the signature", "SEV-SNP ABI (AMD 56860), MASK_CHIP_KEY", rejected, required);
ATLS_STRUCTURE(kSnpSignatureAlgo, "snp-signature-algo", "The signature algorithm is ECDSA P-384 with SHA-384", "SEV-SNP ABI (AMD 56860), SIGNATURE_ALGO", rejected, required);
ATLS_STRUCTURE(kSnpSignatureEncoding, "snp-signature-encoding", "R and S are 384-bit numbers between zero and the group order", "SEV-SNP ABI (AMD 56860), SIGNATURE", rejected, required);
ATLS_STRUCTURE(kSnpSignaturePadding, "snp-signature-padding", "The unused end of the signature field is zero", "SEV-SNP ABI (AMD 56860), SIGNATURE", refused, warning);
ATLS_STRUCTURE(kSnpTcbReservedZero, "snp-tcb-reserved-zero", "The reserved bytes of the four TCB versions are zero", "SEV-SNP ABI (AMD 56860), TCB_VERSION", refused, warning);
ATLS_STRUCTURE(kSnpChipIdForm, "snp-chip-id-form", "The chip id has the length of its product line", "VCEK and KDS (AMD 57230), HWID", refused, warning);
ATLS_STRUCTURE(kSnpProductKnown, "snp-product-known", "The product line is known and has a certificate authority", "VCEK and KDS (AMD 57230), product names", rejected, required);
ATLS_STRUCTURE(kSnpCertTableBounds, "snp-cert-table-bounds", "Every blob of the certificate table lies inside it", "GHCB (AMD 56421), SNP Extended Guest Request", rejected, required);
ATLS_STRUCTURE(kSnpCertTableTerminator, "snp-cert-table-terminator", "The certificate table ends with the all-zero entry", "GHCB (AMD 56421), SNP Extended Guest Request", rejected, required);
ATLS_STRUCTURE(kSnpCertTableDuplicate, "snp-cert-table-duplicate", "No GUID occurs twice in the certificate table", "GHCB (AMD 56421), SNP Extended Guest Request", rejected, required);
ATLS_STRUCTURE(kSnpCertTableOverlap, "snp-cert-table-overlap", "The blobs of the certificate table are disjoint and not empty", "GHCB (AMD 56421), SNP Extended Guest Request", refused, warning);
ATLS_STRUCTURE(kSnpCertTableUnknownEntry, "snp-cert-table-unknown-entry", "Entries of the certificate table are of known kinds or set aside", "GHCB (AMD 56421), SNP Extended Guest Request", refused, info);
ATLS_STRUCTURE(kSnpTsmProvider, "snp-tsm-provider", "The configfs-tsm provider is sev_guest", "Linux configfs-tsm-report ABI, provider", rejected, required);
ATLS_STRUCTURE(kSnpHclHeader, "snp-hcl-header", "The HCL report has its magic, SNP type and consistent sizes", "Azure confidential VM guest attestation, HCL report", rejected, required);
ATLS_STRUCTURE(kSnpHclRuntimeHash, "snp-hcl-runtime-hash", "REPORT_DATA contains the hash of the HCL runtime claims", "Azure confidential VM guest attestation, HCL report", rejected, required);
ATLS_STRUCTURE(kSnpHclAk, "snp-hcl-ak", "The HCL runtime claims name a usable attestation key", "Azure confidential VM guest attestation, HCLAkPub", rejected, required);

#define ATLS_CERTIFICATE(var, id, title, ref, exit, severity) ATLS_SNP("SNP certificates", var, id, title, ref, exit, severity)
ATLS_CERTIFICATE(kSnpVekPresent, "snp-vek-present", "A certificate of the signing key is available", "VCEK and KDS (AMD 57230), VCEK certificate", undecided, required);
ATLS_CERTIFICATE(kSnpVekKind, "snp-vek-kind", "The certificate is of the kind that the report names as signer", "VCEK and KDS (AMD 57230), subject names", rejected, required);
ATLS_CERTIFICATE(kSnpVekKey, "snp-vek-key", "The endorsement key is an EC key on the named curve P-384", "VCEK and KDS (AMD 57230), VCEK certificate", rejected, required);
ATLS_CERTIFICATE(kSnpVekSigalg, "snp-vek-sigalg", "The certificate is signed with RSA-PSS, SHA-384, salt 48", "VCEK and KDS (AMD 57230), RFC 4055 3.1", rejected, required);
ATLS_CERTIFICATE(kSnpVekX509Version, "snp-vek-x509-version", "The endorsement certificate is X.509 version 3", "RFC 5280 4.1.2.1", refused, warning);
ATLS_CERTIFICATE(kSnpVekSubject, "snp-vek-subject", "The subject is AMD's exact name of a VCEK or VLEK", "VCEK and KDS (AMD 57230), subject names", rejected, required);
ATLS_CERTIFICATE(kSnpVekIssuer, "snp-vek-issuer", "The issuer is the subject of the ASK or ASVK, byte for byte", "RFC 5280 4.1.2.4; VCEK and KDS (AMD 57230)", rejected, required);
ATLS_CERTIFICATE(kSnpVekExtensionsKnown, "snp-vek-extensions-known", "The endorsement certificate has only AMD's extensions", "VCEK and KDS (AMD 57230), certificate extensions; RFC 5280 4.2", refused, warning);
ATLS_CERTIFICATE(kSnpVekExtensionsComplete, "snp-vek-extensions-complete", "Every AMD extension of this layout is present once and decodes", "VCEK and KDS (AMD 57230), certificate extensions", rejected, required);
ATLS_CERTIFICATE(kSnpVekProduct, "snp-vek-product", "Certificate, issuer and report name the same product line", "VCEK and KDS (AMD 57230), productName", rejected, required);
ATLS_CERTIFICATE(kSnpVekValidity, "snp-vek-validity", "The endorsement certificate is inside its validity period", "RFC 5280 4.1.2.5", rejected, required);
ATLS_CERTIFICATE(kSnpVekSignature, "snp-vek-signature", "The endorsement certificate is signed by the ASK or ASVK", "VCEK and KDS (AMD 57230), certificate chain", rejected, required);
ATLS_CERTIFICATE(kSnpAskSubject, "snp-ask-subject", "The ASK or ASVK has AMD's exact names", "VCEK and KDS (AMD 57230), subject names", rejected, required);
ATLS_CERTIFICATE(kSnpArkSubject, "snp-ark-subject", "The ARK has AMD's exact names", "VCEK and KDS (AMD 57230), subject names", rejected, required);
ATLS_CERTIFICATE(kSnpAskValidity, "snp-ask-validity", "The ASK or ASVK is inside its validity period", "RFC 5280 4.1.2.5", rejected, required);
ATLS_CERTIFICATE(kSnpArkValidity, "snp-ark-validity", "The ARK is inside its validity period", "RFC 5280 4.1.2.5", rejected, required);
ATLS_CERTIFICATE(kSnpAskCa, "snp-ask-ca", "The ASK or ASVK is a certificate authority that may sign certificates", "RFC 5280 4.2.1.3, 4.2.1.9", rejected, required);
ATLS_CERTIFICATE(kSnpArkCa, "snp-ark-ca", "The ARK is a certificate authority that may sign certificates", "RFC 5280 4.2.1.3, 4.2.1.9", rejected, required);
ATLS_CERTIFICATE(kSnpAskSignature, "snp-ask-signature", "The ASK or ASVK is signed by the ARK", "VCEK and KDS (AMD 57230), certificate chain", rejected, required);
ATLS_CERTIFICATE(kSnpArkSelfSignature, "snp-ark-self-signature", "The ARK is signed by itself", "VCEK and KDS (AMD 57230), certificate chain", rejected, required);
ATLS_CERTIFICATE(kSnpArkTrusted, "snp-ark-trusted", "The key of the ARK is a trust anchor of this product line", "VCEK and KDS (AMD 57230), AMD root keys", rejected, required);
ATLS_CERTIFICATE(kSnpCaKeySize, "snp-ca-key-size", "The CA keys are RSA of at least 4096 bits with exponent 65537", "VCEK and KDS (AMD 57230), certificate chain", refused, warning);
ATLS_CERTIFICATE(kSnpCrlAvailable, "snp-crl-available", "A certificate revocation list of the ARK is available", "VCEK and KDS (AMD 57230), CRL; RFC 5280 5", undecided, required);
ATLS_CERTIFICATE(kSnpCrlIssuer, "snp-crl-issuer", "The CRL is issued in the name of the ARK", "RFC 5280 5.1.2.3", undecided, required);
ATLS_CERTIFICATE(kSnpCrlSignature, "snp-crl-signature", "The CRL is signed by the ARK", "RFC 5280 5.1.1.3", undecided, required);
ATLS_CERTIFICATE(kSnpCrlFresh, "snp-crl-fresh", "The CRL is current at the time of verification", "RFC 5280 5.1.2.4, 5.1.2.5", undecided, required);
ATLS_CERTIFICATE(kSnpAskNotRevoked, "snp-ask-not-revoked", "The ASK or ASVK is not revoked", "RFC 5280 5.1.2.6", rejected, required);
ATLS_CERTIFICATE(kSnpArkNotRevoked, "snp-ark-not-revoked", "The ARK is not revoked", "RFC 5280 5.1.2.6", rejected, required);

#define ATLS_CONSISTENCY(var, id, title, ref, exit, severity) ATLS_SNP("SNP binding and consistency", var, id, title, ref, exit, severity)
ATLS_CONSISTENCY(kSnpReportSignature, "snp-report-signature", "The report is signed by the certified endorsement key", "SEV-SNP ABI (AMD 56860), SIGNATURE", rejected, required);
ATLS_CONSISTENCY(kSnpTcbReportedMatchesCert, "snp-tcb-reported-matches-cert", "The certificate was issued for exactly the reported TCB", "VCEK and KDS (AMD 57230), SPL extensions", rejected, required);
ATLS_CONSISTENCY(kSnpHwidMatchesChipId, "snp-hwid-matches-chip-id", "The certificate was issued for the chip of the report", "VCEK and KDS (AMD 57230), hwID", rejected, required);
ATLS_CONSISTENCY(kSnpVlekCspId, "snp-vlek-csp-id", "The VLEK names the cloud provider it was issued to, and the policy accepts it", "VCEK and KDS (AMD 57230), cspID", rejected, required);
ATLS_CONSISTENCY(kSnpTcbReportedLeCurrent, "snp-tcb-reported-le-current", "The reported TCB is not above the current TCB", "SEV-SNP ABI (AMD 56860), REPORTED_TCB", rejected, required);
ATLS_CONSISTENCY(kSnpTcbCommittedLeCurrent, "snp-tcb-committed-le-current", "The committed TCB is not above the current TCB", "SEV-SNP ABI (AMD 56860), COMMITTED_TCB", rejected, required);
ATLS_CONSISTENCY(kSnpTcbCommittedEqualsCurrent, "snp-tcb-committed-equals-current", "The current TCB is committed, not provisional", "SEV-SNP ABI (AMD 56860), COMMITTED_TCB", refused, warning);
ATLS_CONSISTENCY(kSnpVersionCommittedLeCurrent, "snp-version-committed-le-current", "The committed firmware version is not above the current one", "SEV-SNP ABI (AMD 56860), COMMITTED_MAJOR", rejected, required);
ATLS_CONSISTENCY(kSnpVersionCommittedEqualsCurrent, "snp-version-committed-equals-current", "The current firmware version is committed, not provisional", "SEV-SNP ABI (AMD 56860), COMMITTED_MAJOR", refused, warning);
ATLS_CONSISTENCY(kSnpAuthorKeyConsistent, "snp-author-key-consistent", "AUTHOR_KEY_EN agrees with the key digests", "SEV-SNP ABI (AMD 56860), AUTHOR_KEY_EN", refused, warning);
ATLS_CONSISTENCY(kSnpIdBlockConsistent, "snp-id-block-consistent", "Values of an ID block appear only with an ID key", "SEV-SNP ABI (AMD 56860), ID_KEY_DIGEST", refused, warning);
ATLS_CONSISTENCY(kSnpReportIdMa, "snp-report-id-ma", "A migration agent appears only where the guest policy allows one", "SEV-SNP ABI (AMD 56860), REPORT_ID_MA", refused, info);
ATLS_CONSISTENCY(kSnpMitVectorSubset, "snp-mit-vector-subset", "No mitigation was lost since launch", "SEV-SNP ABI (AMD 56860), LAUNCH_MIT_VECTOR", refused, warning);

#define ATLS_POLICY(var, id, title, ref, exit, severity) ATLS_SNP("SNP policy", var, id, title, ref, exit, severity)
ATLS_POLICY(kSnpNoReference, "snp-no-reference", "A reference value identifies the guest", "RFC 9334 section 8.3; atls-policy(5)", partial, required);
ATLS_POLICY(kSnpPolicyMeasurement, "snp-policy-measurement", "The launch measurement is an accepted one", "SEV-SNP ABI (AMD 56860), MEASUREMENT", refused, policy);
ATLS_POLICY(kSnpPolicyHostData, "snp-policy-host-data", "The host data is an accepted value", "SEV-SNP ABI (AMD 56860), HOST_DATA", refused, policy);
ATLS_POLICY(kSnpPolicyReportData, "snp-policy-report-data", "The report data is the expected value", "SEV-SNP ABI (AMD 56860), REPORT_DATA", refused, policy);
ATLS_POLICY(kSnpPolicyFamilyId, "snp-policy-family-id", "The family id is an accepted value", "SEV-SNP ABI (AMD 56860), FAMILY_ID", refused, policy);
ATLS_POLICY(kSnpPolicyImageId, "snp-policy-image-id", "The image id is an accepted value", "SEV-SNP ABI (AMD 56860), IMAGE_ID", refused, policy);
ATLS_POLICY(kSnpPolicyReportId, "snp-policy-report-id", "The report id is an accepted value", "SEV-SNP ABI (AMD 56860), REPORT_ID", refused, policy);
ATLS_POLICY(kSnpPolicyReportIdMa, "snp-policy-report-id-ma", "The report id of the migration agent is an accepted value", "SEV-SNP ABI (AMD 56860), REPORT_ID_MA", refused, policy);
ATLS_POLICY(kSnpPolicyChipId, "snp-policy-chip-id", "The chip is an accepted one", "SEV-SNP ABI (AMD 56860), CHIP_ID", refused, policy);
ATLS_POLICY(kSnpPolicyDebug, "snp-policy-debug", "The guest policy forbids debugging", "SEV-SNP ABI (AMD 56860), POLICY.DEBUG", refused, required);
ATLS_POLICY(kSnpPolicyMigration, "snp-policy-migration", "The guest policy forbids a migration agent", "SEV-SNP ABI (AMD 56860), POLICY.MIGRATE_MA", refused, required);
ATLS_POLICY(kSnpPolicyGuest, "snp-policy-guest", "The guest policy grants nothing that is not allowed and has what is required", "SEV-SNP ABI (AMD 56860), POLICY", refused, policy);
ATLS_POLICY(kSnpPolicyAbi, "snp-policy-abi", "The guest policy demands at least this firmware ABI", "SEV-SNP ABI (AMD 56860), POLICY.ABI_MAJOR", refused, policy);
ATLS_POLICY(kSnpPolicyVmpl, "snp-policy-vmpl", "The report was requested at an accepted VMPL", "SEV-SNP ABI (AMD 56860), VMPL", refused, policy);
ATLS_POLICY(kSnpPolicyGuestSvn, "snp-policy-guest-svn", "The guest SVN is an accepted one", "SEV-SNP ABI (AMD 56860), GUEST_SVN", refused, policy);
ATLS_POLICY(kSnpPolicyMinimumTcb, "snp-policy-minimum-tcb", "The reported TCB is at least the minimum, component by component", "SEV-SNP ABI (AMD 56860), REPORTED_TCB", refused, policy);
ATLS_POLICY(kSnpPolicyMinimumLaunchTcb, "snp-policy-minimum-launch-tcb", "The launch TCB is at least the minimum, component by component", "SEV-SNP ABI (AMD 56860), LAUNCH_TCB", refused, policy);
ATLS_POLICY(kSnpPolicyTcbCurrent, "snp-policy-tcb-current", "The current TCB is at least the minimum, component by component", "SEV-SNP ABI (AMD 56860), CURRENT_TCB", refused, policy);
ATLS_POLICY(kSnpPolicyTcbCommitted, "snp-policy-tcb-committed", "The committed TCB is at least the minimum, component by component", "SEV-SNP ABI (AMD 56860), COMMITTED_TCB", refused, policy);
ATLS_POLICY(kSnpPolicyTcbCert, "snp-policy-tcb-cert", "The TCB of the certificate is at least the minimum, component by component", "VCEK and KDS (AMD 57230), SPL extensions", refused, policy);
ATLS_POLICY(kSnpPolicyMinimumVersion, "snp-policy-minimum-version", "The firmware version is at least the minimum", "SEV-SNP ABI (AMD 56860), CURRENT_MAJOR", refused, policy);
ATLS_POLICY(kSnpPolicyMinimumBuild, "snp-policy-minimum-build", "The firmware build is at least the minimum", "SEV-SNP ABI (AMD 56860), CURRENT_BUILD", refused, policy);
ATLS_POLICY(kSnpPolicyPlatformInfo, "snp-policy-platform-info", "The platform has nothing that is not allowed and has what is required", "SEV-SNP ABI (AMD 56860), PLATFORM_INFO", refused, policy);
ATLS_POLICY(kSnpPolicyAuthorKey, "snp-policy-author-key", "The author key of the ID block is an accepted one", "SEV-SNP ABI (AMD 56860), AUTHOR_KEY_DIGEST", refused, policy);
ATLS_POLICY(kSnpPolicyIdKey, "snp-policy-id-key", "The ID key is an accepted one", "SEV-SNP ABI (AMD 56860), ID_KEY_DIGEST", refused, policy);
ATLS_POLICY(kSnpPolicyLaunchMitigations, "snp-policy-launch-mitigations", "The required mitigations were verified at launch", "SEV-SNP ABI (AMD 56860), LAUNCH_MIT_VECTOR", refused, policy);
ATLS_POLICY(kSnpPolicyCurrentMitigations, "snp-policy-current-mitigations", "The required mitigations are verified now", "SEV-SNP ABI (AMD 56860), CURRENT_MIT_VECTOR", refused, policy);
ATLS_POLICY(kSnpPolicyProduct, "snp-policy-product", "The product line is an accepted one", "VCEK and KDS (AMD 57230), product names", refused, policy);
ATLS_POLICY(kSnpPolicySigningKey, "snp-policy-signing-key", "The kind of signing key is an accepted one", "SEV-SNP ABI (AMD 56860), SIGNING_KEY", refused, policy);
ATLS_POLICY(kSnpPolicyReportVersion, "snp-policy-report-version", "The report version is an accepted one", "SEV-SNP ABI (AMD 56860), VERSION", refused, policy);
ATLS_POLICY(kSnpPolicyExtraEntry, "snp-policy-extra-entry", "The certificate table has the required entries", "GHCB (AMD 56421), SNP Extended Guest Request", refused, policy);

#undef ATLS_POLICY
#undef ATLS_CONSISTENCY
#undef ATLS_CERTIFICATE
#undef ATLS_STRUCTURE
#undef ATLS_SNP

// All of them, in order.
inline constexpr std::array kSnpChecks{
    &kSnpContainerDecode, &kSnpContainerLossy, &kSnpReportSize, &kSnpReportVersion, &kSnpReportReservedZero,
    &kSnpReportVmplRange, &kSnpPolicyReserved, &kSnpPlatformReserved, &kSnpSignerInfoReserved, &kSnpSigningKey,
    &kSnpMaskChipKey, &kSnpSignatureAlgo, &kSnpSignatureEncoding, &kSnpSignaturePadding, &kSnpTcbReservedZero,
    &kSnpChipIdForm, &kSnpProductKnown, &kSnpCertTableBounds, &kSnpCertTableTerminator, &kSnpCertTableDuplicate,
    &kSnpCertTableOverlap, &kSnpCertTableUnknownEntry, &kSnpTsmProvider, &kSnpHclHeader, &kSnpHclRuntimeHash,
    &kSnpHclAk, &kSnpVekPresent, &kSnpVekKind, &kSnpVekKey, &kSnpVekSigalg, &kSnpVekX509Version, &kSnpVekSubject,
    &kSnpVekIssuer, &kSnpVekExtensionsKnown, &kSnpVekExtensionsComplete, &kSnpVekProduct, &kSnpVekValidity,
    &kSnpVekSignature, &kSnpAskSubject, &kSnpArkSubject, &kSnpAskValidity, &kSnpArkValidity, &kSnpAskCa, &kSnpArkCa,
    &kSnpAskSignature, &kSnpArkSelfSignature, &kSnpArkTrusted, &kSnpCaKeySize, &kSnpCrlAvailable, &kSnpCrlIssuer,
    &kSnpCrlSignature, &kSnpCrlFresh, &kSnpAskNotRevoked, &kSnpArkNotRevoked, &kSnpReportSignature,
    &kSnpTcbReportedMatchesCert, &kSnpHwidMatchesChipId, &kSnpVlekCspId, &kSnpTcbReportedLeCurrent,
    &kSnpTcbCommittedLeCurrent, &kSnpTcbCommittedEqualsCurrent, &kSnpVersionCommittedLeCurrent,
    &kSnpVersionCommittedEqualsCurrent, &kSnpAuthorKeyConsistent, &kSnpIdBlockConsistent, &kSnpReportIdMa,
    &kSnpMitVectorSubset, &kSnpNoReference, &kSnpPolicyMeasurement, &kSnpPolicyHostData, &kSnpPolicyReportData,
    &kSnpPolicyFamilyId, &kSnpPolicyImageId, &kSnpPolicyReportId, &kSnpPolicyReportIdMa, &kSnpPolicyChipId,
    &kSnpPolicyDebug, &kSnpPolicyMigration, &kSnpPolicyGuest, &kSnpPolicyAbi, &kSnpPolicyVmpl, &kSnpPolicyGuestSvn,
    &kSnpPolicyMinimumTcb, &kSnpPolicyMinimumLaunchTcb, &kSnpPolicyTcbCurrent, &kSnpPolicyTcbCommitted,
    &kSnpPolicyTcbCert, &kSnpPolicyMinimumVersion, &kSnpPolicyMinimumBuild, &kSnpPolicyPlatformInfo,
    &kSnpPolicyAuthorKey, &kSnpPolicyIdKey, &kSnpPolicyLaunchMitigations, &kSnpPolicyCurrentMitigations,
    &kSnpPolicyProduct, &kSnpPolicySigningKey, &kSnpPolicyReportVersion, &kSnpPolicyExtraEntry,
};

}  // namespace atls::checks
