// ECDSA signatures and keys as attestation structures hold them: fixed-size numbers instead of DER.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/openssl.hpp"

namespace atls::crypto {

enum class KeyType { unknown, rsa, ec_p256, ec_p384, ed25519 };

// P-256 with SHA-256 or P-384 with SHA-384 over `message`; r and s big-endian unsigned. false: the signature does not verify. A key
// that is not of `curve` is an error, not an answer.
Result<bool> verify_ecdsa(KeyType curve, EVP_PKEY& key, Bytes message, Bytes r, Bytes s);
inline Result<bool> verify_ecdsa_p384_sha384(EVP_PKEY& key, Bytes message, Bytes r, Bytes s) { return verify_ecdsa(KeyType::ec_p384, key, message, r, s); }
// r || s, 64 bytes.
inline Result<bool> verify_ecdsa_p256_sha256(EVP_PKEY& key, Bytes message, Bytes signature) {
  if (signature.size() != 64) return Error{Errc::bad_value, "ECDSA P-256", "a signature is 64 bytes long", 0};
  return verify_ecdsa(KeyType::ec_p256, key, message, signature.first(32), signature.subspan(32));
}

// X || Y, 64 bytes; an error unless that is a point of P-256.
Result<PkeyPtr> p256_key_from_point(Bytes x_y);

}  // namespace atls::crypto
