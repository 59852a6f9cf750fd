#include "crypto/certificate.hpp"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "asn1/der.hpp"
#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "crypto/x509_values.hpp"
#include "pem/pem.hpp"

namespace atls::crypto {
namespace {

constexpr std::size_t kMaxCertificateBytes = 1024 * 1024;  // product limit of a whole chain
constexpr int kMaxSerialBytes = 64;       // RFC 5280 4.1.2.2 allows 20; longer ones only cost time in every comparison and line
constexpr int kMaxCertificateExtensions = 128;       // real certificates have at most twenty; each is looked for by name

// The SubjectPublicKeyInfo octets as they stand: OpenSSL would re-encode them, and hashes are over what the peer sent.
// TBSCertificate: [0] version OPTIONAL, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo.
Result<Buffer> raw_spki(Bytes der) {
  const auto certificate = asn1::read_exactly(der);
  if (!certificate) return certificate.error();
  const auto tbs = asn1::read(certificate->content);
  if (!tbs) return tbs.error();
  std::size_t at = 0;
  for (int field = 0; field < 7; ++field) {
    const auto tlv = asn1::read(tbs->content, at);
    if (!tlv) return tlv.error();
    const std::size_t size = tlv->header + tlv->content.size();
    if (field == 0 && tlv->tag != 0xA0) ++field;  // version 1: no version field
    if (field == 6) return to_buffer(tbs->content.subspan(at, size));
    at += size;
  }
  return Error{Errc::bad_value, "certificate.subjectPublicKeyInfo", "not found", 0};
}

std::vector<std::string> extended_key_usage(const X509* x) {
  std::vector<std::string> oids;
  const Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> eku(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x, NID_ext_key_usage, nullptr, nullptr)));
  for (int i = 0; eku && i < sk_ASN1_OBJECT_num(eku.get()); ++i) oids.push_back(oid_of(sk_ASN1_OBJECT_value(eku.get(), i)));
  return oids;
}

KeyType key_type_of(const X509* x) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR* full = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, &full, X509_get_X509_PUBKEY(x)) != 1) return KeyType::unknown;
  switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
    case NID_rsassaPss:
      return KeyType::rsa;
    case NID_ED25519:
      return KeyType::ed25519;
    case NID_X9_62_id_ecPublicKey:
      break;
    default:
      return KeyType::unknown;
  }
  int parameter_type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(nullptr, &parameter_type, &parameter, full);
  if (parameter_type != V_ASN1_OBJECT) return KeyType::unknown;  // explicit curve parameters are not a named curve
  switch (OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameter))) {
    case NID_X9_62_prime256v1:
      return KeyType::ec_p256;
    case NID_secp384r1:
      return KeyType::ec_p384;
    default:
      return KeyType::unknown;
  }
}

std::string key_text_of(KeyType type, int bits, bool readable) {
  if (!readable) return "unreadable key";
  switch (type) {
    case KeyType::rsa:
      return "RSA " + std::to_string(bits);
    case KeyType::ec_p256:
      return "EC secp256r1";
    case KeyType::ec_p384:
      return "EC secp384r1";
    case KeyType::ed25519:
      return "Ed25519";
    case KeyType::unknown:
      break;
  }
  return "other key of " + std::to_string(bits) + " bits";
}

}  // namespace

// Decoded once: a batch asks the same certificate the same questions many times.
struct Certificate::Data {
  X509Ptr x509;
  EVP_PKEY* key = nullptr;
  Buffer der, spki, subject, issuer;
  std::string spki_sha256, subject_text, issuer_text, subject_cn, issuer_cn, serial, signature_oid, key_text;
  std::optional<Time> not_before, not_after;
  std::vector<Extension> extensions;
  std::vector<std::string> eku;
  bool is_ca = false, cert_sign = false, exponent_65537 = false;
  std::optional<long> path_length;
  KeyType key_type = KeyType::unknown;
  int key_bits = 0;
  SignatureScheme scheme = SignatureScheme::unknown;
};

