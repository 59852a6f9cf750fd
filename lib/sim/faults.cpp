#include "sim/faults.hpp"

#include <algorithm>

#include "sim/fault_rows.hpp"

namespace atls::sim {
namespace {

using namespace fault_rows;

// Documents that say what is broken.
constexpr std::string_view kAbi = "SEV-SNP ABI (AMD 56860), ATTESTATION_REPORT";
constexpr std::string_view kKds = "VCEK Certificate and KDS Interface Specification (AMD 57230)";
constexpr std::string_view kGhcb = "GHCB specification, SNP Extended Guest Request";
constexpr std::string_view kHcl = "Azure HCL report of the vTPM";
constexpr std::string_view kTls = "RFC 8446";
constexpr std::string_view kWeak = "NIST SP 800-131A Rev. 2; RFC 9325 section 4";
constexpr std::string_view kAtls = "Constellation aTLS";

constexpr List<1> kMeasurement{"snp-policy-measurement"}, kSignature{"snp-report-signature"}, kVmpl{"snp-policy-vmpl"},
    kMinimumTcb{"snp-policy-minimum-tcb"}, kChipId{"snp-policy-chip-id"}, kReportedTcb{"snp-tcb-reported-matches-cert"},
    kProduct{"snp-policy-product"}, kCrlSignature{"snp-crl-signature"}, kOtherChip{"policy-platform-instance"};
constexpr List<2> kRewrittenTcb{"snp-tcb-reported-matches-cert", "snp-policy-minimum-tcb"};
constexpr List<2> kNoVek{"snp-vek-present", "snp-policy-product"};   // of version 2, only the certificate names the product
constexpr List<5> kUnsigned{"snp-vek-present", "snp-vek-kind", "snp-report-signature", "snp-hwid-matches-chip-id", "snp-policy-signing-key"};
constexpr List<4> kNotVcek{"snp-vek-extensions-complete", "snp-hwid-matches-chip-id", "snp-policy-signing-key", "snp-policy-chip-id"};

constexpr List<2> kBindings{kBinding, kIntelBinding};
constexpr List<5> kForeignRoot{"snp-crl-signature", "root-crl-signature", "pck-crl-signature", "tcb-info-signer-chain", "qe-identity-signer-chain"};

constexpr std::array kFaults{
    // Report. Signed again after the change, unless the change is to the signature.
    reject(Layer::report, "sig-bitflip", "one bit of R is flipped", "snp-report-signature", kAbi),
    reject(Layer::report, "body-bitflip", "one bit of MEASUREMENT is flipped after signing", "snp-report-signature", kAbi, {kMeasurement}),
    reject(Layer::report, "sig-big-endian", "R and S are stored big-endian", "snp-signature-encoding", kAbi, {kSignature}),
    reject(Layer::report, "sig-zero", "R and S are zero", "snp-signature-encoding", kAbi, {kSignature}),
    reject(Layer::report, "algo-zero", "SIGNATURE_ALGO is 0, none", "snp-signature-algo", kAbi, {kSignature}),
    reject(Layer::report, "version-1", "VERSION is 1", "snp-report-version", kAbi, {{}, {}, kMalformed}),
    reject(Layer::report, "version-6", "VERSION is 6, in the layout of 5", "snp-report-version", kAbi),
    reject(Layer::report, "reserved-nonzero", "the reserved bytes at 0x04C are not zero", "snp-report-reserved-zero", kAbi),
    reject(Layer::report, "mitvec-in-v3", "a version 3 report has a mitigation vector", "snp-report-reserved-zero", kAbi),
    reject(Layer::report, "policy-bit17", "bit 17 of POLICY, which must be one, is clear", "snp-policy-reserved", kAbi),
    reject(Layer::report, "debug", "POLICY allows debugging", "snp-policy-debug", kAbi, {{}, {}, kRefused}),
    reject(Layer::report, "vmpl-1", "VMPL is 1", "snp-policy-vmpl", kAbi, {{}, {}, kRefused}),
    reject(Layer::report, "vmpl-host", "VMPL is 0xFFFFFFFF: the host asked for the report", "snp-report-vmpl-range", kAbi, {kVmpl}),
    reject(Layer::report, "host-data", "HOST_DATA is another value", "snp-policy-host-data", kAbi, {{}, {}, kRefused}),
    reject(Layer::report, "measurement", "MEASUREMENT is another value", "snp-policy-measurement", kAbi, {{}, {}, kRefused}),
    also_for(kTravelling, kIntelBinding, reject(Layer::report, "report-data", "REPORT_DATA is another value than asked for", kBinding, kAbi)),
    reject(Layer::report, "tcb-rollback", "REPORTED_TCB is below the TCB of the certificate", "snp-tcb-reported-matches-cert", kKds, {kMinimumTcb}),
    reject(Layer::certificate, "tcb-cert-higher", "the certificate is for a higher TCB than REPORTED_TCB", "snp-tcb-reported-matches-cert", kKds),
    reject(Layer::report, "tcb-layout-swap", "the TCB bytes are in the order of the other layout (Turin, legacy)", "snp-tcb-reported-matches-cert", kAbi,
           {kMinimumTcb}),
    reject(Layer::report, "tcb-layout-rewritten", "a program wrote the TCB bytes in the order of the other layout, after signing", "snp-report-signature", kAbi,
           {kRewrittenTcb}),
    reject(Layer::report, "committed-gt-current", "COMMITTED_TCB is above CURRENT_TCB", "snp-tcb-committed-le-current", kAbi),
    accept(Layer::report, "provisional", "COMMITTED_TCB is below CURRENT_TCB: provisional firmware", "snp-tcb-committed-equals-current", "warn", kAbi),
    reject(Layer::report, "provisional-forbidden", "as provisional, under a policy that forbids it", "snp-tcb-committed-equals-current", kAbi,
           {{}, "policy-provisional-forbid", kRefused}),
    reject(Layer::report, "chip-id-mismatch", "CHIP_ID is not the hwID of the VCEK", "snp-hwid-matches-chip-id", kKds, {kChipId, "vcek"}),
    accept(Layer::report, "chip-id-zero", "CHIP_ID is masked", "snp-hwid-matches-chip-id", "warn", kAbi, "policy-without-chip-id"),
    also_for(kEvery, "policy-ppid", reject(Layer::report, "other-chip", "the same image on another machine: everything is genuine", "snp-policy-chip-id", kAbi,
                                           {kOtherChip, "vcek", kRefused})),
    reject(Layer::report, "vlek-as-vcek", "the report names the VCEK and is signed with a VLEK", "snp-vek-kind", kAbi, {kNotVcek}),
    reject(Layer::report, "signing-key-none", "SIGNING_KEY is 7, none", "snp-signing-key", kAbi, {kUnsigned}),

    // Certificates.
    reject(Layer::certificate, "wrong-ask", "another authority under the name of the ASK signed the endorsement key", "snp-vek-signature", kKds),
    reject(Layer::certificate, "wrong-ark", "another root under the name of the ARK certifies the ASK", "snp-ark-trusted", kKds, {kCrlSignature}),
    also_for(kEvery, "pck-root-trusted", reject(Layer::certificate, "self-made-root", "a complete foreign hierarchy under the vendor's names", "snp-ark-trusted", kKds, {kForeignRoot})),
    reject(Layer::certificate, "vcek-expired", "the endorsement key certificate expired in 2024", "snp-vek-validity", kX509),
    reject(Layer::certificate, "vcek-future", "the endorsement key certificate is valid from 2048", "snp-vek-validity", kX509),
    accept(Layer::certificate, "vcek-extra-ext", "the endorsement key certificate has a subject key identifier", "snp-vek-extensions-known", "warn", kKds),
    reject(Layer::certificate, "vcek-spl-missing", "the endorsement key certificate has no ucodeSPL", "snp-vek-extensions-complete", kKds, {kReportedTcb}),
    accept(Layer::certificate, "vcek-hwid-octet", "the hwID is wrapped in an OCTET STRING", "snp-hwid-matches-chip-id", "pass", kKds, "vcek"),
    reject(Layer::certificate, "product-mismatch", "the endorsement key certificate names another product line", "snp-vek-product", kKds,
           {kProduct, "milan-or-genoa"}),

    // A certificate of another report says nothing about this one: it is not the signer's, and the signer's is missing.
    missing(reject(Layer::certificate, "vcek-of-other-chip", "the endorsement key certificate is that of another chip", "snp-vek-present", kKds, {{}, "vcek", kUndecided})),
    missing(reject(Layer::certificate, "vcek-of-other-tcb", "the endorsement key certificate is that of the same chip under another TCB", "snp-vek-present", kKds,
                   {{}, "vcek", kUndecided})),

    // Revocation.
    exported(reject(Layer::crl, "ask-revoked", "the CRL lists the ASK", "snp-ask-not-revoked", kX509, {{}, "collateral-dir"}), "extended.bin"),
    exported(reject(Layer::crl, "crl-expired", "nextUpdate of the CRL passed in 2024", "snp-crl-fresh", kX509, {{}, "collateral-dir", kUndecided}), "extended.bin"),
    exported(reject(Layer::crl, "crl-wrong-issuer", "another key signed the CRL", "snp-crl-signature", kX509, {{}, "collateral-dir", kUndecided}), "extended.bin"),

    // Certificate table.
    exported(reject(Layer::table, "table-no-terminator", "the table ends where the all-zero entry should be", "snp-cert-table-terminator", kGhcb, {kNoVek}), "extended.bin"),
    exported(reject(Layer::table, "table-oob", "the last blob ends after the table", "snp-cert-table-bounds", kGhcb), "extended.bin"),
    exported(reject(Layer::table, "table-wrap", "offset and length of the last blob overflow 32 bits", "snp-cert-table-bounds", kGhcb), "extended.bin"),
    exported(reject(Layer::table, "table-dup", "one GUID occurs twice", "snp-cert-table-duplicate", kGhcb), "extended.bin"),
    missing(exported(reject(Layer::table, "table-mixed-endian-guid", "GUIDs are in the byte order of Microsoft's structure", "snp-vek-present", kGhcb,
                            {{}, "version-3", kUndecided}), "extended.bin")),

    // Containers.
    exported(reject(Layer::hcl, "hcl-hash", "the runtime claims were changed by one space", "snp-hcl-runtime-hash", kHcl), "hcl.bin"),
    exported(reject(Layer::report, "report-as-text", "a program took the report for text and wrote it as UTF-8", "snp-container-decode", kAbi, {{}, {}, kMalformed}), "tsm"),
    exported(reject(Layer::report, "extra-data", "one byte follows the report", "snp-report-size", kAbi), "tsm"),

    // Handshake: certificate, document, nonces.
    for_clients_too(reject(Layer::handshake, "no-evidence", "the leaf has no evidence extension", "atls-evidence-present", kAtls, {{}, {}, ExitCode::no_evidence})),
    for_clients_too(reject(Layer::handshake, "stale-nonce", "evidence for the nonce of the connection before", kBinding, kAtls)),
    reject(Layer::handshake, "empty-nonce", "evidence for the empty nonce", kBinding, kAtls),
    for_clients_too(reject(Layer::handshake, "foreign-key", "evidence for another leaf key, UserData as for this one", kBinding, kAtls)),
    reject(Layer::handshake, "zero-report-data", "REPORT_DATA is zero", kBinding, kAtls),
    reject(Layer::handshake, "nonce-only-report-data", "REPORT_DATA is the nonce, without the key", kBinding, kAtls),
    reject(Layer::handshake, "user-data-foreign", "UserData and REPORT_DATA of another key: relayed evidence", "atls-user-data", kAtls, {kBindings}),
    reject(Layer::handshake, "two-evidence", "two evidence extensions, the second one foreign", "atls-evidence-single", kX509),
    reject(Layer::handshake, "wrong-oid", "the document is under the OID of another variant", "atls-evidence-type", kAtls),
    reject(Layer::handshake, "document-truncated", "the last byte of the document is missing", "atls-document-decode", kAtls, {{}, {}, kMalformed}),
    reject(Layer::handshake, "document-trailing", "one byte follows the document", "atls-document-decode", kAtls, {{}, {}, kMalformed}),
    reject(Layer::handshake, "leaf-expired", "the leaf certificate has expired", "atls-leaf-validity", kX509),
    reject(Layer::handshake, "leaf-future", "the leaf certificate is not yet valid", "atls-leaf-validity", kX509),
    reject(Layer::handshake, "leaf-bad-signature", "the self-signature of the leaf is altered", "atls-leaf-signature", kX509),
    reject(Layer::handshake, "leaf-critical", "the evidence extension is critical", "atls-leaf-extensions", kX509),
    reject(Layer::handshake, "no-nonce-request", "the CertificateRequest has no CA name", "atls-nonce-request", kAtls, {{}, "mutual", ExitCode::no_evidence}),
    reject(Layer::handshake, "two-nonce-requests", "the CertificateRequest has two CA names", "atls-nonce-request", kAtls, {{}, "mutual", ExitCode::no_evidence}),
    accept(Layer::handshake, "tickets", "session tickets are issued; a resumed session would carry no evidence", "", "", kTls),
    accept(Layer::handshake, "large-certificate", "the document is 120 KiB long", "", "", kTls),
    for_clients_too(reject(Layer::handshake, "rsa-1024-key", "the leaf has an RSA key of 1024 bits", "tls-key-strength", kWeak)),
    reject(Layer::handshake, "ec-224-key", "the leaf has an EC key on P-224", "tls-key-strength", kWeak, {{}, "tls1.2-p224"}),
    reject(Layer::handshake, "static-rsa", "only ciphers of TLS 1.2 with static RSA key exchange are spoken", "tls-key-strength", kWeak, {{}, "tls1.2"}),
    reject(Layer::handshake, "p224-exchange", "keys are exchanged in the group P-224", "tls-key-strength", kWeak, {{}, "tls1.2-p224"}),
};

}  // namespace

std::string_view fault_layer_name(FaultLayer layer) {
  switch (layer) {
    case Layer::report: return "report";
    case Layer::certificate: return "certificate";
    case Layer::table: return "table";
    case Layer::crl: return "crl";
    case Layer::hcl: return "hcl";
    case Layer::quote: return "quote";
    case Layer::pck: return "pck";
    case Layer::collateral: return "collateral";
    case Layer::http: return "http";
    case Layer::eventlog: return "eventlog";
    case Layer::handshake: return "handshake";
  }
  return "unknown";
}

std::span<const Fault> faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> out(kFaults.begin(), kFaults.end());
    const auto of_intel = intel_faults();
    out.insert(out.end(), of_intel.begin(), of_intel.end());
    return out;
  }();
  return all;
}

const Fault* find_fault(std::string_view name) {
  const auto all = faults();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Fault& fault) { return fault.name == name; });
  return at == all.end() ? nullptr : &*at;
}

bool applies_to(const Fault& fault, std::string_view format) {
  return std::find(fault.platforms.begin(), fault.platforms.end(), format) != fault.platforms.end();
}

std::string_view check_of(const Fault& fault, std::string_view format) {
  return format == "snp" || fault.intel_check.empty() ? fault.check : fault.intel_check;
}

}  // namespace atls::sim
