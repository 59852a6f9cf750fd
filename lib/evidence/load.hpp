// Input detection for files: what is it, by content. Shared by atls-dump and atls-verify.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evidence/evidence.hpp"
#include "evidence/parts.hpp"
#include "evidence/x509_claims.hpp"
#include "report/claim.hpp"
#include "report/model.hpp"

namespace atls::evidence {

enum class InputKind { unknown, certificate, crl, snp_report, snp_extended, cert_table, hcl, thim_json, bundle, document, directory,
                       sgx_quote, tdx_quote, td_report, tcb_info, qe_identity, event_log, ccel_table,
                       quote_container,   // JSON with a quote inside, of an attestation agent
                       embedded_quote,    // found by searching: shown, never judged

                       collateral };   // Intel collateral as other programs keep it
std::string_view input_kind_name(InputKind kind);       // --as names: "certificate", "crl", "snp-report", "snp-extended", ...
std::optional<InputKind> input_kind_from(std::string_view name);

struct Loaded {
  InputKind kind = InputKind::unknown;
  std::string name, sha256;
  std::vector<std::string> encodings;          // layers that were taken off: "base64", "hex", "pem"
  std::vector<Buffer> certificates;            // DER, file order; a bundle's chain
  std::vector<Buffer> crls;
  std::optional<Evidence> evidence;
  std::optional<Buffer> nonce;                 // from a bundle
  std::string bundle_profile, bundle_role;
  std::vector<EvidenceCopy> bundle_evidence;   // copies beside the leaf; they must be what the leaf holds
  std::optional<TlsInfo> bundle_tls;           // of the recorded handshake, as the bundle says
  bool bundle_resumed = false;                 // the recorded handshake was resumed: its leaf is of an earlier one
  std::optional<Buffer> event_log;             // an event log, alone or beside the evidence or leaf of the same file
  std::vector<UnusedPart> unused;              // what the loader itself knows that nobody judges
  std::vector<CollateralItem> collateral;      // from a bundle, ours or another program's; also what a file of collateral holds: TCB info, QE identity
  // Decoding stopped: nothing to judge, exit 7; what was decoded before is kept. Damage that a check can judge (a report that
  // is too short, HCL claims that are cut) is named here or in the claims too, and the evidence is there for the check.
  std::optional<Error> error;
  Claim claims;                                // the whole tree, for atls-dump
};

// Never fails on content: `error` says what is wrong. A path that cannot be read is Errc::not_found or Errc::io.
Result<Loaded> load_path(const std::filesystem::path& path, std::optional<InputKind> as = {});
Loaded load_bytes(Bytes content, std::string name, std::optional<InputKind> as = {});

// What the vendor calls the certificate with this subject: AMD "SEV-VCEK", "SEV-VLEK", "SEV-<line>", "SEV-VLEK-<line>", "ARK-<line>";
// Intel "Intel SGX PCK Certificate" or anything with the SGX extension, "Intel SGX PCK Platform CA", ...
std::optional<CollateralKind> endorsement_kind(Bytes certificate_der);
CollateralKind crl_kind(Bytes crl_der);                  // by the name of its issuer; AMD's when it is not Intel's

}  // namespace atls::evidence