Result<Certificate> Certificate::from_der(Bytes der) {
  if (der.size() > kMaxCertificateBytes) return Error{Errc::too_large, "certificate", "larger than 1 MiB", 0};
  const unsigned char* end = der.data();
  auto data = std::make_shared<Data>();
  data->x509.reset(d2i_X509(nullptr, &end, static_cast<long>(der.size())));
  if (!data->x509) return openssl_error("certificate", Errc::bad_value);
  const auto used = static_cast<std::size_t>(end - der.data());
  if (used != der.size()) return Error{Errc::bad_value, "certificate", "bytes after the certificate", used};
  auto spki = raw_spki(der);
  if (!spki) return spki.error();

  const X509* x = data->x509.get();
  if (ASN1_STRING_length(X509_get0_serialNumber(x)) > kMaxSerialBytes)
    return Error{Errc::too_large, "certificate.serialNumber", "longer than " + std::to_string(kMaxSerialBytes) + " bytes", 0};
  if (X509_get_ext_count(x) > kMaxCertificateExtensions) return Error{Errc::too_large, "certificate.extensions", "more than " + std::to_string(kMaxCertificateExtensions), 0};
  data->der = to_buffer(der);
  data->spki = *std::move(spki);
  data->spki_sha256 = hex(sha256(data->spki));
  data->subject = name_der(X509_get_subject_name(x));
  data->issuer = name_der(X509_get_issuer_name(x));
  data->subject_text = name_text(X509_get_subject_name(x));
  data->issuer_text = name_text(X509_get_issuer_name(x));
  data->subject_cn = name_cn(X509_get_subject_name(x));
  data->issuer_cn = name_cn(X509_get_issuer_name(x));
  data->serial = integer_hex(X509_get0_serialNumber(x));
  data->not_before = time_of(X509_get0_notBefore(x));
  data->not_after = time_of(X509_get0_notAfter(x));
  data->extensions = extensions_of(X509_get0_extensions(x));
  data->eku = extended_key_usage(x);

  const Handle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> basic(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(x, NID_basic_constraints, nullptr, nullptr)));
  data->is_ca = basic && basic->ca != 0;
  if (basic && basic->pathlen != nullptr) data->path_length = ASN1_INTEGER_get(basic->pathlen);
  const Handle<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(
      static_cast<ASN1_BIT_STRING*>(X509_get_ext_d2i(x, NID_key_usage, nullptr, nullptr)));
  data->cert_sign = usage && ASN1_BIT_STRING_get_bit(usage.get(), 5) == 1;  // keyCertSign, RFC 5280 4.2.1.3

  data->key = X509_get0_pubkey(x);
  data->key_type = key_type_of(x);
  if (data->key != nullptr) {
    data->key_bits = EVP_PKEY_get_bits(data->key);
    if (data->key_type == KeyType::rsa) {
      BIGNUM* exponent = nullptr;
      if (EVP_PKEY_get_bn_param(data->key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1)
        data->exponent_65537 = BN_is_word(exponent, 65537) == 1;
      BN_free(exponent);
    }
  }
  data->key_text = key_text_of(data->key_type, data->key_bits, data->key != nullptr);

  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, x);
  data->signature_oid = algorithm_oid(algorithm);
  data->scheme = scheme_of(algorithm);
  ERR_clear_error();  // extensions that do not decode leave entries; the accessors above say "absent"

  Certificate out;
  out.data_ = std::move(data);
  return out;
}

const Buffer& Certificate::der() const {
  return data_->der;
}
Buffer Certificate::spki() const {
  return data_->spki;
}
std::string Certificate::spki_sha256() const {
  return data_->spki_sha256;
}
Buffer Certificate::subject_der() const {
  return data_->subject;
}
Buffer Certificate::issuer_der() const {
  return data_->issuer;
}
std::string Certificate::subject_text() const {
  return data_->subject_text;
}
std::string Certificate::issuer_text() const {
  return data_->issuer_text;
}
std::string Certificate::subject_cn() const {
  return data_->subject_cn;
}
std::string Certificate::issuer_cn() const {
  return data_->issuer_cn;
}
std::string Certificate::serial_hex() const {
  return data_->serial;
}
long Certificate::version() const {
  return X509_get_version(data_->x509.get()) + 1;
}
std::optional<Time> Certificate::not_before() const {
  return data_->not_before;
}
std::optional<Time> Certificate::not_after() const {
  return data_->not_after;
}
const std::vector<Extension>& Certificate::extensions() const {
  return data_->extensions;
}
const Extension* Certificate::extension(std::string_view oid) const {
  const auto found =
      std::find_if(data_->extensions.begin(), data_->extensions.end(), [&](const Extension& e) { return e.oid == oid; });
  return found == data_->extensions.end() ? nullptr : &*found;
}
bool Certificate::is_ca() const {
  return data_->is_ca;
}
std::optional<long> Certificate::path_length() const {
  return data_->path_length;
}
bool Certificate::key_usage_cert_sign() const {
  return data_->cert_sign;
}
std::vector<std::string> Certificate::eku_oids() const {
  return data_->eku;
}
KeyType Certificate::key_type() const {
  return data_->key_type;
}
int Certificate::key_bits() const {
  return data_->key_bits;
}
bool Certificate::rsa_exponent_is_65537() const {
  return data_->exponent_65537;
}
std::string Certificate::signature_oid() const {
  return data_->signature_oid;
}
SignatureScheme Certificate::signature_scheme() const {
  return data_->scheme;
}
std::string Certificate::key_text() const {
  return data_->key_text;
}
EVP_PKEY* Certificate::key() const {
  return data_->key;
}
X509* Certificate::x509() const {
  return data_->x509.get();
}

Result<bool> Certificate::signed_by(const EVP_PKEY& issuer_key) const {
  // X509_verify also demands that the inner and the outer signature algorithm are the same. It does not change the key.
  const int rc = X509_verify(data_->x509.get(), const_cast<EVP_PKEY*>(&issuer_key));
  ERR_clear_error();
  return rc == 1;
}

