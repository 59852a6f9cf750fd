// Checks of Intel quotes (SGX and TDX): structure, certificates, revocation, signatures, collateral, TCB, attributes, event log,
// policy. Order is the order of reports and pages.
#pragma once

#include <array>

#include "report/check.hpp"

namespace atls::checks {

#define ATLS_INTEL(area_, var, id_, title_, ref_, exit_, severity_)                                              \
  inline constexpr CheckSpec var{.id = id_, .title = title_, .reference = ref_, .area = area_,                   \
                                 .on_fail = ExitCode::exit_, .severity = Severity::severity_}

// Quote structure
ATLS_INTEL("Quote structure", kQuoteParse, "quote-parse", "The quote decodes to its last field", "Intel TDX DCAP quoting library API, layout", malformed, required);
ATLS_INTEL("Quote structure", kQuoteVersion, "quote-version", "The quote version is 3, 4 or 5", "Intel TDX DCAP quoting library API, header", malformed, required);
ATLS_INTEL("Quote structure", kQuoteAttKeyType, "quote-att-key-type", "The attestation key is ECDSA P-256", "Intel TDX DCAP quoting library API, header", rejected, required);
ATLS_INTEL("Quote structure", kQuoteTeeType, "quote-tee-type", "The TEE type belongs to the version and to the body", "Intel TDX DCAP quoting library API, header", rejected, required);
ATLS_INTEL("Quote structure", kQuoteBodyType, "quote-body-type", "The body type of a version 5 quote is known and has its size", "Intel TDX DCAP quoting library API, body descriptor", rejected, required);
ATLS_INTEL("Quote structure", kQuoteSizeConsistency, "quote-size-consistency", "The declared sizes consume the signature data exactly", "Intel TDX DCAP quoting library API, signature data", rejected, required);
ATLS_INTEL("Quote structure", kQuoteTrailingBytes, "quote-trailing-bytes", "Nothing but zeros or one line end follows the quote", "Intel TDX DCAP quoting library API, signature data", refused, warning);
ATLS_INTEL("Quote structure", kQuoteQeVendorId, "quote-qe-vendor-id", "The quoting enclave is of the expected vendor", "Intel TDX DCAP quoting library API, header", rejected, required);
ATLS_INTEL("Quote structure", kQuoteCertDataType, "quote-cert-data-type", "The certification data is a QE report with a PCK certificate chain", "Intel TDX DCAP quoting library API, certification data", rejected, required);
ATLS_INTEL("Quote structure", kQuoteAuthDataLength, "quote-auth-data-length", "The authentication data of the quoting enclave is 32 bytes long", "Intel TDX DCAP quoting library API, QE authentication data", refused, warning);
ATLS_INTEL("Quote structure", kQuoteHeaderSvn, "quote-header-svn", "The header tells the SVNs of QE and PCE (zero in TDX quotes)", "Intel TDX DCAP quoting library API, header", refused, info);

// PCK certificates
ATLS_INTEL("PCK certificates", kPckChainParse, "pck-chain-parse", "The certificates of the PCK chain decode", "Intel SGX PCK certificate and CRL profile, certificates", rejected, required);
ATLS_INTEL("PCK certificates", kPckChainLength, "pck-chain-length", "The PCK chain has three certificates: leaf, CA, root", "Intel SGX PCK certificate and CRL profile, hierarchy", rejected, required);
ATLS_INTEL("PCK certificates", kPckChainOrder, "pck-chain-order", "The PCK chain is in the order leaf, CA, root", "Intel TDX DCAP quoting library API, certification data type 5", refused, warning);
ATLS_INTEL("PCK certificates", kPckChainNames, "pck-chain-names", "The subjects of the PCK chain are Intel's names for their roles", "Intel SGX PCK certificate and CRL profile, subject names", rejected, required);
ATLS_INTEL("PCK certificates", kPckChainAlgorithms, "pck-chain-algorithms", "Every certificate of the PCK chain is X.509 v3 with a P-256 key, signed with ECDSA and SHA-256", "Intel SGX PCK certificate and CRL profile, certificates", rejected, required);
ATLS_INTEL("PCK certificates", kPckChainSignatures, "pck-chain-signatures", "Each certificate of the PCK chain is signed by the next one, which may sign certificates", "RFC 5280 6.1", rejected, required);
ATLS_INTEL("PCK certificates", kPckRootTrusted, "pck-root-trusted", "The PCK chain ends in a trusted root key", "Intel SGX PCK certificate and CRL profile, Intel SGX Root CA", rejected, required);
ATLS_INTEL("PCK certificates", kPckValidity, "pck-validity", "Every certificate of the PCK chain is inside its validity period", "RFC 5280 4.1.2.5", rejected, required);
ATLS_INTEL("PCK certificates", kPckExtensions, "pck-extensions", "The PCK certificate has its six extensions and no foreign purpose", "Intel SGX PCK certificate and CRL profile, extensions", refused, warning);
ATLS_INTEL("PCK certificates", kPckSgxExtension, "pck-sgx-extension", "The PCK certificate has a well-formed SGX extension with 18 TCB entries", "Intel SGX PCK certificate and CRL profile, SGX extensions", rejected, required);
ATLS_INTEL("PCK certificates", kPckSgxEntryCount, "pck-sgx-entry-count", "The SGX extension has five entries (Processor CA) or seven (Platform CA)", "Intel SGX PCK certificate and CRL profile, SGX extensions", refused, warning);
ATLS_INTEL("PCK certificates", kPckCpusvnConsistency, "pck-cpusvn-consistency", "CPUSVN of the SGX extension equals its sixteen components", "Intel SGX PCK certificate and CRL profile, SGX extensions", rejected, required);
ATLS_INTEL("PCK certificates", kPckCaType, "pck-ca-type", "The PCK certificate comes from the Platform or the Processor CA", "Intel SGX PCK certificate and CRL profile, hierarchy", refused, info);

// Intel revocation
ATLS_INTEL("Intel revocation", kCrlPresent, "crl-present", "The revocation lists of the root and of the PCK CA were obtained", "Intel PCS API v4, CRLs", undecided, required);
ATLS_INTEL("Intel revocation", kRootCrlIssuer, "root-crl-issuer", "The root's list names the root as its issuer", "RFC 5280 5.1.2.3", undecided, required);
ATLS_INTEL("Intel revocation", kRootCrlSignature, "root-crl-signature", "The root's list is signed by the root", "RFC 5280 5.1.1.3", undecided, required);
ATLS_INTEL("Intel revocation", kRootCrlTime, "root-crl-time", "The root's list is current", "RFC 5280 5.1.2.5", undecided, required);
ATLS_INTEL("Intel revocation", kPckCrlIssuer, "pck-crl-issuer", "The list of PCK certificates names the PCK CA as its issuer", "RFC 5280 5.1.2.3", undecided, required);
ATLS_INTEL("Intel revocation", kPckCrlSignature, "pck-crl-signature", "The list of PCK certificates is signed by the PCK CA", "RFC 5280 5.1.1.3", undecided, required);
ATLS_INTEL("Intel revocation", kPckCrlTime, "pck-crl-time", "The list of PCK certificates is current", "RFC 5280 5.1.2.5", undecided, required);
ATLS_INTEL("Intel revocation", kCrlExtensions, "crl-extensions", "Both lists have a number and an authority key identifier", "RFC 5280 5.2", refused, warning);
ATLS_INTEL("Intel revocation", kPckLeafRevoked, "pck-leaf-revoked", "The PCK certificate is not revoked", "RFC 5280 5.3", rejected, required);
ATLS_INTEL("Intel revocation", kPckCaRevoked, "pck-ca-revoked", "The PCK CA is not revoked", "RFC 5280 5.3", rejected, required);
ATLS_INTEL("Intel revocation", kTcbSignerRevoked, "tcb-signer-revoked", "The TCB signing certificates are not revoked", "RFC 5280 5.3", rejected, required);

// QE and quote signature
ATLS_INTEL("QE and quote signature", kQeReportSignature, "qe-report-signature", "The report of the quoting enclave is signed by the PCK key", "Intel TDX DCAP quoting library API, QE report signature", rejected, required);
ATLS_INTEL("QE and quote signature", kQeReportDataBinding, "qe-report-data-binding", "The report of the quoting enclave names the attestation key", "Intel TDX DCAP quoting library API, QE report", rejected, required);
ATLS_INTEL("QE and quote signature", kQeReportDataPadding, "qe-report-data-padding", "The second half of the QE report data is zero", "Intel TDX DCAP quoting library API, QE report", rejected, required);
ATLS_INTEL("QE and quote signature", kAttKeyValid, "att-key-valid", "The attestation key is a point of P-256", "Intel TDX DCAP quoting library API, attestation key", rejected, required);
ATLS_INTEL("QE and quote signature", kQuoteSignature, "quote-signature", "The quote is signed by the attestation key", "Intel TDX DCAP quoting library API, signature", rejected, required);

// Intel collateral
ATLS_INTEL("Intel collateral", kCollateralPresent, "collateral-present", "TCB info and QE identity were obtained", "Intel PCS API v4", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoParse, "tcb-info-parse", "The TCB info decodes", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoIdVersion, "tcb-info-id-version", "The TCB info is of the kind and version for this TEE", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoSignerChain, "tcb-info-signer-chain", "The signer of the TCB info is Intel's TCB signing certificate under a trusted root", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoSignature, "tcb-info-signature", "The TCB info is signed by its signer", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoTime, "tcb-info-time", "The TCB info is current", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoFmspc, "tcb-info-fmspc", "The TCB info is about the FMSPC of the PCK certificate", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoPceid, "tcb-info-pceid", "The TCB info is about the PCE-ID of the PCK certificate", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoTcbtype, "tcb-info-tcbtype", "The TCB info composes the TCB in the known way (tcbType 0)", "Intel PCS API v4, TCB info", undecided, required);
ATLS_INTEL("Intel collateral", kTcbInfoLevelOrder, "tcb-info-level-order", "The levels of the TCB info are in descending order", "Intel PCS API v4, TCB info", refused, warning);
ATLS_INTEL("Intel collateral", kQeIdentityParse, "qe-identity-parse", "The QE identity decodes", "Intel PCS API v4, QE identity", undecided, required);
ATLS_INTEL("Intel collateral", kQeIdentityIdVersion, "qe-identity-id-version", "The QE identity is of the kind and version for this TEE", "Intel PCS API v4, QE identity", undecided, required);
ATLS_INTEL("Intel collateral", kQeIdentitySignerChain, "qe-identity-signer-chain", "The signer of the QE identity is Intel's TCB signing certificate under a trusted root", "Intel PCS API v4, QE identity", undecided, required);
ATLS_INTEL("Intel collateral", kQeIdentitySignature, "qe-identity-signature", "The QE identity is signed by its signer", "Intel PCS API v4, QE identity", undecided, required);
ATLS_INTEL("Intel collateral", kQeIdentityTime, "qe-identity-time", "The QE identity is current", "Intel PCS API v4, QE identity", undecided, required);
ATLS_INTEL("Intel collateral", kCollateralUnknownMembers, "collateral-unknown-members", "The signed collateral has no member that is not understood", "Intel PCS API v4", refused, warning);
ATLS_INTEL("Intel collateral", kCollateralRollback, "collateral-rollback", "No newer evaluation of the TCB was seen than the one that is used", "Intel PCS API v4, TCB evaluation data numbers", refused, warning);
ATLS_INTEL("Intel collateral", kCollateralEvalNumber, "collateral-eval-number", "The TCB evaluation data number is as new as demanded", "Intel PCS API v4, TCB evaluation data numbers", refused, policy);

// TCB
ATLS_INTEL("TCB", kQeMiscselect, "qe-miscselect", "MISCSELECT of the quoting enclave is as its identity says", "Intel PCS API v4, QE identity", rejected, required);
ATLS_INTEL("TCB", kQeAttributes, "qe-attributes", "The attributes of the quoting enclave are as its identity says", "Intel PCS API v4, QE identity", rejected, required);
ATLS_INTEL("TCB", kQeMrsigner, "qe-mrsigner", "The signer of the quoting enclave is as its identity says", "Intel PCS API v4, QE identity", rejected, required);
ATLS_INTEL("TCB", kQeIsvprodid, "qe-isvprodid", "The product id of the quoting enclave is as its identity says", "Intel PCS API v4, QE identity", rejected, required);
ATLS_INTEL("TCB", kQeDebug, "qe-debug", "The quoting enclave is not a debug enclave", "Intel SDM vol. 3D, ATTRIBUTES", rejected, required);
ATLS_INTEL("TCB", kQeTcbLevel, "qe-tcb-level", "A level of the QE identity matches the quoting enclave", "Intel PCS API v4, QE identity", rejected, required);
ATLS_INTEL("TCB", kTdxModuleMrsigner, "tdx-module-mrsigner", "The signer of the TDX module is as the TCB info says", "Intel PCS API v4, tdxModule", rejected, required);
ATLS_INTEL("TCB", kTdxModuleAttributes, "tdx-module-attributes", "The attributes of the TDX module are as the TCB info says", "Intel PCS API v4, tdxModule", rejected, required);
ATLS_INTEL("TCB", kTdxModuleIdentity, "tdx-module-identity", "The TCB info has an identity for the version of the TDX module", "Intel PCS API v4, tdxModuleIdentities", rejected, required);
ATLS_INTEL("TCB", kTdxModuleTcbLevel, "tdx-module-tcb-level", "A level of the module identity matches the TDX module", "Intel PCS API v4, tdxModuleIdentities", rejected, required);
ATLS_INTEL("TCB", kPlatformTcbLevel, "platform-tcb-level", "A level of the TCB info matches the platform", "Intel PCS API v4, tcbLevels", rejected, required);
ATLS_INTEL("TCB", kTcbStatus, "tcb-status", "The TCB status is accepted", "Intel PCS API v4, tcbStatus", refused, required);
ATLS_INTEL("TCB", kTdRelaunch, "td-relaunch", "The TD was launched by the TDX module that runs now", "Intel TDX module ABI, TEE_TCB_SVN_2", refused, warning);

// TD and enclave
ATLS_INTEL("TD and enclave", kTdDebug, "td-debug", "The TD cannot be debugged", "Intel TDX module ABI, TD ATTRIBUTES", refused, required);
ATLS_INTEL("TD and enclave", kTdAttributesReserved, "td-attributes-reserved", "No reserved TD attribute is set", "Intel TDX module ABI, TD ATTRIBUTES", rejected, required);
ATLS_INTEL("TD and enclave", kTdMigratable, "td-migratable", "The TD cannot be migrated", "Intel TDX module ABI, TD ATTRIBUTES", refused, required);
ATLS_INTEL("TD and enclave", kTdSeptVeDisable, "td-sept-ve-disable", "The TD takes no exception for pages that the host withdraws (SEPT_VE_DISABLE)", "Intel TDX module ABI, TD ATTRIBUTES", refused, warning);
ATLS_INTEL("TD and enclave", kTdPerfmon, "td-perfmon", "The TD does not use the performance counters", "Intel TDX module ABI, TD ATTRIBUTES", refused, warning);
ATLS_INTEL("TD and enclave", kXfamFixed, "xfam-fixed", "XFAM has its mandatory bits and no forbidden one", "Intel TDX module ABI, XFAM", rejected, required);
ATLS_INTEL("TD and enclave", kXfamCombination, "xfam-combination", "The extended features of XFAM occur in valid combinations", "Intel TDX module ABI, XFAM", refused, warning);
ATLS_INTEL("TD and enclave", kMrServicetd, "mr-servicetd", "No service TD is bound, or the expected one", "Intel TDX module ABI, SERVTD_HASH", refused, required);
ATLS_INTEL("TD and enclave", kSeamZero, "seam-zero", "The TDX module is Intel's: signer and attributes are zero", "Intel TDX module ABI, TEE_TCB_INFO", rejected, required);
ATLS_INTEL("TD and enclave", kSgxDebug, "sgx-debug", "The enclave cannot be debugged", "Intel SDM vol. 3D, ATTRIBUTES", refused, required);
ATLS_INTEL("TD and enclave", kSgxInit, "sgx-init", "The enclave is initialised and runs in 64-bit mode", "Intel SDM vol. 3D, ATTRIBUTES", rejected, required);

// Event log
ATLS_INTEL("Event log", kEventLogParse, "event-log-parse", "The event log decodes and every event has a SHA-384 digest", "TCG PC Client platform firmware profile, event log", rejected, required);
ATLS_INTEL("Event log", kRtmrReplay0, "rtmr-replay-0", "Replaying the event log gives RTMR0", "UEFI CC measurement", rejected, required);
ATLS_INTEL("Event log", kRtmrReplay1, "rtmr-replay-1", "Replaying the event log gives RTMR1", "UEFI CC measurement", rejected, required);
ATLS_INTEL("Event log", kRtmrReplay2, "rtmr-replay-2", "Replaying the event log gives RTMR2", "UEFI CC measurement", rejected, required);
ATLS_INTEL("Event log", kRtmrReplay3, "rtmr-replay-3", "Replaying the event log gives RTMR3", "UEFI CC measurement", rejected, required);
ATLS_INTEL("Event log", kEventLogDigest, "event-log-digest", "The digests of the events are those of their data, where that is defined", "TCG PC Client platform firmware profile, event types", refused, info);

// Intel binding
ATLS_INTEL("Intel binding", kIntelReportDataBinding, "report-data-binding", "REPORTDATA equals the value of the profile for this key and nonce", "Intel TDX DCAP quoting library API, REPORTDATA", rejected, required);
ATLS_INTEL("Intel binding", kHclBinding, "hcl-binding", "REPORTDATA names the runtime claims of the HCL report", "Azure confidential VM guest attestation, HCL report", rejected, required);

// Intel policy
ATLS_INTEL("Intel policy", kTdxNoReference, "tdx-no-reference", "A reference value says which TD is expected", "RFC 9334 section 8.5", partial, required);
ATLS_INTEL("Intel policy", kSgxNoReference, "sgx-no-reference", "A reference value says which enclave is expected", "RFC 9334 section 8.5", partial, required);
ATLS_INTEL("Intel policy", kPolicyMrTd, "policy-mr-td", "MRTD is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrSeam, "policy-mr-seam", "MRSEAM is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrSignerSeam, "policy-mr-signer-seam", "MRSIGNERSEAM is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyRtmr0, "policy-rtmr-0", "RTMR0 is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyRtmr1, "policy-rtmr-1", "RTMR1 is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyRtmr2, "policy-rtmr-2", "RTMR2 is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyRtmr3, "policy-rtmr-3", "RTMR3 is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrConfigId, "policy-mr-config-id", "MRCONFIGID is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrOwner, "policy-mr-owner", "MROWNER is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrOwnerConfig, "policy-mr-owner-config", "MROWNERCONFIG is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyTdAttributes, "policy-td-attributes", "The TD attributes are as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyXfam, "policy-xfam", "XFAM is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMinTeeTcbSvn, "policy-min-tee-tcb-svn", "TEE_TCB_SVN is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyTeeTcbSvn2, "policy-tee-tcb-svn-2", "TEE_TCB_SVN_2 is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrServicetd, "policy-mr-servicetd", "MR_SERVICETD is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrEnclave, "policy-mr-enclave", "MRENCLAVE is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMrSigner, "policy-mr-signer", "MRSIGNER is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyIsvProdId, "policy-isv-prod-id", "ISVPRODID is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMinIsvSvn, "policy-min-isv-svn", "ISVSVN is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyAttributes, "policy-attributes", "The enclave attributes are as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMiscSelect, "policy-misc-select", "MISCSELECT is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyConfigId, "policy-config-id", "CONFIGID is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyIsvFamilyId, "policy-isv-family-id", "ISVFAMILYID is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyIsvExtProdId, "policy-isv-ext-prod-id", "ISVEXTPRODID is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyQeVendorId, "policy-qe-vendor-id", "The QE vendor id is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMinQeSvn, "policy-min-qe-svn", "The SVN of the quoting enclave is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyMinPceSvn, "policy-min-pce-svn", "The SVN of the PCE is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyReportData, "policy-report-data", "REPORTDATA is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyFmspc, "policy-fmspc", "The FMSPC of the PCK certificate is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyPceId, "policy-pce-id", "The PCE-ID of the PCK certificate is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyPpid, "policy-ppid", "The PPID of the PCK certificate is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyPlatformInstance, "policy-platform-instance", "The platform instance id of the PCK certificate is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyTcbDate, "policy-tcb-date", "The date of the TCB level is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyAdvisoryIds, "policy-advisory-ids", "The set of open advisories is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyPlatform, "policy-platform", "The configuration of the platform is as demanded", "atls-policy(5)", refused, policy);
ATLS_INTEL("Intel policy", kPolicyEvents, "policy-events", "The events of the log are as demanded", "atls-policy(5)", refused, policy);

#undef ATLS_INTEL

inline constexpr const CheckSpec* kRtmrReplay[] = {&kRtmrReplay0, &kRtmrReplay1, &kRtmrReplay2, &kRtmrReplay3};
inline constexpr const CheckSpec* kPolicyRtmr[] = {&kPolicyRtmr0, &kPolicyRtmr1, &kPolicyRtmr2, &kPolicyRtmr3};

// All of them, in order.
inline constexpr std::array kIntelChecks{
    &kQuoteParse, &kQuoteVersion, &kQuoteAttKeyType, &kQuoteTeeType, &kQuoteBodyType,
    &kQuoteSizeConsistency, &kQuoteTrailingBytes, &kQuoteQeVendorId, &kQuoteCertDataType, &kQuoteAuthDataLength,
    &kQuoteHeaderSvn, &kPckChainParse, &kPckChainLength, &kPckChainOrder, &kPckChainNames,
    &kPckChainAlgorithms, &kPckChainSignatures, &kPckRootTrusted, &kPckValidity, &kPckExtensions,
    &kPckSgxExtension, &kPckSgxEntryCount, &kPckCpusvnConsistency, &kPckCaType, &kCrlPresent,
    &kRootCrlIssuer, &kRootCrlSignature, &kRootCrlTime, &kPckCrlIssuer, &kPckCrlSignature,
    &kPckCrlTime, &kCrlExtensions, &kPckLeafRevoked, &kPckCaRevoked, &kTcbSignerRevoked,
    &kQeReportSignature, &kQeReportDataBinding, &kQeReportDataPadding, &kAttKeyValid, &kQuoteSignature,
    &kCollateralPresent, &kTcbInfoParse, &kTcbInfoIdVersion, &kTcbInfoSignerChain, &kTcbInfoSignature,
    &kTcbInfoTime, &kTcbInfoFmspc, &kTcbInfoPceid, &kTcbInfoTcbtype, &kTcbInfoLevelOrder,
    &kQeIdentityParse, &kQeIdentityIdVersion, &kQeIdentitySignerChain, &kQeIdentitySignature, &kQeIdentityTime,
    &kCollateralUnknownMembers, &kCollateralRollback, &kCollateralEvalNumber, &kQeMiscselect, &kQeAttributes, &kQeMrsigner,
    &kQeIsvprodid, &kQeDebug, &kQeTcbLevel, &kTdxModuleMrsigner, &kTdxModuleAttributes,
    &kTdxModuleIdentity, &kTdxModuleTcbLevel, &kPlatformTcbLevel, &kTcbStatus, &kTdRelaunch,
    &kTdDebug, &kTdAttributesReserved, &kTdMigratable, &kTdSeptVeDisable, &kTdPerfmon,
    &kXfamFixed, &kXfamCombination, &kMrServicetd, &kSeamZero, &kSgxDebug,
    &kSgxInit, &kEventLogParse, &kRtmrReplay0, &kRtmrReplay1, &kRtmrReplay2,
    &kRtmrReplay3, &kEventLogDigest, &kIntelReportDataBinding, &kHclBinding, &kTdxNoReference,
    &kSgxNoReference, &kPolicyMrTd, &kPolicyMrSeam, &kPolicyMrSignerSeam, &kPolicyRtmr0, &kPolicyRtmr1,
    &kPolicyRtmr2, &kPolicyRtmr3, &kPolicyMrConfigId, &kPolicyMrOwner, &kPolicyMrOwnerConfig,
    &kPolicyTdAttributes, &kPolicyXfam, &kPolicyMinTeeTcbSvn, &kPolicyTeeTcbSvn2, &kPolicyMrServicetd,
    &kPolicyMrEnclave, &kPolicyMrSigner, &kPolicyIsvProdId, &kPolicyMinIsvSvn, &kPolicyAttributes,
    &kPolicyMiscSelect, &kPolicyConfigId, &kPolicyIsvFamilyId, &kPolicyIsvExtProdId, &kPolicyQeVendorId,
    &kPolicyMinQeSvn, &kPolicyMinPceSvn, &kPolicyReportData, &kPolicyFmspc, &kPolicyPceId,
    &kPolicyPpid, &kPolicyPlatformInstance, &kPolicyTcbDate, &kPolicyAdvisoryIds, &kPolicyPlatform,
    &kPolicyEvents,
};

}  // namespace atls::checks
