// Decoding and CA signatures once per distinct object. A batch of reports of one platform shares one chain; verifying it anew
// for each report would cost more than the reports themselves.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/certificate.hpp"

namespace atls::evidence {

// As Certificate::from_der and Crl::from_der; only successes are kept. Thread-safe, bounded.
Result<crypto::Certificate> decode_certificate(Bytes der);
Result<crypto::Crl> decode_crl(Bytes der);

// One signature under a public key (DER SubjectPublicKeyInfo). The answer depends on these two byte strings alone.
bool is_signed_by(const crypto::Certificate& certificate, Bytes issuer_spki);
bool is_signed_by(const crypto::Crl& crl, Bytes issuer_spki);

}  // namespace atls::evidence
