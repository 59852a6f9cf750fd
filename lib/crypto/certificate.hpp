// X.509 certificates and CRLs as values: decoded once, compared and verified through functions that answer one question.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/ecdsa.hpp"
#include "crypto/openssl.hpp"
#include "report/model.hpp"

namespace atls::crypto {

struct Extension { std::string oid; Buffer oid_der; bool critical = false; Buffer value; };   // value: content of extnValue
enum class SignatureScheme { unknown, rsa_pss_sha384, rsa_pss_other, rsa_pkcs1_sha256, ecdsa_sha256, ecdsa_sha384 };

class Certificate {
 public:
  static Result<Certificate> from_der(Bytes der);      // strict about trailing bytes
  const Buffer& der() const;
  Buffer spki() const;                                 // DER SubjectPublicKeyInfo as encoded in this certificate
  std::string spki_sha256() const;                     // hex
  Buffer subject_der() const, issuer_der() const;
  std::string subject_text() const, issuer_text() const;   // RFC 4514: "CN=SEV-VCEK,O=Advanced Micro Devices,..."
  std::string subject_cn() const, issuer_cn() const;       // empty when absent
  std::string serial_hex() const;                      // lower case without leading zeros, "0" for zero, "-" first when negative
  long version() const;                                // 3 for X.509 v3
  std::optional<Time> not_before() const, not_after() const;
  const std::vector<Extension>& extensions() const;    // in certificate order
  const Extension* extension(std::string_view oid) const;
  bool is_ca() const;                                  // basicConstraints CA:TRUE
  std::optional<long> path_length() const;
  bool key_usage_cert_sign() const;
  std::vector<std::string> eku_oids() const;           // empty when the extension is absent
  KeyType key_type() const;
  int key_bits() const;
  bool rsa_exponent_is_65537() const;
  std::string signature_oid() const;                   // dotted
  SignatureScheme signature_scheme() const;            // rsa_pss_sha384 = SHA-384, MGF1-SHA-384, salt 48, trailer 1
  std::string key_text() const;                        // "RSA 4096", "EC secp384r1"
  Result<bool> signed_by(const EVP_PKEY& issuer_key) const;   // one signature, nothing else
  EVP_PKEY* key() const;                               // borrowed; nullptr when OpenSSL cannot read it
  X509* x509() const;                                  // borrowed

 private:
  struct Data;
  std::shared_ptr<const Data> data_;
};

struct RevokedEntry { std::string serial_hex; std::optional<Time> date; };
class Crl {
 public:
  static Result<Crl> from_der(Bytes der);
  const Buffer& der() const;
  Buffer issuer_der() const;
  std::string issuer_text() const, issuer_cn() const;
  std::optional<Time> this_update() const, next_update() const;
  std::vector<RevokedEntry> revoked() const;
  bool revokes(std::string_view serial_hex) const;
  std::optional<std::string> number() const;           // CRL number, decimal
  const std::vector<Extension>& extensions() const;    // of the list, not of its entries
  std::string signature_oid() const;
  SignatureScheme signature_scheme() const;
  Result<bool> signed_by(const EVP_PKEY& issuer_key) const;

 private:
  struct Data;
  std::shared_ptr<const Data> data_;
};

Result<PkeyPtr> public_key_from_spki(Bytes der);
// Every certificate of a blob: one DER certificate, or PEM blocks "CERTIFICATE" in order.
Result<std::vector<Certificate>> certificates_from(Bytes pem_or_der);

}  // namespace atls::crypto
