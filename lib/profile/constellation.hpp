// Constellation aTLS: nonce in SNI and in the CA name of CertificateRequest, evidence in one leaf extension, bound to the leaf
// key and the nonce. github.com/edgelesssys/constellation, internal/atls and internal/attestation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "constellation/document.hpp"
#include "crypto/openssl.hpp"
#include "evidence/evidence.hpp"
#include "report/model.hpp"

namespace atls::profile::constellation {

// Formulas of the protocol. SPKI is DER as encoded in the certificate; nonce of any length.
Buffer user_data(Bytes spki);                            // SHA-256(SPKI), 32 bytes
Buffer extra_data(Bytes user_data, Bytes nonce);         // SHA-256(userData || nonce), 32 bytes
Buffer report_data(Bytes spki, Bytes nonce);             // extraData || 32 x 00, 64 bytes

std::string nonce_to_sni(Bytes nonce);                   // base64, 44 characters for 32 bytes
Result<Buffer> nonce_from_sni(std::string_view sni);     // strict base64; wrong length is Errc::bad_value
// The nonce of a verifying server: exactly one DER name, whose first CN is the base64 of 32 bytes in any string type.
Result<Buffer> nonce_from_ca_names(const std::vector<Buffer>& names);

// The self-signed leaf of the protocol, with every knob a test server needs to build a wrong one.
struct LeafSpec {
  struct Ext { std::string oid; Buffer document; bool critical = false; };
  std::vector<Ext> extensions;
  std::string common_name = "Constellation";
  Time not_before, not_after;                            // protocol: now -2 h, now +2 h
  bool corrupt_signature = false;
};
Result<crypto::X509Ptr> make_leaf(EVP_PKEY& key, const LeafSpec& spec);
Result<crypto::PkeyPtr> make_leaf_key();                 // ECDSA P-256
Buffer spki_of(EVP_PKEY& key);

// OID and document for an attester's evidence: dummy for a fake one, a TDX quote under qemu-tdx, an SNP report as instance info
// under gcp-sev-snp with Attestation null. `report_signer`/`cert_chain` PEM are taken from the certificate table in evidence.aux.
struct Document { std::string oid; Buffer json; };
Result<Document> make_document(const evidence::Evidence& evidence, Bytes user_data, Bytes nonce);

// Judges leaf and document: records the atls-* checks and gives what the evidence verifier needs. Evidence absent: its checks
// have said why. `nonce` empty optional: unknown (atls-verify without --nonce).
struct Extracted {
  std::optional<evidence::Evidence> evidence;            // format "snp", "tdx" or "dummy"
  std::optional<evidence::ExpectedBinding> binding;      // absent when the nonce is unknown
  std::string variant;                                   // "gcp-sev-snp"
};
Extracted extract(const std::vector<Buffer>& chain, const std::optional<Buffer>& nonce, bool peer_is_client, Time now, Report& report);
// The evidence extensions of a certificate alone, for dumps and detection.
bool has_constellation_extension(Bytes leaf_der);
bool has_constellation_extension(X509& leaf);

inline constexpr std::string_view kAlpn[] = {"http/1.1", "h2"};

}  // namespace atls::profile::constellation
