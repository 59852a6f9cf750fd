// Decoding and CA signatures once per distinct object. A batch of reports of one platform shares one chain; verifying it anew
// for each report would cost more than the reports themselves.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/certificate.hpp"
#include "intel/collateral.hpp"

namespace atls::evidence {

// As Certificate::from_der and Crl::from_der; only successes are kept. Thread-safe, bounded.
Result<crypto::Certificate> decode_certificate(Bytes der);
Result<crypto::Crl> decode_crl(Bytes der);

// One signature under a public key (DER SubjectPublicKeyInfo). The answer depends on these two byte strings alone.
bool is_signed_by(const crypto::Certificate& certificate, Bytes issuer_spki);
bool is_signed_by(const crypto::Crl& crl, Bytes issuer_spki);

// The same for Intel's signed documents, and for what a P-256 key signs as r || s: collateral and reports of quoting enclaves, of
// which a batch has few.
Result<std::shared_ptr<const intel::TcbInfo>> decode_tcb_info(Bytes response);
Result<std::shared_ptr<const intel::QeIdentity>> decode_qe_identity(Bytes response);
bool is_p256_signature(Bytes message, Bytes signature, Bytes signer_spki);

}  // namespace atls::evidence
