// Faults of Intel quotes, their certificates, revocation lists and collateral, of the service that gives it, and of event logs.
// What is changed is signed again, unless the change is to a signature. Those of a quote and its certificates travel in a handshake.
#include "sim/fault_rows.hpp"

namespace atls::sim {
namespace {

using namespace fault_rows;

// Documents that say what is broken.
constexpr std::string_view kQuote = "Intel TDX DCAP quoting library API";
constexpr std::string_view kPck = "Intel SGX PCK certificate and CRL profile";
constexpr std::string_view kPcs = "Intel PCS API v4";
constexpr std::string_view kTd = "Intel TDX module ABI";
constexpr std::string_view kEnclave = "Intel SDM vol. 3D";
constexpr std::string_view kLog = "UEFI CC measurement";

constexpr std::string_view kQuoteFile = "quote.bin", kLogFile = "event-log.bin";
constexpr std::string_view kVersion4 = "quote-version-4", kVersion5 = "quote-version-5", kDirectory = "collateral-dir", kService = "pcs";

constexpr List<1> kQeDebug{"qe-debug"}, kStatus{"tcb-status"}, kPckCrlSignature{"pck-crl-signature"}, kAttributes{"policy-td-attributes"}, kPolicyXfam{"policy-xfam"},
    kQeSigner{"qe-identity-signer-chain"}, kVendor{"policy-qe-vendor-id"}, kEnclaveAttributes{"policy-attributes"};
constexpr List<2> kIdentities{"policy-mr-td", "policy-mr-enclave"}, kSeam{"seam-zero", "tcb-status"}, kModuleLevel{"tdx-module-tcb-level", "tcb-status"};
constexpr List<3> kOtherCa{"pck-chain-signatures", "pck-crl-signature", "pck-root-trusted"};
constexpr List<2> kNoRoot{"pck-root-trusted", "pck-chain-signatures"};
constexpr List<3> kNoChain{"pck-chain-parse", "pck-chain-length", "root-crl-signature"};   // which root it would be is not known
constexpr List<1> kRelaunch{"td-relaunch"};

constexpr Fault quote(std::string_view name, std::string_view summary, std::string_view check, std::string_view reference, const Rejected& more = {}) {
  Fault fault = of(kIntel, reject(Layer::quote, name, summary, check, reference, more));
  fault.artifact = kQuoteFile;
  return fault;
}
constexpr Fault td(std::string_view name, std::string_view summary, std::string_view check, const Rejected& more = {}) {
  return of(kTdx, quote(name, summary, check, kTd, more));
}
constexpr Fault cut(std::string_view name, std::string_view summary, std::string_view needs = {}) {
  return quote(name, summary, "quote-parse", kQuote, {{}, needs, kMalformed});
}
constexpr Fault pck(std::string_view name, std::string_view summary, std::string_view check, std::string_view reference = kPck, Names consequences = {}) {
  Fault fault = quote(name, summary, check, reference, {consequences});
  fault.layer = Layer::pck;
  return fault;
}
constexpr Fault tolerated(Layer layer, std::string_view name, std::string_view summary, std::string_view check, std::string_view outcome,
                          std::string_view reference, std::string_view needs = {}) {
  Fault fault = of(kIntel, accept(layer, name, summary, check, outcome, reference, needs));
  fault.artifact = kQuoteFile;
  return fault;
}
// The verifier sees it only when it has nothing else than the export.
constexpr Fault crl(std::string_view name, std::string_view summary, std::string_view check, ExitCode exit = kUndecided) {
  return exported(of(kIntel, reject(Layer::crl, name, summary, check, kX509, {{}, kDirectory, exit})), kQuoteFile);
}
constexpr Fault collateral(std::string_view name, std::string_view summary, std::string_view check, ExitCode exit = kUndecided, Names consequences = {}) {
  return exported(of(kIntel, reject(Layer::collateral, name, summary, check, kPcs, {consequences, kDirectory, exit})), kQuoteFile);
}
constexpr Fault status(std::string_view name, std::string_view summary, ExitCode exit = kRefused) {
  return collateral(name, summary, "tcb-status", exit, kRelaunch);
}
constexpr Fault http(std::string_view name, std::string_view summary) {
  return missing(exported(of(kIntel, reject(Layer::http, name, summary, "collateral-present", kPcs, {{}, kService, kUndecided})), kQuoteFile));
}

constexpr std::array kIntelFaultRows{
    // Signatures.
    quote("quote-signature-bitflip", "one bit of the signature of the quote is flipped", "quote-signature", kQuote),
    quote("quote-body-bitflip", "one bit of MRTD or MRENCLAVE is flipped after signing", "quote-signature", kQuote, {kIdentities}),
    quote("qe-signature-bitflip", "one bit of the signature of the QE report is flipped", "qe-report-signature", kQuote),
    quote("auth-data-changed", "one bit of the QE authentication data is flipped", "qe-report-data-binding", kQuote),
    quote("attestation-key-replaced", "another key than the QE report names signs the quote", "qe-report-data-binding", kQuote),
    quote("qe-padding-nonzero", "the second half of the QE report data is not zero", "qe-report-data-padding", kQuote),

    // Layout.
    quote("qe-vendor-id-other", "the QE vendor id is not Intel's", "quote-qe-vendor-id", kQuote, {kVendor}),
    quote("quote-version-6", "the version is 6", "quote-version", kQuote, {{}, {}, kMalformed}),
    quote("key-type-3", "the attestation key type is 3, ECDSA P-384", "quote-att-key-type", kQuote),
    quote("tee-type-mismatch", "the TEE type is not that of the body", "quote-tee-type", kQuote),
    of(kTdx, quote("body-type-mismatch", "the body type is 2, a TD 1.0 report, with the size of a TD 1.5 report", "quote-body-type", kQuote, {{}, kVersion5})),
    of(kTdx, quote("body-size-mismatch", "the body descriptor declares one byte more than the body type has", "quote-body-type", kQuote, {{}, kVersion5})),
    cut("truncated-after-header", "the quote ends after its header"),
    of(kTdx, cut("truncated-after-body-descriptor", "the quote ends after the body descriptor", kVersion5)),
    cut("truncated-after-body", "the quote ends after its body"),
    cut("truncated-after-size", "the quote ends after the size of the signature data"),
    cut("truncated-after-signature", "the quote ends after the quote signature"),
    cut("truncated-after-attestation-key", "the quote ends after the attestation key"),
    of(kTdx, cut("truncated-after-outer-header", "the quote ends after type and size of the outer certification data", kVersion4)),
    cut("truncated-after-qe-report", "the quote ends after the QE report"),
    cut("truncated-after-qe-signature", "the quote ends after the signature of the QE report"),
    cut("truncated-after-auth-data", "the quote ends after the QE authentication data"),
    cut("truncated-after-inner-header", "the quote ends after type and size of the inner certification data"),
    cut("truncated-last-byte", "the last byte of the quote is missing"),
    tolerated(Layer::quote, "trailing-zeros", "zeros follow the quote", "quote-trailing-bytes", "pass", kQuote),
    tolerated(Layer::quote, "trailing-bytes", "bytes that are not zero follow the quote", "quote-trailing-bytes", "warn", kQuote),
    quote("quote-as-text", "a program took the quote for text: line feeds in it became CR LF", "quote-parse", kQuote, {{}, {}, kMalformed}),
    of(kTdx, quote("outer-type-5", "the outer certification data has type 5", "quote-cert-data-type", kQuote, {{}, kVersion4})),
    quote("inner-type-1", "the certification data is a PPID in the clear (type 1)", "quote-cert-data-type", kQuote, {kNoChain}),
    quote("inner-type-3", "the certification data is an encrypted PPID (type 3)", "quote-cert-data-type", kQuote, {kNoChain}),
    quote("inner-type-7", "the certification data is a platform manifest (type 7)", "quote-cert-data-type", kQuote, {kNoChain}),

    // PCK certificates.
    tolerated(Layer::pck, "chain-leaf-last", "the PCK chain is in the order root, CA, leaf", "pck-chain-order", "warn", kQuote),
    pck("chain-without-root", "the PCK chain ends with the CA", "pck-chain-length", kPck, kNoRoot),
    pck("chain-extra-certificate", "the PCK chain has a fourth certificate", "pck-chain-length"),
    pck("pck-expired", "the PCK certificate expired in 2024", "pck-validity", kX509),
    pck("pck-future", "the PCK certificate is valid from 2048", "pck-validity", kX509),
    pck("pck-ca-expired", "the certificate of the PCK CA expired in 2024", "pck-validity", kX509),
    pck("pck-ca-future", "the certificate of the PCK CA is valid from 2048", "pck-validity", kX509),
    pck("pck-wrong-name", "the PCK certificate has another common name", "pck-chain-names"),
    tolerated(Layer::pck, "processor-ca", "the PCK certificate comes from the Processor CA", "pck-ca-type", "pass", kPck),
    pck("pck-ca-rsa", "the key of the PCK CA is RSA", "pck-chain-algorithms", kPck, kOtherCa),
    pck("pck-ca-p384", "the key of the PCK CA is on P-384", "pck-chain-algorithms", kPck, kOtherCa),
    pck("sgx-extension-missing", "the PCK certificate has no SGX extension", "pck-sgx-extension"),
    pck("sgx-extension-17-entries", "the TCB of the SGX extension has 17 entries", "pck-sgx-extension"),
    pck("cpusvn-mismatch", "CPUSVN of the SGX extension is not its sixteen components", "pck-cpusvn-consistency"),

    // Revocation.
    crl("pck-revoked", "the PCK CA's list has the PCK certificate", "pck-leaf-revoked", ExitCode::rejected),
    crl("pck-ca-revoked", "the root's list has the PCK CA", "pck-ca-revoked", ExitCode::rejected),
    crl("tcb-signer-revoked", "the root's list has the TCB signing certificate", "tcb-signer-revoked", ExitCode::rejected),
    crl("root-crl-expired", "nextUpdate of the root's list passed in 2024", "root-crl-time"),
    crl("pck-crl-expired", "nextUpdate of the PCK CA's list passed in 2024", "pck-crl-time"),
    crl("root-crl-wrong-issuer", "the root's list names another issuer", "root-crl-issuer"),
    crl("pck-crl-wrong-issuer", "the PCK CA's list names another issuer", "pck-crl-issuer"),
    crl("root-crl-bad-signature", "another key signed the root's list", "root-crl-signature"),
    crl("pck-crl-bad-signature", "another key signed the PCK CA's list", "pck-crl-signature"),
    missing(crl("root-crl-absent", "there is no list of the root", "crl-present")),
    missing(crl("pck-crl-absent", "there is no list of the PCK CA", "crl-present")),

    // TCB info and its signer.
    collateral("tcb-signer-expired", "the TCB signing certificate expired in 2024", "tcb-info-signer-chain", kUndecided, kQeSigner),
    collateral("tcb-signer-future", "the TCB signing certificate is valid from 2048", "tcb-info-signer-chain", kUndecided, kQeSigner),
    collateral("tcb-signer-wrong-name", "the TCB signing certificate has another common name", "tcb-info-signer-chain", kUndecided, kQeSigner),
    collateral("fmspc-mismatch", "the TCB info is about another FMSPC", "tcb-info-fmspc"),
    collateral("pceid-mismatch", "the TCB info is about another PCE-ID", "tcb-info-pceid"),
    collateral("tcb-info-expired", "nextUpdate of the TCB info passed in 2024", "tcb-info-time"),
    collateral("tcb-info-future", "the TCB info is issued in 2048", "tcb-info-time"),
    collateral("tcb-info-bad-signature", "one bit of the signature of the TCB info is flipped", "tcb-info-signature"),
    collateral("tcb-info-whitespace", "the TCB info was formatted anew after signing: the same JSON, other bytes", "tcb-info-signature"),
    collateral("tcb-info-reordered", "the members of the TCB info were sorted after signing", "tcb-info-signature"),
    collateral("tcb-info-wrong-id", "the TCB info is for the other TEE (SGX, TDX)", "tcb-info-id-version"),
    of(kTdx, collateral("tcb-info-version-2", "the TCB info is of version 2, which knows no TDX", "tcb-info-id-version")),
    collateral("tcb-info-no-levels", "the TCB info has no level", "tcb-info-parse"),
    of(kIntel, exported(accept(Layer::collateral, "tcb-info-unsorted", "the levels of the TCB info ascend", "tcb-info-level-order", "warn", kPcs, kDirectory), kQuoteFile)),
    status("tcb-info-unknown-status", "the level of the TCB info has a status that nobody knows"),
    [] {
      Fault fault = collateral("tcb-eval-number-old", "the TCB evaluation data number is below the demanded one", "collateral-eval-number", kRefused);
      fault.needs = "policy-tcb-eval-number";
      return fault;
    }(),

    collateral("collateral-of-other-root", "another root, which is trusted as well, certified the signer of TCB info and QE identity", "tcb-info-signer-chain", kUndecided,
               kQeSigner),

    // What good collateral says about platform, module and QE.
    status("platform-sw-hardening-needed", "the platform's level is SWHardeningNeeded"),
    status("platform-configuration-needed", "the platform's level is ConfigurationNeeded"),
    status("platform-configuration-and-sw-hardening-needed", "the platform's level is ConfigurationAndSWHardeningNeeded"),
    status("platform-out-of-date", "the platform's level is OutOfDate"),
    status("platform-out-of-date-configuration-needed", "the platform's level is OutOfDateConfigurationNeeded"),
    status("platform-revoked", "the platform's level is Revoked", ExitCode::rejected),
    of(kTdx, status("module-out-of-date", "the TDX module's level is OutOfDate")),
    of(kTdx, status("module-revoked", "the TDX module's level is Revoked", ExitCode::rejected)),
    status("qe-out-of-date", "the QE's level is OutOfDate"),
    status("qe-revoked", "the QE's level is Revoked", ExitCode::rejected),
    collateral("platform-no-level", "every level of the TCB info demands more than the platform has", "platform-tcb-level", ExitCode::rejected, kStatus),
    collateral("qe-no-level", "every level of the QE identity demands more than the QE has", "qe-tcb-level", ExitCode::rejected, kStatus),
    of(kTdx, collateral("module-identity-missing", "the TCB info has no identity for the version of the TDX module", "tdx-module-identity", ExitCode::rejected, kModuleLevel)),
    of(kTdx, collateral("module-no-level", "every level of the module identity demands more than the TDX module has", "tdx-module-tcb-level", ExitCode::rejected, kStatus)),
    of(kTdx, tolerated(Layer::quote, "relaunch", "the TDX module was updated since the launch, under which the TD is UpToDate", "td-relaunch", "warn", kTd, kVersion5)),
    [] {
      Fault fault = of(kTdx, status("relaunch-advised", "the TD was launched under a module that is OutOfDate; the one that runs now is UpToDate"));
      fault.needs = kVersion5;
      return fault;
    }(),

    // Quoting enclave.
    quote("qe-mrsigner-mismatch", "the signer of the QE is not that of the QE identity", "qe-mrsigner", kPcs),
    quote("qe-prodid-mismatch", "the product id of the QE is not that of the QE identity", "qe-isvprodid", kPcs),
    quote("qe-attributes-mismatch", "an attribute of the QE is not as the QE identity says", "qe-attributes", kPcs),
    quote("qe-miscselect-mismatch", "MISCSELECT of the QE is not as the QE identity says", "qe-miscselect", kPcs),
    quote("qe-debug", "the QE is a debug enclave, which its identity forbids as well", "qe-attributes", kEnclave, {kQeDebug}),

    // TD, module, enclave.
    td("td-debug", "the TD can be debugged", "td-debug", {kAttributes, {}, kRefused}),
    td("td-reserved-bit", "bit 8 of the TD attributes is set", "td-attributes-reserved", {kAttributes}),
    td("td-migratable", "the TD can be migrated", "td-migratable", {kAttributes, {}, kRefused}),
    of(kTdx, tolerated(Layer::quote, "td-perfmon", "the TD may use the performance counters", "td-perfmon", "warn", kTd)),
    of(kTdx, tolerated(Layer::quote, "td-sept-ve-enabled", "SEPT_VE_DISABLE is clear", "td-sept-ve-disable", "warn", kTd)),
    td("xfam-bit-3", "bit 3 of XFAM, which must be zero, is set", "xfam-fixed", {kPolicyXfam}),
    td("servicetd-bound", "a service TD is bound", "mr-servicetd", {{}, kVersion5, kRefused}),
    td("seam-signer", "the signer of the TDX module is not zero", "tdx-module-mrsigner", {kSeam}),
    td("seam-attributes", "the attributes of the TDX module are not zero", "tdx-module-attributes", {kSeam}),
    of(kSgx, quote("sgx-debug", "the enclave can be debugged", "sgx-debug", kEnclave, {kEnclaveAttributes, {}, kRefused})),
    td("mr-td", "MRTD is another value", "policy-mr-td", {{}, {}, kRefused}),
    of(kSgx, quote("mr-enclave", "MRENCLAVE is another value", "policy-mr-enclave", kEnclave, {{}, {}, kRefused})),

    // Event log.
    exported(of(kTdx, reject(Layer::eventlog, "event-log-mismatch", "the event log has another digest for an event of RTMR2", "rtmr-replay-2", kLog)), kLogFile),

    // The service: what it answers when it is asked for the TCB info.
    http("http-404", "the service answers 404 to the request for the TCB info"),
    http("http-410", "the service answers 410 to the request for the TCB info"),
    http("http-429", "the service answers 429 to the request for the TCB info, with Retry-After of an hour"),
    http("http-500", "the service answers 500 to the request for the TCB info"),
    http("http-slow", "the service sends the TCB info one byte a second"),
    http("http-oversized", "the service sends a TCB info without end"),
    http("chain-header-missing", "the TCB info comes without its issuer chain"),
    http("chain-header-duplicated", "the TCB info comes with its issuer chain twice"),
    http("chain-header-unencoded", "the issuer chain of the TCB info is not percent-encoded"),
};

}  // namespace

std::span<const Fault> intel_faults() { return kIntelFaultRows; }

}  // namespace atls::sim