struct Crl::Data {
  X509CrlPtr crl;
  Buffer der, issuer;
  std::vector<RevokedEntry> revoked;
  std::vector<Extension> extensions;
};

Result<Crl> Crl::from_der(Bytes der) {
  if (der.size() > kMaxCertificateBytes) return Error{Errc::too_large, "crl", "larger than 1 MiB", 0};
  const unsigned char* end = der.data();
  auto data = std::make_shared<Data>();
  data->crl.reset(d2i_X509_CRL(nullptr, &end, static_cast<long>(der.size())));
  if (!data->crl) return openssl_error("crl", Errc::bad_value);
  const auto used = static_cast<std::size_t>(end - der.data());
  if (used != der.size()) return Error{Errc::bad_value, "crl", "bytes after the CRL", used};
  data->der = to_buffer(der);
  data->issuer = name_der(X509_CRL_get_issuer(data->crl.get()));
  data->extensions = extensions_of(X509_CRL_get0_extensions(data->crl.get()));
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(data->crl.get());
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
    if (ASN1_STRING_length(X509_REVOKED_get0_serialNumber(entry)) > kMaxSerialBytes)
      return Error{Errc::too_large, "crl.revokedCertificates[" + std::to_string(i) + "]", "a serial number longer than " + std::to_string(kMaxSerialBytes) + " bytes", 0};
    data->revoked.push_back(
        {integer_hex(X509_REVOKED_get0_serialNumber(entry)), time_of(X509_REVOKED_get0_revocationDate(entry))});
  }
  ERR_clear_error();
  Crl out;
  out.data_ = std::move(data);
  return out;
}

const Buffer& Crl::der() const {
  return data_->der;
}
Buffer Crl::issuer_der() const {
  return data_->issuer;
}
std::string Crl::issuer_text() const {
  return name_text(X509_CRL_get_issuer(data_->crl.get()));
}
std::string Crl::issuer_cn() const {
  return name_cn(X509_CRL_get_issuer(data_->crl.get()));
}
std::optional<Time> Crl::this_update() const {
  return time_of(X509_CRL_get0_lastUpdate(data_->crl.get()));
}
std::optional<Time> Crl::next_update() const {
  return time_of(X509_CRL_get0_nextUpdate(data_->crl.get()));
}
std::vector<RevokedEntry> Crl::revoked() const {
  return data_->revoked;
}
const std::vector<Extension>& Crl::extensions() const {
  return data_->extensions;
}
bool Crl::revokes(std::string_view serial_hex) const {
  return std::any_of(data_->revoked.begin(), data_->revoked.end(),
                     [&](const RevokedEntry& e) { return e.serial_hex == serial_hex; });
}
std::optional<std::string> Crl::number() const {
  const Handle<ASN1_INTEGER, ASN1_INTEGER_free> value(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(data_->crl.get(), NID_crl_number, nullptr, nullptr)));
  ERR_clear_error();
  return value ? integer_decimal(value.get()) : std::nullopt;
}
std::string Crl::signature_oid() const {
  const X509_ALGOR* algorithm = nullptr;
  X509_CRL_get0_signature(data_->crl.get(), nullptr, &algorithm);
  return algorithm_oid(algorithm);
}
SignatureScheme Crl::signature_scheme() const {
  const X509_ALGOR* algorithm = nullptr;
  X509_CRL_get0_signature(data_->crl.get(), nullptr, &algorithm);
  return scheme_of(algorithm);
}
Result<bool> Crl::signed_by(const EVP_PKEY& issuer_key) const {
  const int rc = X509_CRL_verify(data_->crl.get(), const_cast<EVP_PKEY*>(&issuer_key));
  ERR_clear_error();
  return rc == 1;
}

Result<PkeyPtr> public_key_from_spki(Bytes der) {
  const unsigned char* end = der.data();
  PkeyPtr key(d2i_PUBKEY(nullptr, &end, static_cast<long>(der.size())));
  if (!key) return openssl_error("public key", Errc::bad_value);
  if (static_cast<std::size_t>(end - der.data()) != der.size())
    return Error{Errc::bad_value, "public key", "bytes after the key", 0};
  return key;
}

Result<std::vector<Certificate>> certificates_from(Bytes pem_or_der) {
  std::vector<Certificate> out;
  if (!pem::looks_like_pem(pem_or_der)) {
    auto one = Certificate::from_der(pem_or_der);
    if (!one) return one.error();
    out.push_back(*std::move(one));
    return out;
  }
  const auto blocks = pem::parse(pem_or_der);
  if (!blocks) return blocks.error();
  for (const pem::Block& block : *blocks) {
    if (block.label != "CERTIFICATE") continue;
    auto one = Certificate::from_der(block.data);
    if (!one) return one.error();
    out.push_back(*std::move(one));
  }
  if (out.empty()) return Error{Errc::not_found, "pem", "no CERTIFICATE block", 0};
  return out;
}

}  // namespace atls::crypto
