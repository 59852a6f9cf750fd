// Attestation documents of Constellation aTLS (its attestation package), as JSON in one X.509 extension.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::constellation {

// Variant OIDs, arc 1.3.9900.
struct Variant { std::string_view oid, name; enum class Document { dummy, snp_instance_info, vtpm, tdx } document; };
std::span<const Variant> variants();
const Variant* variant_by_oid(std::string_view dotted);
inline constexpr std::string_view kOidDummy = "1.3.9900.1.1", kOidGcpSevSnp = "1.3.9900.3.2", kOidQemuTdx = "1.3.9900.5.99";

// {"UserData":b64,"Nonce":b64}
struct DummyDocument { Buffer user_data, nonce; };
// {"Attestation":null|{...},"InstanceInfo":b64(JSON)|null,"UserData":b64}; InstanceInfo holds ReportSigner, CertChain (PEM),
// AttestationReport (1184 bytes), Azure, GCP.
struct InstanceInfo {
  Buffer raw;                                    // the exact bytes, they are hashed
  Buffer report_signer_pem, cert_chain_pem;      // empty: null
  Buffer attestation_report;
  bool has_azure = false, has_gcp = false;
};
struct SnpDocument {
  bool has_attestation = false;                  // a vTPM quote is present (not judged yet)
  std::optional<InstanceInfo> instance_info;
  Buffer user_data;
};

// {"RawQuote":b64,"UserData":b64}: a TDX guest without vTPM.
struct TdxDocument { Buffer raw_quote, user_data; };

// Strict: no trailing bytes, no duplicate keys, strict base64, required members present with the right type. Unknown members
// are ignored, as the peers do; keys match exactly.
Result<DummyDocument> parse_dummy(Bytes json);
Result<SnpDocument> parse_snp(Bytes json);
Result<TdxDocument> parse_tdx(Bytes json);
Buffer encode_dummy(const DummyDocument& document);
Buffer encode_snp(Bytes report, Bytes report_signer_pem, Bytes cert_chain_pem, Bytes user_data);  // Attestation, Azure, GCP null
Buffer encode_tdx(const TdxDocument& document);

// Which document the members of the JSON make it, for atls-evidence-type.
enum class DocumentKind { unknown, dummy, vtpm, tdx };
DocumentKind sniff(Bytes json);

// 44-character base64 of a 32-byte nonce, the SNI and the CA-name CN of the protocol.
inline constexpr std::size_t kNonceSize = 32;

}  // namespace atls::constellation
